#include "protocols/sparkplug.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "protocols/protobuf.h"

/* The numbers of the fields that the schema gives (section 6.4.1). */
enum payload_field { PAYLOAD_TIMESTAMP = 1, PAYLOAD_METRIC = 2, PAYLOAD_SEQ = 3, PAYLOAD_BODY = 5 };

enum metric_field {
	METRIC_NAME = 1,
	METRIC_ALIAS = 2,
	METRIC_TIMESTAMP = 3,
	METRIC_DATATYPE = 4,
	METRIC_HISTORICAL = 5,
	METRIC_NULL = 7,
	METRIC_PROPERTIES = 9,
	METRIC_INT = 10,
	METRIC_LONG = 11,
	METRIC_FLOAT = 12,
	METRIC_DOUBLE = 13,
	METRIC_BOOLEAN = 14,
	METRIC_STRING = 15,
	METRIC_BYTES = 16,
};

enum property_field {
	PROPERTIES_KEY = 1,
	PROPERTIES_VALUE = 2,
	PROPERTY_TYPE = 1,
	PROPERTY_DOUBLE = 6,
	PROPERTY_STRING = 8
};

/* ---- writing ---- */

void sparkplug_begin(struct writer *writer, uint64_t timestamp_ms)
{
	protobuf_write_varint(writer, PAYLOAD_TIMESTAMP, timestamp_ms);
}

static void write_key(struct writer *writer, const char *key)
{
	protobuf_write_bytes(writer, PROPERTIES_KEY, (struct span){ key, strlen(key) });
}

static void write_unit(struct writer *writer, struct span unit)
{
	struct protobuf_nest value = protobuf_open(writer, PROPERTIES_VALUE);

	protobuf_write_varint(writer, PROPERTY_TYPE, SPARKPLUG_STRING);
	protobuf_write_bytes(writer, PROPERTY_STRING, unit);
	protobuf_close(writer, value);
}

static void write_sum(struct writer *writer, double sum)
{
	struct protobuf_nest value = protobuf_open(writer, PROPERTIES_VALUE);

	protobuf_write_varint(writer, PROPERTY_TYPE, SPARKPLUG_DOUBLE);
	protobuf_write_double(writer, PROPERTY_DOUBLE, sum);
	protobuf_close(writer, value);
}

/* All keys, then their values in the same order. */
static void write_properties(struct writer *writer, const struct sparkplug_metric *metric)
{
	struct protobuf_nest properties = protobuf_open(writer, METRIC_PROPERTIES);

	if (metric->unit.size > 0)
		write_key(writer, SPARKPLUG_UNIT);
	if (metric->has_sum)
		write_key(writer, SPARKPLUG_SUM);
	if (metric->unit.size > 0)
		write_unit(writer, metric->unit);
	if (metric->has_sum)
		write_sum(writer, metric->sum);
	protobuf_close(writer, properties);
}

static void write_value(struct writer *writer, const struct sparkplug_metric *metric)
{
	switch (metric->kind) {
	case SPARKPLUG_NO_VALUE:
		return;
	case SPARKPLUG_AN_INTEGER:
		protobuf_write_varint(writer, METRIC_LONG, metric->integer);
		return;
	case SPARKPLUG_A_REAL:
		protobuf_write_double(writer, METRIC_DOUBLE, metric->real);
		return;
	case SPARKPLUG_A_TRUTH:
		protobuf_write_varint(writer, METRIC_BOOLEAN, metric->truth);
		return;
	case SPARKPLUG_A_TEXT:
		protobuf_write_bytes(writer, METRIC_STRING, metric->text);
		return;
	case SPARKPLUG_SOME_BYTES:
		protobuf_write_bytes(writer, METRIC_BYTES, metric->text);
		return;
	}
}

void sparkplug_write_metric(struct writer *writer, const struct sparkplug_metric *metric)
{
	struct protobuf_nest nest = protobuf_open(writer, PAYLOAD_METRIC);

	if (metric->name.size > 0)
		protobuf_write_bytes(writer, METRIC_NAME, metric->name);
	if (metric->alias > 0)
		protobuf_write_varint(writer, METRIC_ALIAS, metric->alias);
	if (metric->timestamp_ms > 0)
		protobuf_write_varint(writer, METRIC_TIMESTAMP, metric->timestamp_ms);
	if (metric->datatype > 0)
		protobuf_write_varint(writer, METRIC_DATATYPE, metric->datatype);
	if (metric->is_historical)
		protobuf_write_varint(writer, METRIC_HISTORICAL, true);
	if (metric->is_null)
		protobuf_write_varint(writer, METRIC_NULL, true);
	if (metric->unit.size > 0 || metric->has_sum)
		write_properties(writer, metric);
	write_value(writer, metric);
	protobuf_close(writer, nest);
}

void sparkplug_write_seq(struct writer *writer, uint8_t seq)
{
	protobuf_write_varint(writer, PAYLOAD_SEQ, seq);
}

void sparkplug_write_body(struct writer *writer, struct span body)
{
	protobuf_write_bytes(writer, PAYLOAD_BODY, body);
}

/* ---- reading ---- */

/* The value at the place of its key; false if there is none. */
static bool find_property(struct span properties, const char *key, struct span *value)
{
	size_t keys = 0, values = 0, place = SIZE_MAX;
	struct protobuf_field field;
	bool found = false;
	struct reader in;

	reader_init(&in, properties.data, properties.size);
	while (protobuf_read(&in, &field)) {
		if (field.wire != PROTOBUF_BYTES)
			continue;
		if (field.number == PROPERTIES_KEY && field.bytes.size == strlen(key) &&
			memcmp(field.bytes.data, key, field.bytes.size) == 0)
			place = keys;
		keys += field.number == PROPERTIES_KEY;
		if (field.number == PROPERTIES_VALUE && values++ == place) {
			*value = field.bytes;
			found = true;
		}
	}
	return found && !in.failed;
}

static void take_properties(struct sparkplug_metric *metric, struct span properties)
{
	struct protobuf_field field;
	struct reader in;
	struct span value;

	if (find_property(properties, SPARKPLUG_UNIT, &value)) {
		reader_init(&in, value.data, value.size);
		while (protobuf_read(&in, &field))
			if (field.number == PROPERTY_STRING && field.wire == PROTOBUF_BYTES)
				metric->unit = field.bytes;
	}
	if (find_property(properties, SPARKPLUG_SUM, &value)) {
		reader_init(&in, value.data, value.size);
		while (protobuf_read(&in, &field)) {
			if (field.number != PROPERTY_DOUBLE || field.wire != PROTOBUF_FIXED64)
				continue;
			metric->has_sum = true;
			metric->sum = protobuf_double(&field);
		}
	}
}

static void take_value(struct sparkplug_metric *metric, const struct protobuf_field *field)
{
	bool is_bytes = field->wire == PROTOBUF_BYTES;
	bool is_varint = field->wire == PROTOBUF_VARINT;

	if ((field->number == METRIC_INT || field->number == METRIC_LONG) && is_varint) {
		metric->kind = SPARKPLUG_AN_INTEGER;
		metric->integer = field->value;
	} else if ((field->number == METRIC_FLOAT && field->wire == PROTOBUF_FIXED32) ||
		   (field->number == METRIC_DOUBLE && field->wire == PROTOBUF_FIXED64)) {
		metric->kind = SPARKPLUG_A_REAL;
		metric->real = protobuf_double(field);
	} else if (field->number == METRIC_BOOLEAN && is_varint) {
		metric->kind = SPARKPLUG_A_TRUTH;
		metric->truth = field->value != 0;
	} else if ((field->number == METRIC_STRING || field->number == METRIC_BYTES) && is_bytes) {
		metric->kind = field->number == METRIC_STRING ? SPARKPLUG_A_TEXT : SPARKPLUG_SOME_BYTES;
		metric->text = field->bytes;
	}
}

static void take_number(struct sparkplug_metric *metric, const struct protobuf_field *field)
{
	switch (field->number) {
	case METRIC_ALIAS:
		metric->alias = field->value;
		return;
	case METRIC_TIMESTAMP:
		metric->timestamp_ms = field->value;
		return;
	case METRIC_DATATYPE:
		metric->datatype = (uint32_t)field->value;
		return;
	case METRIC_HISTORICAL:
		metric->is_historical = field->value != 0;
		return;
	case METRIC_NULL:
		metric->is_null = field->value != 0;
		return;
	default:
		return;
	}
}

static int read_metric(struct sparkplug_metric *out, struct span bytes)
{
	struct sparkplug_metric metric = { 0 };
	struct protobuf_field field;
	struct reader in;

	reader_init(&in, bytes.data, bytes.size);
	while (protobuf_read(&in, &field)) {
		if (field.number == METRIC_NAME && field.wire == PROTOBUF_BYTES)
			metric.name = field.bytes;
		else if (field.number == METRIC_PROPERTIES && field.wire == PROTOBUF_BYTES)
			take_properties(&metric, field.bytes);
		else if (field.number >= METRIC_INT)
			take_value(&metric, &field);
		else if (field.wire == PROTOBUF_VARINT)
			take_number(&metric, &field);
	}
	if (in.failed)
		return -EBADMSG;
	*out = metric;
	return 0;
}

int sparkplug_parse(struct sparkplug_payload *out, const void *data, size_t size)
{
	struct sparkplug_payload payload = { 0 };
	struct sparkplug_metric metric;
	struct protobuf_field field;
	struct reader in;

	reader_init(&in, data, size);
	while (protobuf_read(&in, &field)) {
		bool is_bytes = field.wire == PROTOBUF_BYTES;

		if (field.number == PAYLOAD_METRIC && (!is_bytes || read_metric(&metric, field.bytes) < 0))
			return -EBADMSG;
		payload.metrics += field.number == PAYLOAD_METRIC;
		if (field.number == PAYLOAD_TIMESTAMP && field.wire == PROTOBUF_VARINT)
			payload.timestamp_ms = field.value;
		if (field.number == PAYLOAD_BODY && is_bytes)
			payload.body = field.bytes;
		if (field.number == PAYLOAD_SEQ && field.wire == PROTOBUF_VARINT) {
			payload.has_seq = true;
			payload.seq = field.value;
		}
	}
	if (in.failed)
		return -EBADMSG;
	*out = payload;
	return 0;
}

int sparkplug_next(struct reader *rest, struct sparkplug_metric *out)
{
	struct protobuf_field field;

	while (protobuf_read(rest, &field))
		if (field.number == PAYLOAD_METRIC)
			return read_metric(out, field.bytes) == 0;
	return 0;
}

int sparkplug_state_parse(struct sparkplug_state *out, const void *data, size_t size)
{
	json_int_t timestamp_ms;
	int online;

	if (size == 0 || size > SPARKPLUG_STATE_MAX)
		return -EBADMSG;
	json_t *state = json_loadb(data, size, 0, NULL);
	bool good = state && json_unpack(state, "{s:b, s:I}", "online", &online, "timestamp", &timestamp_ms) == 0;
	if (good)
		*out = (struct sparkplug_state){ online != 0, timestamp_ms };
	json_decref(state);
	return good ? 0 : -EBADMSG;
}
