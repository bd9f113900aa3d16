/*
 * sparkplug_devices: the nodes as Sparkplug devices: which metrics each has, under which alias, and its last values.
 *
 * Learnt from the readings. Nothing of it is kept over a restart: births tell it anew.
 */
#ifndef WAKEGATE_GATEWAY_SPARKPLUG_DEVICES_H
#define WAKEGATE_GATEWAY_SPARKPLUG_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "protocols/reading.h"
#include "protocols/sparkplug.h"

#define SPARKPLUG_METRICS_MAX 256 /* of a device; one more and those known are forgotten */

struct sparkplug_known {
	char *name;
	char *unit; /* "" : none */
	uint64_t alias;
	enum sparkplug_type type;
	bool has_value; /* a number or a boolean; texts are not kept */
	double value;
	int64_t time_ms; /* of the value */
};

struct sparkplug_device {
	char id[NODE_ID_MAX + 1];
	bool born; /* the hosts know of it, as it is now */
	struct sparkplug_known *metrics;
	size_t count, room;
};

struct sparkplug_devices;

/* -ENOMEM. */
int sparkplug_devices_open(struct sparkplug_devices **out);
/* NULL is fine. */
void sparkplug_devices_close(struct sparkplug_devices *devices);

/* The device of that id, a new one if there is none; NULL: no memory. */
struct sparkplug_device *sparkplug_devices_get(struct sparkplug_devices *devices, struct span id);

/* All of them; a removal moves the last one down. */
size_t sparkplug_devices_count(const struct sparkplug_devices *devices);
struct sparkplug_device *sparkplug_devices_at(const struct sparkplug_devices *devices, size_t index);
void sparkplug_devices_remove(struct sparkplug_devices *devices, size_t index);

/* None is born any more. */
void sparkplug_devices_bury(struct sparkplug_devices *devices);

/* How a reading is said: numbers as doubles. */
enum sparkplug_type sparkplug_type_of(const struct reading *reading);

/* Whether the device has a metric of that name with another type or unit. */
bool sparkplug_device_disagrees(const struct sparkplug_device *device, const struct reading *reading);

/* Whether to learn the reading's metric is to forget all that the device had. */
bool sparkplug_device_overflows(const struct sparkplug_device *device, const struct reading *reading);

/*
 * The metric of a reading, a new one if need be; borrowed until the next call. A new metric, or one with another type
 * or unit than before, means that the device has to be born again. NULL: no memory.
 */
struct sparkplug_known *sparkplug_device_learn(
	struct sparkplug_devices *devices, struct sparkplug_device *device, const struct reading *reading);

#endif
