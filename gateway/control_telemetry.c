#include "gateway/control_telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/control_request.h"
#include "gateway/telemetry.h"
#include "protocols/hex.h"
#include "protocols/reading.h"

#define DATA_SHOWN 64 /* bytes of a data value */

/* One asker that watches. */
struct tail {
	struct telemetry *telemetry;
	struct telemetry_observer observer;
	struct control_request *request;
	char node[NODE_ID_MAX + 1];
	char name[READING_NAME_MAX + 1];
	int64_t second; /* that `shown` counts */
	unsigned shown;
	uint64_t skipped; /* since the last one shown */
};

static bool contains(struct span text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static bool passes(const struct tail *tail, struct span node, const struct reading *reading)
{
	if (*tail->node && (node.size != strlen(tail->node) || memcmp(node.data, tail->node, node.size) != 0))
		return false;
	return contains(reading->name, tail->name);
}

/* However fast readings come, showing them must not slow their way to the disk. */
static bool has_room(struct tail *tail, int64_t received_ms)
{
	if (received_ms / 1000 != tail->second) {
		tail->second = received_ms / 1000;
		tail->shown = 0;
	}
	return tail->shown < CONTROL_TAIL_RATE;
}

static json_t *describe_value(const struct reading *reading)
{
	char hex[2 * DATA_SHOWN + 1];
	size_t size = reading->text.size < DATA_SHOWN ? reading->text.size : DATA_SHOWN;

	switch (reading->kind) {
	case READING_NUMBER:
		if (!reading->number.is_double && reading->number.exponent == 0)
			return json_integer(reading->number.mantissa);
		return json_real(number_value(&reading->number));
	case READING_BOOLEAN:
		return json_boolean(reading->boolean);
	case READING_STRING:
		return json_stringn(reading->text.data, reading->text.size);
	case READING_DATA:
		hex_print(hex, reading->text.data, size);
		return json_string(hex);
	case READING_NOTHING:
		break;
	}
	return json_null();
}

static json_t *describe(const struct tail *tail, struct span node, int64_t received_ms, const struct reading *reading)
{
	json_t *event = json_object();

	(void)json_object_set_new(event, "node", json_stringn(node.data, node.size));
	(void)json_object_set_new(event, "name", json_stringn(reading->name.data, reading->name.size));
	(void)json_object_set_new(event, "value", describe_value(reading));
	if (reading->unit.size)
		(void)json_object_set_new(event, "unit", json_stringn(reading->unit.data, reading->unit.size));
	if (reading->has_sum)
		(void)json_object_set_new(event, "sum", json_real(number_value(&reading->sum)));
	if (reading->has_time)
		(void)json_object_set_new(event, "time_ms", json_integer(reading->time_us / 1000));
	(void)json_object_set_new(event, "received_ms", json_integer(received_ms));
	if (tail->skipped)
		(void)json_object_set_new(event, "skipped", json_integer((json_int_t)tail->skipped));
	return event;
}

static void on_reading(void *context, struct span node, int64_t received_ms, const struct reading *reading)
{
	struct tail *tail = context;

	if (!passes(tail, node, reading))
		return;
	if (!has_room(tail, received_ms) ||
		control_event(tail->request, describe(tail, node, received_ms, reading)) < 0) {
		tail->skipped++;
		return;
	}
	tail->shown++;
	tail->skipped = 0;
}

static void on_asker_gone(void *context)
{
	struct tail *tail = context;

	telemetry_unobserve(tail->telemetry, &tail->observer);
	free(tail);
}

static const struct control_argument tail_arguments[] = {
	{ "node", CONTROL_TEXT, false, "only of this node" },
	{ "name", CONTROL_TEXT, false, "only readings whose name contains this text" },
	{ 0 },
};

static void copy_text(char *out, size_t size, const char *text)
{
	if (text)
		strncat(out, text, size - 1);
}

static void handle_tail(void *context, struct control_request *request)
{
	const struct control_telemetry *parts = context;
	struct tail *tail = calloc(1, sizeof(*tail));
	int result = -ENOMEM;

	if (tail) {
		tail->telemetry = parts->telemetry;
		tail->observer = (struct telemetry_observer){ on_reading, tail };
		tail->request = request;
		copy_text(tail->node, sizeof(tail->node), control_text(request, "node"));
		copy_text(tail->name, sizeof(tail->name), control_text(request, "name"));
		result = telemetry_observe(parts->telemetry, &tail->observer);
	}
	if (result == 0) {
		control_on_cancel(request, on_asker_gone, tail);
		return;
	}
	free(tail);
	control_fail(request, result, "too many are watching already");
}

static const struct control_command commands[] = {
	{ "telemetry.tail", "readings as they come, at most 200 a second", tail_arguments,
		CONTROL_STREAM | CONTROL_READS, handle_tail },
};

int control_telemetry_register(struct control *control, struct control_telemetry *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
