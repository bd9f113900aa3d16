/*
 * aggregate: what one window knows of the values that it took.
 *
 * Min, max and last are values exactly as they came; the sum of decimals is exact while it fits 63 bits. The mean of
 * decimals has two places more than they had at most. A percentile (nearest rank) is that of all values up to
 * AGGREGATE_VALUES_MAX, and beyond of every second, fourth, … value in the order of their coming: a bounded sample that
 * is the same whenever the same values are taken again.
 */
#ifndef WAKEGATE_GATEWAY_AGGREGATE_H
#define WAKEGATE_GATEWAY_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/rule_settings.h"
#include "protocols/reading.h"

#define AGGREGATE_VALUES_MAX 256

struct aggregate {
	uint64_t count;
	struct number sum, min, max, last;
	int64_t last_us;      /* time of `last` */
	uint8_t places;       /* most that a value had behind the point */
	bool has_doubles;     /* not all values were decimals */
	bool samples;         /* values are kept, for percentiles */
	uint32_t value_count; /* of `values` */
	uint32_t value_room;
	uint64_t stride; /* one of so many values is kept */
	double *values;
};

/* An aggregate of nothing, in the caller's memory. */
void aggregate_init(struct aggregate *aggregate, bool samples);

/* NULL is not fine, an aggregate that took nothing is. */
void aggregate_finish(struct aggregate *aggregate);

/* -ENOMEM; then the aggregate is as it was. */
int aggregate_add(struct aggregate *aggregate, const struct number *value, int64_t time_us);

/* What the function says of at least one value; `percent` is for WINDOW_PERCENTILE, of an aggregate with samples. */
struct number aggregate_value(struct aggregate *aggregate, enum window_function function, double percent);

#endif
