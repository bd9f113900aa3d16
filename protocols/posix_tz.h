/*
 * posix_tz: the rule by which the clocks of a place change every year, as a POSIX TZ string (RFC 9636 section 3.3.2).
 *
 * "CET-1CEST,M3.5.0,M10.5.0/3": names, offsets west of Greenwich, and when summer time begins and ends.
 */
#ifndef WAKEGATE_PROTOCOLS_POSIX_TZ_H
#define WAKEGATE_PROTOCOLS_POSIX_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far local clocks are ahead of UTC, and from when until when (seconds since 1970, the end excluded) at least. */
struct utc_offset {
	int32_t seconds;
	int64_t from_s, until_s; /* INT64_MIN, INT64_MAX: as far as is known */
};

/* A moment of each year, by the local clock that is in force before it. */
struct posix_tz_change {
	enum { TZ_MONTH_WEEK_DAY, TZ_DAY_WITHOUT_LEAP, TZ_DAY_WITH_LEAP } kind; /* "M3.5.0", "J60", "59" */
	int month;                                                              /* 1 to 12 */
	int week; /* 1 to 5, 5: the last that the month has */
	int day;  /* of the week from 0, a Sunday; or of the year, from 1 ("J60") or from 0 */
	int32_t time_s;
};

struct posix_tz {
	int32_t standard_s, summer_s; /* ahead of UTC */
	bool has_summer;
	struct posix_tz_change begins, ends;
};

/* The `size` bytes at `text`. -EBADMSG: no such string, or one that says when summer is neither. */
int posix_tz_parse(struct posix_tz *out, const char *text, size_t size);

/* In force at `at_s`. */
struct utc_offset posix_tz_at(const struct posix_tz *zone, int64_t at_s);

#endif
