/*
 * site_hours: hours of the week in which the nodes of a simulated site may be updated, as the operator writes them and
 * as the site's judge reads them.
 *
 * Computed from the calendar anew, without the gateway's code: a span of minutes that begins on some days, at a fixed
 * distance from UTC, as no zone changes its clocks in the days that are simulated.
 */
#ifndef WAKEGATE_TESTS_SITE_HOURS_H
#define WAKEGATE_TESTS_SITE_HOURS_H

#include <stdbool.h>
#include <stdint.h>

struct site_hours {
	const char *text;             /* as docs/rollouts.md has it */
	uint8_t days;                 /* on which it begins, the lowest bit Monday */
	int begin_minute, end_minute; /* of the day; an end that is not after the begin is of the next day */
	int east_minutes;             /* of UTC */
};

/* Some of the week; the index is taken modulo their number. */
const struct site_hours *site_hours_at(unsigned index);

/* Whether they are open at that time, milliseconds since 1970; NULL: always. */
bool site_hours_are_open(const struct site_hours *hours, int64_t wall_ms);

#endif
