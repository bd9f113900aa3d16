#include "drivers/zigbee_readings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/utf8.h"
#include "protocols/zcl.h"

#define LOGARITHMIC_STEP 10000.0
#define PLACES 6 /* behind the point, of what a divisor leaves no finite decimal of */

/* What a reading is about. */
struct source {
	struct zigbee_node *node;
	struct zigbee_endpoint *endpoint; /* NULL: not described yet */
	uint8_t number;                   /* of the endpoint */
	uint16_t cluster;
	const struct zcl_frame *frame;
};

/* ---- names ---- */

static size_t endpoints_with(const struct zigbee_node *node, uint32_t measures)
{
	size_t count = 0;

	for (size_t i = 0; i < node->endpoint_count; i++)
		count += (node->endpoints[i].measures & measures) != 0;
	return count;
}

/* Several endpoints may send what is no measure: these are told apart where the node has several at all. */
static bool needs_endpoint(const struct source *source)
{
	uint32_t measures = zigbee_measures_of(source->cluster);

	return measures ? endpoints_with(source->node, measures) > 1 : source->node->endpoint_count > 1;
}

static void name_it(char *name, const struct source *source, const struct zigbee_measure *measure, uint16_t attribute)
{
	char suffix[8] = "";

	if (needs_endpoint(source))
		(void)snprintf(suffix, sizeof(suffix), "/%u", source->number);
	if (measure)
		(void)snprintf(name, ZIGBEE_NAME_SIZE, "%s%s", measure->name, suffix);
	else if (source->frame->has_manufacturer)
		(void)snprintf(name, ZIGBEE_NAME_SIZE, "0x%04x/0x%04x/0x%04x%s", source->frame->manufacturer,
			source->cluster, attribute, suffix);
	else
		(void)snprintf(name, ZIGBEE_NAME_SIZE, "0x%04x/0x%04x%s", source->cluster, attribute, suffix);
}

/* ---- values ---- */

/* Exact where the divisor is a power of ten, as nearly all are. */
static int scale_number(
	struct number *out, int64_t value, const struct zigbee_measure *measure, const struct zigbee_scale *scale)
{
	int64_t multiplier = (int64_t)measure->factor * scale->multiplier, product;
	uint32_t divisor = scale->divisor;
	int exponent = measure->exponent;

	for (; divisor > 1 && divisor % 10 == 0; divisor /= 10)
		exponent--;
	if (divisor == 1 && !__builtin_mul_overflow(value, multiplier, &product))
		return number_from_decimal(out, product, exponent);
	*out = number_round((double)value * (double)multiplier / divisor * pow(10, exponent), PLACES);
	return 0;
}

static const struct zigbee_scale *scale_of(const struct source *source, const struct zigbee_measure *measure)
{
	static const struct zigbee_scale one = { 1, 1 };

	return measure->scale == SCALE_NONE || !source->endpoint ? &one : &source->endpoint->scales[measure->scale];
}

static bool take_measure(struct reading *out, const struct source *source, const struct zigbee_measure *measure,
	const struct zcl_value *value)
{
	int64_t raw;

	if (!zcl_value_integer(value, &raw))
		return false;
	out->unit = (struct span){ measure->unit, strlen(measure->unit) };
	out->kind = READING_NUMBER;
	switch (measure->form) {
	case FORM_FIRST_BIT:
		out->kind = READING_BOOLEAN;
		out->boolean = raw & 1;
		return true;
	case FORM_LOGARITHMIC: /* 0: too dark to be measured */
		out->number = number_round(raw > 0 ? pow(10, (double)(raw - 1) / LOGARITHMIC_STEP) : 0, 1);
		return true;
	case FORM_DECIMAL:
		return scale_number(&out->number, raw, measure, scale_of(source, measure)) == 0;
	}
	return false;
}

/* Any value, as it is; what has no simple form as the bytes it is made of. */
static bool take_value(struct reading *out, const struct zcl_value *value)
{
	int64_t integer;
	double real;
	uint64_t bits;

	if (zcl_value_integer(value, &integer)) {
		out->kind = value->type == ZCL_BOOL ? READING_BOOLEAN : READING_NUMBER;
		out->boolean = integer;
		out->number = number_from_integer(integer);
		return true;
	}
	if (zcl_value_real(value, &real)) {
		out->kind = READING_NUMBER;
		out->number = number_from_double(real);
		return true;
	}
	if (zcl_value_text(value, &out->text)) {
		bool is_text = (value->type == ZCL_TEXT || value->type == ZCL_LONG_TEXT) && utf8_valid(out->text);
		out->kind = is_text ? READING_STRING : READING_DATA;
		return true;
	}
	if (zcl_value_bits(value, &bits) && value->type < ZCL_OCTETS)
		return false; /* "not known" */
	out->kind = READING_DATA;
	out->text = (struct span){ (const char *)value->data.data, value->data.size };
	return value->data.size > 0;
}

/* ---- what the node says of its own scales ---- */

static void note_scale(
	struct zigbee_node *node, struct zigbee_scale *scale, const struct zigbee_scale_attribute *is, int64_t value)
{
	uint32_t *part = is->divides ? &scale->divisor : &scale->multiplier;

	if (value <= 0 || value > UINT32_MAX || *part == (uint32_t)value)
		return;
	*part = (uint32_t)value;
	node->changed = true;
}

/* Whether the attribute is about the scale of others, and so no reading itself. */
static bool take_scale(const struct source *source, const struct zcl_record *record)
{
	struct zigbee_endpoint *endpoint = source->endpoint;
	int64_t value = 0;
	bool known = zcl_value_integer(&record->value, &value);

	if (source->frame->has_manufacturer)
		return false;
	if (source->cluster == CLUSTER_METERING && record->attribute == METER_UNIT_ATTRIBUTE) {
		if (endpoint && known && endpoint->meter_unit != (uint8_t)value) {
			endpoint->meter_unit = (uint8_t)value;
			source->node->changed = true;
		}
		return true;
	}
	for (size_t i = 0; i < zigbee_scale_attribute_count; i++) {
		const struct zigbee_scale_attribute *is = &zigbee_scale_attributes[i];
		if (is->cluster != source->cluster || is->attribute != record->attribute)
			continue;
		if (endpoint && known)
			note_scale(source->node, &endpoint->scales[is->scale], is, value);
		return true;
	}
	return false;
}

/* ---- frames ---- */

/* A meter may count water: then its numbers have no name here. */
static const struct zigbee_measure *measure_of(const struct source *source, uint16_t attribute)
{
	bool is_other_meter = source->cluster == CLUSTER_METERING && source->endpoint &&
			      source->endpoint->meter_unit != METER_UNIT_KWH;

	if (source->frame->has_manufacturer || is_other_meter)
		return NULL;
	return zigbee_measure_find(source->cluster, attribute);
}

static void take_record(struct zigbee_readings *out, const struct source *source, const struct zcl_record *record)
{
	struct reading *reading = &out->list[out->count];
	const struct zigbee_measure *measure = measure_of(source, record->attribute);
	char *name = out->names[out->count];

	*reading = (struct reading){ 0 };
	if (!(measure ? take_measure(reading, source, measure, &record->value) : take_value(reading, &record->value)))
		return;
	if (reading->text.size > READING_TEXT_MAX)
		return;
	name_it(name, source, measure, record->attribute);
	reading->name = (struct span){ name, strlen(name) };
	out->count++;
	if (measure && measure->is_battery && measure->unit[0] == '%')
		source->node->battery_percent = (int)number_value(&reading->number);
}

int zigbee_readings_take(struct zigbee_readings *out, struct zigbee_node *node, uint8_t endpoint, uint16_t cluster,
	const struct zcl_frame *frame)
{
	const struct source source = { node, zigbee_node_endpoint(node, endpoint), endpoint, cluster, frame };
	struct zcl_record record;
	struct reader in;
	int result;

	out->count = 0;
	reader_init(&in, frame->payload.data, frame->payload.size);
	while ((result = zcl_record_read(&record, &in, frame->command)) > 0)
		if (record.status == ZCL_SUCCESS && !take_scale(&source, &record) && out->count < ZIGBEE_READINGS_MAX)
			take_record(out, &source, &record);
	return result;
}
