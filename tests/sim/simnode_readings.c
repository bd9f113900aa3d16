#include "tests/sim/simnode_readings.h"

#include <inttypes.h>
#include <string.h>

enum quantity { TEMPERATURE, BATTERY, COUNT, DOOR, NOTE, QUANTITIES };

static const struct {
	const char *name;
	const char *unit;
	enum reading_kind kind;
	int8_t exponent;
} quantities[QUANTITIES] = {
	[TEMPERATURE] = { "temperature", "Cel", READING_NUMBER, -2 },
	[BATTERY] = { "battery", "%EL", READING_NUMBER, 0 },
	[COUNT] = { "count", "", READING_NUMBER, 0 },
	[DOOR] = { "door", "", READING_BOOLEAN, 0 },
	[NOTE] = { "note", "", READING_STRING, 0 },
};

/* Follows from the reading's number alone. */
static int64_t quantity_value(enum quantity quantity, uint64_t number)
{
	switch (quantity) {
	case TEMPERATURE:
		return (int64_t)(1501 + number * 7 % 998);
	case BATTERY:
		return (int64_t)(100 - number / QUANTITIES % 60);
	case DOOR:
		return number / QUANTITIES % 2;
	default:
		return (int64_t)number;
	}
}

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

void sim_reading_express(const struct sim_reading *reading, char text[SIM_TEXT_SIZE], struct reading *out)
{
	enum quantity quantity = (enum quantity)(reading->number % QUANTITIES);
	int64_t value = quantity_value(quantity, reading->number);

	snprintf(text, SIM_TEXT_SIZE, "note %" PRId64, value);
	*out = (struct reading){
		.name = span_of(quantities[quantity].name),
		.unit = span_of(quantities[quantity].unit),
		.kind = quantities[quantity].kind,
		.has_time = true,
		.time_us = reading->time_ms * 1000,
		.boolean = value != 0,
		.number = { .mantissa = value, .exponent = quantities[quantity].exponent },
	};
	if (out->kind == READING_STRING)
		out->text = span_of(text);
}

void sim_reading_describe(const struct sim_reading *reading, char *text, size_t size)
{
	struct reading value;
	char note[SIM_TEXT_SIZE];

	sim_reading_express(reading, note, &value);
	if (value.kind == READING_STRING)
		snprintf(text, size, "note %s", note);
	else if (value.kind == READING_BOOLEAN)
		snprintf(text, size, "%s %s", value.name.data, value.boolean ? "true" : "false");
	else if (value.number.exponent == 0)
		snprintf(text, size, "%s %" PRId64, value.name.data, value.number.mantissa);
	else
		snprintf(text, size, "%s %" PRId64 ".%02d", value.name.data, value.number.mantissa / 100,
			(int)(value.number.mantissa % 100));
}

static void readings_save(const struct simnode_readings *readings, const struct simnode_flash *flash)
{
	FILE *file = flash_write(flash, FLASH_READINGS);

	fwrite(readings, sizeof(*readings), 1, file);
	fclose(file);
}

void readings_load(struct simnode_readings *readings, const struct simnode_flash *flash)
{
	FILE *file = flash_read(flash, FLASH_READINGS);

	if (!file)
		return;
	if (fread(readings, sizeof(*readings), 1, file) != 1)
		memset(readings, 0, sizeof(*readings));
	fclose(file);
}

const struct sim_reading *readings_make(
	struct simnode_readings *readings, const struct simnode_flash *flash, int64_t wall_ms)
{
	if (readings->count == SIMNODE_PENDING_MAX)
		return NULL;
	struct sim_reading *reading = &readings->pending[readings->count++];
	reading->number = readings->made++;
	reading->time_ms = wall_ms > readings->last_time_ms ? wall_ms : readings->last_time_ms + 1;
	readings->last_time_ms = reading->time_ms;
	readings_save(readings, flash);
	return reading;
}

size_t readings_batch(struct simnode_readings *readings, const struct simnode_flash *flash)
{
	if (readings->batch || !readings->count)
		return readings->batch;
	readings->batch = readings->count < SIMNODE_BATCH_MAX ? readings->count : SIMNODE_BATCH_MAX;
	readings_save(readings, flash);
	return readings->batch;
}

void readings_acknowledge(struct simnode_readings *readings, const struct simnode_flash *flash)
{
	readings->count -= readings->batch;
	readings->acknowledged += readings->batch;
	memmove(readings->pending, readings->pending + readings->batch, readings->count * sizeof(readings->pending[0]));
	readings->batch = 0;
	readings->batches++;
	readings_save(readings, flash);
}
