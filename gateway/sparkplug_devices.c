#include "gateway/sparkplug_devices.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/id_map.h"

struct sparkplug_devices {
	struct id_map map;
	struct sparkplug_device **list;
	size_t count, room;
	uint64_t next_alias;
};

int sparkplug_devices_open(struct sparkplug_devices **out)
{
	struct sparkplug_devices *devices = calloc(1, sizeof(*devices));

	if (!devices)
		return -ENOMEM;
	id_map_init(&devices->map);
	devices->next_alias = 1;
	*out = devices;
	return 0;
}

static void forget_metrics(struct sparkplug_device *device)
{
	for (size_t i = 0; i < device->count; i++) {
		free(device->metrics[i].name);
		free(device->metrics[i].unit);
	}
	device->count = 0;
}

static void device_free(struct sparkplug_device *device)
{
	forget_metrics(device);
	free(device->metrics);
	free(device);
}

void sparkplug_devices_close(struct sparkplug_devices *devices)
{
	if (!devices)
		return;
	for (size_t i = 0; i < devices->count; i++)
		device_free(devices->list[i]);
	id_map_finish(&devices->map);
	free(devices->list);
	free(devices);
}

static bool make_room(struct sparkplug_devices *devices)
{
	size_t room = devices->room ? devices->room * 2 : 64;

	if (devices->count < devices->room)
		return true;
	struct sparkplug_device **grown = realloc(devices->list, room * sizeof(*grown));
	if (!grown)
		return false;
	devices->list = grown;
	devices->room = room;
	return true;
}

static struct sparkplug_device *add_device(struct sparkplug_devices *devices, const char *id)
{
	struct sparkplug_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	strcpy(device->id, id);
	if (!make_room(devices) || id_map_add(&devices->map, device->id, device) < 0) {
		free(device);
		return NULL;
	}
	devices->list[devices->count++] = device;
	return device;
}

struct sparkplug_device *sparkplug_devices_get(struct sparkplug_devices *devices, struct span id)
{
	char key[NODE_ID_MAX + 1];

	assert(id.size <= NODE_ID_MAX);
	memcpy(key, id.data, id.size);
	key[id.size] = '\0';
	struct sparkplug_device *device = id_map_find(&devices->map, key);
	return device ? device : add_device(devices, key);
}

size_t sparkplug_devices_count(const struct sparkplug_devices *devices)
{
	return devices->count;
}

struct sparkplug_device *sparkplug_devices_at(const struct sparkplug_devices *devices, size_t index)
{
	return devices->list[index];
}

void sparkplug_devices_remove(struct sparkplug_devices *devices, size_t index)
{
	struct sparkplug_device *device = devices->list[index];

	id_map_remove(&devices->map, device->id);
	devices->list[index] = devices->list[--devices->count];
	device_free(device);
}

void sparkplug_devices_bury(struct sparkplug_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		devices->list[i]->born = false;
}

enum sparkplug_type sparkplug_type_of(const struct reading *reading)
{
	static const enum sparkplug_type types[] = { [READING_NOTHING] = SPARKPLUG_DOUBLE,
		[READING_NUMBER] = SPARKPLUG_DOUBLE,
		[READING_STRING] = SPARKPLUG_STRING,
		[READING_BOOLEAN] = SPARKPLUG_BOOLEAN,
		[READING_DATA] = SPARKPLUG_BYTES };

	return types[reading->kind];
}

static bool says(const char *text, struct span span)
{
	return strlen(text) == span.size && (span.size == 0 || memcmp(text, span.data, span.size) == 0);
}

static struct sparkplug_known *find_metric(const struct sparkplug_device *device, struct span name)
{
	for (size_t i = 0; i < device->count; i++)
		if (says(device->metrics[i].name, name))
			return &device->metrics[i];
	return NULL;
}

bool sparkplug_device_disagrees(const struct sparkplug_device *device, const struct reading *reading)
{
	const struct sparkplug_known *known = find_metric(device, reading->name);

	return known && (known->type != sparkplug_type_of(reading) || !says(known->unit, reading->unit));
}

bool sparkplug_device_overflows(const struct sparkplug_device *device, const struct reading *reading)
{
	return device->count == SPARKPLUG_METRICS_MAX && !find_metric(device, reading->name);
}

/* NULL has no memory; an empty span is an empty text. */
static char *text_of(struct span span)
{
	char *text = calloc(1, span.size + 1);

	if (text && span.size > 0)
		memcpy(text, span.data, span.size);
	return text;
}

static struct sparkplug_known *next_place(struct sparkplug_device *device)
{
	size_t room = device->room ? device->room * 2 : 4;

	if (device->count == SPARKPLUG_METRICS_MAX)
		forget_metrics(device);
	if (device->count < device->room)
		return &device->metrics[device->count];
	struct sparkplug_known *grown = realloc(device->metrics, room * sizeof(*grown));
	if (!grown)
		return NULL;
	device->metrics = grown;
	device->room = room;
	return &device->metrics[device->count];
}

static struct sparkplug_known *add_metric(
	struct sparkplug_devices *devices, struct sparkplug_device *device, const struct reading *reading)
{
	struct sparkplug_known *known = next_place(device);
	char *name = text_of(reading->name), *unit = text_of(reading->unit);

	if (!known || !name || !unit) {
		free(name);
		free(unit);
		return NULL;
	}
	*known = (struct sparkplug_known){
		.name = name, .unit = unit, .alias = devices->next_alias++, .type = sparkplug_type_of(reading)
	};
	device->count++;
	device->born = false;
	return known;
}

struct sparkplug_known *sparkplug_device_learn(
	struct sparkplug_devices *devices, struct sparkplug_device *device, const struct reading *reading)
{
	struct sparkplug_known *known = find_metric(device, reading->name);

	if (!known)
		return add_metric(devices, device, reading);
	if (known->type != sparkplug_type_of(reading)) {
		known->type = sparkplug_type_of(reading);
		known->has_value = false;
		device->born = false;
	}
	if (!says(known->unit, reading->unit)) {
		char *unit = text_of(reading->unit);

		if (!unit)
			return NULL;
		free(known->unit);
		known->unit = unit;
		device->born = false;
	}
	return known;
}
