#include "gateway/update_window.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocols/tzif.h"

#define MINUTE_S 60
#define DAY_MINUTES (24 * 60)
#define DAY_S (INT64_C(24) * 3600)
#define WEEK_S (7 * DAY_S)
#define EVERY_DAY 0x7f
#define DIGITS "0123456789"
#define PIECES_MAX 100000 /* looked at for one answer; more than any windows make before the horizon */
#define ALLOWED "allowed is such as \"Mon-Fri 22:00-05:00 Europe/Berlin\""

static const char day_names[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

/* Parsing. */

struct parser {
	const char *at;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parser *parser, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->why, parser->why_size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static void skip_blanks(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t')
		parser->at++;
}

/* The number of the day whose name stands here, or -1. */
static int take_day(struct parser *parser)
{
	for (int day = 0; day < 7; day++)
		if (strncasecmp(parser->at, day_names[day], 3) == 0 && !isalpha((unsigned char)parser->at[3])) {
			parser->at += 3;
			return day;
		}
	return -1;
}

static int parse_days(struct parser *parser, uint8_t *days)
{
	*days = isdigit((unsigned char)*parser->at) ? EVERY_DAY : 0;
	if (*days)
		return 0;
	do {
		int first = take_day(parser), last = first;
		if (first >= 0 && *parser->at == '-') {
			parser->at++;
			last = take_day(parser);
		}
		if (first < 0 || last < 0)
			return refuse(parser, "found \"%.20s\" where a day or a time should be; " ALLOWED, parser->at);
		for (int i = 0; i <= (last - first + 7) % 7; i++)
			*days |= (uint8_t)(1 << (first + i) % 7);
	} while (*parser->at == ',' && parser->at++);
	skip_blanks(parser);
	return 0;
}

static int parse_minute(struct parser *parser, uint16_t *out)
{
	const char *at = parser->at;
	size_t hour_digits = strspn(at, DIGITS);
	bool is_time = hour_digits >= 1 && hour_digits <= 2 && at[hour_digits] == ':' &&
		       strspn(at + hour_digits + 1, DIGITS) == 2;
	long hours = is_time ? strtol(at, NULL, 10) : 0;
	long minutes = is_time ? strtol(at + hour_digits + 1, NULL, 10) : 0;

	if (!is_time || minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return refuse(parser, "found \"%.20s\" where a time from 00:00 to 24:00 should be; " ALLOWED, at);
	parser->at += hour_digits + 3;
	*out = (uint16_t)(hours * 60 + minutes);
	return 0;
}

static int parse_span(struct parser *parser, struct update_window *window)
{
	uint16_t begin, end;
	uint8_t days;

	if (window->count == UPDATE_WINDOW_SPANS_MAX)
		return refuse(parser, "found more than %d spans of time", UPDATE_WINDOW_SPANS_MAX);
	if (parse_days(parser, &days) < 0 || parse_minute(parser, &begin) < 0)
		return -EINVAL;
	if (*parser->at++ != '-')
		return refuse(parser, "found no \"-\" between two times; " ALLOWED);
	if (parse_minute(parser, &end) < 0)
		return -EINVAL;
	if (begin == end || begin == DAY_MINUTES)
		return refuse(parser, "found a span of no length; a whole day is 00:00-24:00");
	window->spans[window->count].days = days;
	window->spans[window->count].begin = begin;
	window->spans[window->count].end = end;
	window->count++;
	skip_blanks(parser);
	return 0;
}

static int parse_zone(struct parser *parser, struct update_window *window)
{
	size_t size = strcspn(parser->at, " \t");
	const char *name = parser->at;

	parser->at += size;
	skip_blanks(parser);
	if (*parser->at || size > UPDATE_WINDOW_ZONE_MAX)
		return refuse(parser, "found \"%.40s\" where the name of a time zone should end it; " ALLOWED, name);
	snprintf(window->zone, sizeof(window->zone), "%.*s", size ? (int)size : 3, size ? name : "UTC");
	return 0;
}

int update_window_parse(struct update_window *out, const char *text, char *why, size_t why_size)
{
	struct parser parser = { text, why, why_size };
	struct update_window window = { .count = 0 };

	if (strlen(text) > UPDATE_WINDOW_TEXT_MAX)
		return refuse(&parser, "found more than %d bytes", UPDATE_WINDOW_TEXT_MAX);
	do {
		skip_blanks(&parser);
		if (parse_span(&parser, &window) < 0)
			return -EINVAL;
	} while (*parser.at == ';' && parser.at++);
	if (parse_zone(&parser, &window) < 0)
		return -EINVAL;
	*out = window;
	return 0;
}

/* One window. */

static int64_t positive_modulo(int64_t value, int64_t divisor)
{
	int64_t rest = value % divisor;

	return rest < 0 ? rest + divisor : rest;
}

/* Seconds of the week from its Monday, as the local clock shows them; 1970-01-01 was a Thursday. */
static int64_t second_of_week(int64_t local_s)
{
	return positive_modulo(local_s + 3 * DAY_S, WEEK_S);
}

/* How long ago a span that begins at `begin_s` of the week did so. */
static int64_t since(int64_t second, int64_t begin_s)
{
	return positive_modulo(second - begin_s, WEEK_S);
}

/* By the local clock alone; `from_s` and `until_s` are how far back and ahead that goes. */
static struct window_piece piece_of_week(const struct update_window *window, int64_t second)
{
	struct window_piece piece = { .from_s = WEEK_S, .until_s = WEEK_S };

	for (unsigned i = 0; i < window->count * 7; i++) {
		uint16_t begin = window->spans[i / 7].begin, end = window->spans[i / 7].end;
		int64_t length = (int64_t)(end > begin ? end - begin : end + DAY_MINUTES - begin) * MINUTE_S;
		if (!(window->spans[i / 7].days & 1 << i % 7))
			continue;
		int64_t ago = since(second, (int64_t)(i % 7) * DAY_S + begin * MINUTE_S);
		int64_t over = positive_modulo(ago - length, WEEK_S);
		piece.is_open |= ago < length;
		piece.from_s = ago < piece.from_s ? ago : piece.from_s;
		piece.from_s = over < piece.from_s ? over : piece.from_s;
		piece.until_s = WEEK_S - ago < piece.until_s ? WEEK_S - ago : piece.until_s;
		piece.until_s = WEEK_S - over < piece.until_s ? WEEK_S - over : piece.until_s;
	}
	return piece;
}

static struct window_piece window_at(const struct zoned_window *zoned, int64_t at_s)
{
	struct utc_offset offset = { 0, INT64_MIN, INT64_MAX };

	if (zoned->zone)
		offset = tzif_at(zoned->zone, at_s);
	struct window_piece piece = piece_of_week(zoned->window, second_of_week(at_s + offset.seconds));
	piece.from_s = at_s - piece.from_s;
	piece.until_s = at_s + piece.until_s;
	if (piece.from_s < offset.from_s)
		piece.from_s = offset.from_s;
	if (piece.until_s > offset.until_s)
		piece.until_s = offset.until_s;
	return piece;
}

/* All of them. */

struct window_piece window_set_at(const struct window_set *set, int64_t at_s)
{
	struct window_piece all = { true, INT64_MIN, INT64_MAX };

	for (size_t i = 0; i < set->count; i++) {
		struct window_piece piece = window_at(&set->list[i], at_s);
		all.is_open &= piece.is_open;
		all.from_s = piece.from_s > all.from_s ? piece.from_s : all.from_s;
		all.until_s = piece.until_s < all.until_s ? piece.until_s : all.until_s;
	}
	return all;
}

static int64_t first_that_is(const struct window_set *set, int64_t at_s, bool open)
{
	int64_t horizon = at_s + UPDATE_WINDOW_HORIZON_S;

	for (unsigned i = 0; i < PIECES_MAX && at_s < horizon; i++) {
		struct window_piece piece = window_set_at(set, at_s);
		if (piece.is_open == open)
			return at_s;
		at_s = piece.until_s;
	}
	return INT64_MAX;
}

int64_t window_set_opens(const struct window_set *set, int64_t at_s)
{
	return first_that_is(set, at_s, true);
}

int64_t window_set_closes(const struct window_set *set, int64_t at_s)
{
	return first_that_is(set, at_s, false);
}

int64_t window_set_opened(const struct window_set *set, int64_t at_s)
{
	int64_t horizon = at_s - UPDATE_WINDOW_HORIZON_S;

	for (unsigned i = 0; i < PIECES_MAX && at_s > horizon; i++) {
		struct window_piece piece = window_set_at(set, at_s);
		if (!piece.is_open)
			return at_s + 1;
		if (piece.from_s <= horizon)
			break;
		at_s = piece.from_s - 1;
	}
	return INT64_MIN;
}

int64_t window_set_open_for(const struct window_set *set, int64_t at_s, int64_t seconds)
{
	int64_t horizon = at_s - UPDATE_WINDOW_HORIZON_S;

	if (set->count == 0)
		return at_s - seconds;
	for (unsigned i = 0; i < PIECES_MAX && seconds > 0 && at_s > horizon; i++) {
		struct window_piece piece = window_set_at(set, at_s - 1);
		int64_t open_s = piece.is_open ? at_s - piece.from_s : 0;
		if (open_s >= seconds)
			return at_s - seconds;
		seconds -= open_s;
		at_s = piece.from_s;
	}
	return seconds > 0 ? INT64_MIN : at_s;
}
