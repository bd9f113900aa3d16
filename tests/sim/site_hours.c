#include "tests/sim/site_hours.h"

#include <stddef.h>

#define MINUTES_A_DAY 1440
#define EVERY_DAY 0x7f

static const struct site_hours all[] = {
	{ "22:00-06:00", EVERY_DAY, 22 * 60, 6 * 60, 0 },
	{ "Mon-Thu 19:30-07:00 Europe/Berlin", 0x0f, 19 * 60 + 30, 7 * 60, 120 },
	{ "09:00-17:00 America/New_York", EVERY_DAY, 9 * 60, 17 * 60, -240 },
	{ "Tue,Wed,Thu 00:00-11:15", 0x0e, 0, 11 * 60 + 15, 0 },
};

const struct site_hours *site_hours_at(unsigned index)
{
	return &all[index % (sizeof(all) / sizeof(all[0]))];
}

/* Whether a span that began on that day, counted from 1970, is open `minute` minutes after its midnight. */
static bool is_of_day(const struct site_hours *hours, int64_t day, int64_t minute)
{
	int64_t weekday = (day + 3) % 7; /* 1970 began on a Thursday */
	int end = hours->end_minute > hours->begin_minute ? hours->end_minute : hours->end_minute + MINUTES_A_DAY;

	return (hours->days >> weekday & 1) && minute >= hours->begin_minute && minute < end;
}

bool site_hours_are_open(const struct site_hours *hours, int64_t wall_ms)
{
	if (!hours)
		return true;
	int64_t minutes = wall_ms / 60000 + hours->east_minutes;
	int64_t day = minutes / MINUTES_A_DAY, minute = minutes % MINUTES_A_DAY;

	return is_of_day(hours, day, minute) || is_of_day(hours, day - 1, minute + MINUTES_A_DAY);
}
