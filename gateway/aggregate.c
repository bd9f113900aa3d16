#include "gateway/aggregate.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "protocols/number.h"

#define VALUES_LEAST 16
#define MEAN_PLACES 2 /* that a mean has more than its values */

void aggregate_init(struct aggregate *aggregate, bool samples)
{
	*aggregate = (struct aggregate){ .samples = samples, .stride = 1 };
}

void aggregate_finish(struct aggregate *aggregate)
{
	free(aggregate->values);
	aggregate->values = NULL;
}

/* Every second value goes, so that as many more fit. */
static void thin_out(struct aggregate *aggregate)
{
	for (uint32_t i = 0; 2 * i < aggregate->value_count; i++)
		aggregate->values[i] = aggregate->values[2 * i];
	aggregate->value_count = (aggregate->value_count + 1) / 2;
	aggregate->stride *= 2;
}

static int keep_value(struct aggregate *aggregate, double value)
{
	if (aggregate->count % aggregate->stride != 0)
		return 0;
	if (aggregate->value_count == aggregate->value_room && aggregate->value_room < AGGREGATE_VALUES_MAX) {
		uint32_t room = aggregate->value_room ? 2 * aggregate->value_room : VALUES_LEAST;
		double *grown = realloc(aggregate->values, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		aggregate->values = grown;
		aggregate->value_room = room;
	}
	if (aggregate->value_count == AGGREGATE_VALUES_MAX)
		thin_out(aggregate);
	aggregate->values[aggregate->value_count++] = value;
	return 0;
}

static void add_to_sum(struct aggregate *aggregate, const struct number *value)
{
	/* Beyond the largest double it stays there: SenML has no infinity. */
	if (number_add(&aggregate->sum, &aggregate->sum, value) < 0)
		aggregate->sum = number_from_double(number_value(value) > 0 ? DBL_MAX : -DBL_MAX);
}

int aggregate_add(struct aggregate *aggregate, const struct number *value, int64_t time_us)
{
	bool first = aggregate->count == 0;

	if (aggregate->samples && keep_value(aggregate, number_value(value)) < 0)
		return -ENOMEM;
	if (first || number_compare(value, &aggregate->min) < 0)
		aggregate->min = *value;
	if (first || number_compare(value, &aggregate->max) > 0)
		aggregate->max = *value;
	if (first || time_us >= aggregate->last_us) {
		aggregate->last = *value;
		aggregate->last_us = time_us;
	}
	if (first)
		aggregate->sum = *value;
	else
		add_to_sum(aggregate, value);
	aggregate->has_doubles |= value->is_double;
	if (!value->is_double && -value->exponent > aggregate->places)
		aggregate->places = (uint8_t)-value->exponent;
	aggregate->count++;
	return 0;
}

static struct number rounded(const struct aggregate *aggregate, double value, unsigned more_places)
{
	if (aggregate->has_doubles)
		return number_from_double(value);
	return number_round(value, aggregate->places + more_places);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* By nearest rank. Sorting ends the order of coming, which thin_out() needs: a copy would cost memory at the worst
 * time, and nothing is added to a window that is being told, unless telling failed; then the sample is a little off. */
static double percentile(struct aggregate *aggregate, double percent)
{
	double rank = ceil(percent / 100 * aggregate->value_count);

	assert(aggregate->value_count > 0);
	qsort(aggregate->values, aggregate->value_count, sizeof(double), by_size);
	return aggregate->values[rank < 1 ? 0 : (size_t)rank - 1];
}

struct number aggregate_value(struct aggregate *aggregate, enum window_function function, double percent)
{
	switch (function) {
	case WINDOW_MIN:
		return aggregate->min;
	case WINDOW_MAX:
		return aggregate->max;
	case WINDOW_MEAN:
		return rounded(aggregate, number_value(&aggregate->sum) / (double)aggregate->count, MEAN_PLACES);
	case WINDOW_SUM:
		return aggregate->sum;
	case WINDOW_COUNT:
		return number_from_integer((int64_t)aggregate->count);
	case WINDOW_LAST:
		return aggregate->last;
	case WINDOW_PERCENTILE:
		return rounded(aggregate, percentile(aggregate, percent), 0);
	}
	return aggregate->last;
}
