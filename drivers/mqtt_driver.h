/*
 * mqtt_driver: what the files of the driver for nodes behind a local MQTT broker share.
 *
 * For mqtt.c, mqtt_commands.c, mqtt_firmware.c, mqtt_readings.c and mqtt_status.c only; the contract is driver.h, the
 * wire is docs/mqtt-nodes.md.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_DRIVER_H
#define WAKEGATE_DRIVERS_MQTT_DRIVER_H

#include <uv.h>

#include "drivers/coap_keys.h"
#include "drivers/driver.h"
#include "drivers/mqtt_firmware.h"
#include "drivers/mqtt_link.h"
#include "drivers/mqtt_repeats.h"
#include "drivers/mqtt_settings.h"
#include "drivers/mqtt_topics.h"

#define MQTT_SCRATCH_SIZE (2 * MQTT_MESSAGE_MAX) /* for the names and texts of one message */
#define MQTT_COUNTERS_MAX 32

struct mqtt_counters {
	uint64_t connected_now; /* 1: a session stands */
	uint64_t connections;   /* sessions begun */
	uint64_t messages;
	uint64_t topics_unknown;     /* of a former setting, or of no node */
	uint64_t retained_ignored;   /* old news */
	uint64_t messages_oversized; /* over MQTT_MESSAGE_MAX, passed over */
	uint64_t messages_malformed;
	uint64_t identities_refused; /* the message names another node than its topic */
	uint64_t nodes_refused;      /* not accepted, or the registry is full */
	uint64_t reports;            /* durable */
	uint64_t readings;
	uint64_t repeated;    /* reports that were durable before */
	uint64_t held_now;    /* reports that cannot be kept now, waiting */
	uint64_t unkept_lost; /* reports at quality 0 that could not be kept */
	uint64_t statuses;
	uint64_t wills;
	uint64_t offers_now; /* standing */
	uint64_t manifests;  /* published, or taken back */
	uint64_t blocks, block_bytes;
	uint64_t blocks_absent;    /* answered with nothing: not of the image that the node is to have */
	uint64_t requests_dropped; /* too many waited */
	uint64_t requests_put_off; /* not the node's time */
	uint64_t commands, replies;
	uint64_t slots_told;
};

/* Why a message is not taken, for a word in the log at most once a minute each. */
enum mqtt_refusal {
	MQTT_REFUSED_TOPIC,
	MQTT_REFUSED_MALFORMED,
	MQTT_REFUSED_IDENTITY,
	MQTT_REFUSED_NODE,
	MQTT_REFUSED_FULL, /* the registry of nodes has no place for one more */
	MQTT_REFUSED_SIZE,
	MQTT_REFUSALS,
};

struct mqtt_held;

struct driver {
	uv_loop_t *loop;
	const struct driver_host *host;
	const struct mqtt_settings *settings;
	enum mqtt_accept accept;
	struct coap_keys known; /* the nodes of nodes_file */
	struct mqtt_template telemetry, status, commands, replies, slots;
	struct mqtt_subscribe subscriptions;
	char filters[MQTT_FILTERS_MAX][MQTT_TOPIC_SIZE];
	struct mqtt_link *link;
	struct mqtt_held *held, **held_last; /* in the order in which they came to wait */
	uv_timer_t *retry;                   /* closed on its own; NULL: not open */
	int64_t quiet_until_ms[MQTT_REFUSALS];
	struct mqtt_counters counters;
	struct driver_counter counter_list[MQTT_COUNTERS_MAX];
	size_t counter_count;
	struct mqtt_repeats repeats;
	struct mqtt_firmware firmware;
	struct reading readings[READINGS_MAX];
	uint8_t scratch[MQTT_SCRATCH_SIZE];
};

/* A line for the log. */
void mqtt_tell(const struct driver *driver, enum driver_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts a message that is not taken and says so now and then. `node` may be "". */
void mqtt_refuse(struct driver *driver, enum mqtt_refusal refusal, const char *node);

/* Whether messages of this node are taken. */
bool mqtt_may_speak(const struct driver *driver, const char *node);

/* Tells the host that the node was heard of in a message of so many bytes, and the node its slot if it is to be told.
 * False: it is refused, and counted. */
bool mqtt_greet(struct driver *driver, struct node_contact *contact, size_t bytes);

/* A message on the topic of a node. Each acknowledges it, now or, of readings, once they are durable. */
void mqtt_on_telemetry(struct driver *driver, const char *node, const struct mqtt_arrival *arrival);
void mqtt_on_status(struct driver *driver, const char *node, const struct mqtt_arrival *arrival);
void mqtt_on_reply(struct driver *driver, const char *node, const struct mqtt_arrival *arrival);

/* As driver_ops. */
int mqtt_command(struct driver *driver, const struct driver_command *command);

/* Tells the node that it is to come in so many seconds; nothing if there is no way to now, as it learns it next time.
 */
void mqtt_tell_slot(struct driver *driver, const char *node, uint32_t next_s);

/* Forgets reports that wait to be tried again; their messages were not acknowledged. */
void mqtt_readings_finish(struct driver *driver);

#endif
