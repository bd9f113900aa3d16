#include "protocols/posix_tz.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define FAR_S INT64_C(1000000000000) /* some 30,000 years: beyond it no change is looked for */
#define HOURS_OF_AN_OFFSET 24
#define HOURS_OF_A_CHANGE 167 /* RFC 9636 section 3.3.2 takes a week where POSIX takes a day */

struct text {
	const char *at, *end;
	bool failed;
};

static bool next_is(const struct text *text, char wanted)
{
	return text->at < text->end && *text->at == wanted;
}

static bool take(struct text *text, char wanted)
{
	bool is_next = next_is(text, wanted);

	text->at += is_next;
	return is_next;
}

/* A number of up to three digits. */
static int read_number(struct text *text, int least, int most)
{
	int value = 0, digits = 0;

	for (; text->at < text->end && isdigit((unsigned char)*text->at) && digits < 3; digits++)
		value = value * 10 + (*text->at++ - '0');
	if (digits == 0 || value < least || value > most)
		text->failed = true;
	return value;
}

/* "CET", or "<+03>": at least three characters; the name itself is of no use here. */
static void read_name(struct text *text)
{
	bool quoted = take(text, '<');
	const char *start = text->at;

	while (text->at < text->end &&
		(isalpha((unsigned char)*text->at) ||
			(quoted && (isdigit((unsigned char)*text->at) || strchr("+-", *text->at)))))
		text->at++;
	if (text->at - start < 3 || (quoted && !take(text, '>')))
		text->failed = true;
}

/* [+-]hh[:mm[:ss]] */
static int32_t read_time(struct text *text, int hours_most)
{
	int sign = take(text, '-') ? -1 : 1;

	if (sign > 0)
		(void)take(text, '+');
	int32_t seconds = read_number(text, 0, hours_most) * 3600;
	if (take(text, ':')) {
		seconds += read_number(text, 0, 59) * 60;
		if (take(text, ':'))
			seconds += read_number(text, 0, 59);
	}
	return sign * seconds;
}

static struct posix_tz_change read_change(struct text *text)
{
	struct posix_tz_change change = { .kind = TZ_DAY_WITH_LEAP, .time_s = 2 * 3600 };

	if (take(text, 'M')) {
		change.kind = TZ_MONTH_WEEK_DAY;
		change.month = read_number(text, 1, 12);
		text->failed |= !take(text, '.');
		change.week = read_number(text, 1, 5);
		text->failed |= !take(text, '.');
		change.day = read_number(text, 0, 6);
	} else if (take(text, 'J')) {
		change.kind = TZ_DAY_WITHOUT_LEAP;
		change.day = read_number(text, 1, 365);
	} else {
		change.day = read_number(text, 0, 365);
	}
	if (take(text, '/'))
		change.time_s = read_time(text, HOURS_OF_A_CHANGE);
	return change;
}

int posix_tz_parse(struct posix_tz *out, const char *text, size_t size)
{
	struct text in = { text, text + size, false };
	struct posix_tz zone = { 0 };

	read_name(&in);
	zone.standard_s = -read_time(&in, HOURS_OF_AN_OFFSET);
	if (!in.failed && in.at < in.end) {
		zone.has_summer = true;
		read_name(&in);
		zone.summer_s = next_is(&in, ',') ? zone.standard_s + 3600 : -read_time(&in, HOURS_OF_AN_OFFSET);
		in.failed |= !take(&in, ',');
		zone.begins = read_change(&in);
		in.failed |= !take(&in, ',');
		zone.ends = read_change(&in);
	}
	if (in.failed || in.at != in.end)
		return -EBADMSG;
	*out = zone;
	return 0;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January. */
static int64_t days_to_year(int64_t year)
{
	int64_t before = year - 1, quadrennia = before / 4, centuries = before / 100, eras = before / 400;

	/* Rounds down before the year 1 as well. */
	quadrennia -= before % 4 < 0;
	centuries -= before % 100 < 0;
	eras -= before % 400 < 0;
	return before * 365 + quadrennia - centuries + eras - 719162;
}

static int64_t year_of(int64_t at_s)
{
	int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
	int64_t year = 1970 + days / 366;

	while (days_to_year(year) > days)
		year--;
	while (days_to_year(year + 1) <= days)
		year++;
	return year;
}

static int weekday_of(int64_t days)
{
	int64_t day = (days + 4) % 7; /* 1970-01-01 was a Thursday */

	return (int)(day < 0 ? day + 7 : day);
}

static int days_to_month(int64_t year, int month)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

	return before[month - 1] + (month > 2 && is_leap(year));
}

static int64_t day_of_change(const struct posix_tz_change *change, int64_t year)
{
	int64_t start = days_to_year(year);

	if (change->kind == TZ_DAY_WITH_LEAP)
		return start + change->day;
	if (change->kind == TZ_DAY_WITHOUT_LEAP)
		return start + change->day - 1 + (change->day > 59 && is_leap(year));
	int64_t first = start + days_to_month(year, change->month);
	int64_t after = start + days_to_month(year, change->month + 1);
	int64_t day = first + (change->day - weekday_of(first) + 7) % 7 + 7 * (change->week - 1);
	return day >= after ? day - 7 : day;
}

static int64_t second_of_change(const struct posix_tz_change *change, int64_t year, int32_t offset_s)
{
	return day_of_change(change, year) * DAY_S + change->time_s - offset_s;
}

static void narrow(struct utc_offset *out, int64_t change_s, int32_t seconds, int64_t at_s)
{
	if (change_s <= at_s && change_s >= out->from_s) {
		out->from_s = change_s;
		out->seconds = seconds;
	} else if (change_s > at_s && change_s < out->until_s) {
		out->until_s = change_s;
	}
}

/* Where summer ends at the very second at which the next one begins, it is summer all year: the beginning comes last.
 */
struct utc_offset posix_tz_at(const struct posix_tz *zone, int64_t at_s)
{
	struct utc_offset out = { zone->standard_s, INT64_MIN, INT64_MAX };

	if (!zone->has_summer || at_s > FAR_S || at_s < -FAR_S)
		return out;
	int64_t year = year_of(at_s);
	for (int64_t i = year - 1; i <= year + 1; i++)
		narrow(&out, second_of_change(&zone->ends, i, zone->summer_s), zone->standard_s, at_s);
	for (int64_t i = year - 1; i <= year + 1; i++)
		narrow(&out, second_of_change(&zone->begins, i, zone->standard_s), zone->summer_s, at_s);
	return out;
}
