/*
 * sample_readings: random readings of every kind, and whether two say the same, for property tests.
 */
#ifndef WAKEGATE_TESTS_SAMPLE_READINGS_H
#define WAKEGATE_TESTS_SAMPLE_READINGS_H

#include <stdio.h>
#include <string.h>

#include "gateway/random.h"
#include "protocols/number.h"
#include "protocols/reading.h"

/* Owns the texts of its reading. */
struct sample {
	struct reading reading;
	char name[READING_NAME_MAX];
	char unit[READING_UNIT_MAX];
	char text[READING_TEXT_MAX];
};

static inline struct number sample_number(struct random *random)
{
	static const double doubles[] = { 0.5, -0.0, 22.25, 1e300, 5e-324, 0.1, 65504.0, 65520.0, 0x1p-24, 0x1p-25,
		0x1.ffcp-15, 3.4028234663852886e38, 1.0 / 3.0 };
	struct number number = { 0 };

	if (random_below(random, 4) == 0)
		return number_from_double(doubles[random_below(random, sizeof(doubles) / sizeof(doubles[0]))]);
	number.mantissa = (int64_t)(random_next(random) >> random_below(random, 64));
	number.exponent = (int8_t)(random_below(random, 3) ? -(int)random_below(random, 6)
							   : (int)random_below(random, 256) - 128);
	return number;
}

static inline struct span sample_text(struct random *random, char *text, size_t size)
{
	static const char *const pieces[] = { "a", "room", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x8c\xa1", "/", " " };
	size_t used = 0;

	for (size_t i = random_below(random, 20); i > 0; i--) {
		const char *piece = pieces[random_below(random, sizeof(pieces) / sizeof(pieces[0]))];

		if (used + strlen(piece) > size)
			break;
		memcpy(text + used, piece, strlen(piece));
		used += strlen(piece);
	}
	return (struct span){ text, used };
}

static inline void sample_value(struct random *random, struct sample *sample)
{
	struct reading *reading = &sample->reading;

	reading->kind = (enum reading_kind)random_below(random, 5);
	reading->has_sum = reading->kind == READING_NOTHING || random_below(random, 4) == 0;
	if (reading->has_sum)
		reading->sum = sample_number(random);
	if (reading->kind == READING_NUMBER)
		reading->number = sample_number(random);
	if (reading->kind == READING_BOOLEAN)
		reading->boolean = random_below(random, 2);
	if (reading->kind == READING_STRING || reading->kind == READING_DATA)
		reading->text = sample_text(random, sample->text, sizeof(sample->text));
}

static inline void sample_fill(struct random *random, struct sample *sample)
{
	static const char *const units[] = { "Cel", "%RH", "V", "dBm" };
	struct reading *reading = &sample->reading;

	memset(sample, 0, sizeof(*sample));
	reading->name.data = sample->name;
	reading->name.size =
		(size_t)snprintf(sample->name, sizeof(sample->name), "s%u/value", (unsigned)random_below(random, 9));
	if (random_below(random, 2)) {
		reading->unit.data = sample->unit;
		reading->unit.size =
			(size_t)snprintf(sample->unit, sizeof(sample->unit), "%s", units[random_below(random, 4)]);
	}
	sample_value(random, sample);
	reading->has_time = random_below(random, 2);
	if (reading->has_time) {
		reading->time_us = INT64_C(1700000000000000) + (int64_t)random_below(random, 1000000000000);
		reading->is_dated = random_below(random, 2);
	}
	if (random_below(random, 3) == 0)
		reading->update_time_ms = (uint32_t)random_next(random);
}

/* JSON has no doubles of its own: a double comes back as the decimal of the same value. */
static inline bool sample_same_number(const struct number *a, const struct number *b, bool by_value)
{
	double left = number_value(a);
	double right = number_value(b);

	return number_same(a, b) || (by_value && a->is_double && memcmp(&left, &right, sizeof(left)) == 0);
}

static inline bool sample_same_text(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || (a.data && b.data && memcmp(a.data, b.data, a.size) == 0));
}

/* Whether `b` says what `a` said. */
static inline bool sample_same(const struct reading *a, const struct reading *b, bool by_value)
{
	return sample_same_text(a->name, b->name) && sample_same_text(a->unit, b->unit) && a->kind == b->kind &&
	       a->has_time == b->has_time && a->time_us == b->time_us && a->update_time_ms == b->update_time_ms &&
	       a->has_sum == b->has_sum && (!a->has_sum || sample_same_number(&a->sum, &b->sum, by_value)) &&
	       (a->kind != READING_NUMBER || sample_same_number(&a->number, &b->number, by_value)) &&
	       a->boolean == b->boolean && sample_same_text(a->text, b->text);
}

#endif
