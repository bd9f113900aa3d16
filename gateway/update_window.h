/*
 * update_window: the hours of the week in which nodes may be updated, by the clock on the wall of some place.
 *
 *     [DAYS] HH:MM-HH:MM[; …] [ZONE]        "Mon-Fri 22:00-05:00; Sat,Sun 00:00-24:00 Europe/Berlin"
 *
 * Days are those on which a span begins; without any it is every day, and without a zone the clock is UTC. A window is
 * open whenever that clock shows a time in it. So in spring an hour that is left out does not open it, and in autumn an
 * hour that comes twice opens it twice. Functions of their arguments, in seconds since 1970.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_WINDOW_H
#define WAKEGATE_GATEWAY_UPDATE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPDATE_WINDOW_SPANS_MAX 8
#define UPDATE_WINDOW_ZONE_MAX 63
#define UPDATE_WINDOW_TEXT_MAX 255
#define UPDATE_WINDOWS_AT_ONCE 16             /* that bear on one node */
#define UPDATE_WINDOW_HORIZON_S (400 * 86400) /* how far ahead and back is looked */

struct tzif;

struct update_window {
	struct {
		uint8_t days;        /* a bit each, the lowest Monday */
		uint16_t begin, end; /* minutes of the day; if end is not after begin, of the next day */
	} spans[UPDATE_WINDOW_SPANS_MAX];
	unsigned count;
	char zone[UPDATE_WINDOW_ZONE_MAX + 1];
};

/* -EINVAL with a sentence in `why`: what was found, what is allowed. The zone is not looked up. */
int update_window_parse(struct update_window *out, const char *text, char *why, size_t why_size);

/* Whether it is open at that time, and from when until when (the end excluded) that is so at least. */
struct window_piece {
	bool is_open;
	int64_t from_s, until_s;
};

/* A window and its zone; NULL: UTC. Borrowed. */
struct zoned_window {
	const struct update_window *window;
	const struct tzif *zone;
};

/* Windows that must all be open; open all the time if there is none. */
struct window_set {
	struct zoned_window list[UPDATE_WINDOWS_AT_ONCE];
	size_t count;
};

struct window_piece window_set_at(const struct window_set *set, int64_t at_s);

/* The first second from `at_s` on at which it is open, or closed. INT64_MAX: not before the horizon. */
int64_t window_set_opens(const struct window_set *set, int64_t at_s);
int64_t window_set_closes(const struct window_set *set, int64_t at_s);

/* Since when it has been open that is open at `at_s`. INT64_MIN: since before the horizon. */
int64_t window_set_opened(const struct window_set *set, int64_t at_s);

/* When it must have begun that it was open for `seconds` until `at_s`. INT64_MIN: before the horizon. */
int64_t window_set_open_for(const struct window_set *set, int64_t at_s, int64_t seconds);

#endif
