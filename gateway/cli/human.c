#include "gateway/cli/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* Three digits at most: "1.5" and "12" rather than "1.50" and "12.3". */
static void write_scaled(char *out, double value, const char *unit)
{
	snprintf(out, HUMAN_SIZE, value < 9.95 ? "%.1f %s" : "%.0f %s", value, unit);
}

static void write_size(char *out, double bytes, const char *const units[5])
{
	int unit = 0;

	while (bytes >= 1023.5 && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, HUMAN_SIZE, "%.0f %s", bytes, units[0]);
	else
		write_scaled(out, bytes, units[unit]);
}

const char *human_size(char *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };

	write_size(out, (double)bytes, units);
	return out;
}

const char *human_rate(char *out, double bytes_per_second)
{
	static const char *const units[] = { "B/s", "KB/s", "MB/s", "GB/s", "TB/s" };

	write_size(out, bytes_per_second, units);
	return out;
}

const char *human_duration(char *out, int64_t milliseconds)
{
	static const struct {
		int64_t milliseconds;
		const char *name;
	} units[] = { { 24 * 3600 * 1000, "d" }, { 3600 * 1000, "h" }, { 60 * 1000, "min" }, { 1000, "s" } };
	int64_t size = milliseconds < 0 ? -milliseconds : milliseconds;

	if (size > 1000 && size < 2000) {
		snprintf(out, HUMAN_SIZE, "%.1f s", (double)milliseconds / 1000);
		return out;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t least = i < 3 ? 2 * units[i].milliseconds : units[i].milliseconds;
		if (size < least)
			continue;
		snprintf(out, HUMAN_SIZE, "%" PRId64 " %s", milliseconds / units[i].milliseconds, units[i].name);
		return out;
	}
	snprintf(out, HUMAN_SIZE, "%" PRId64 " ms", milliseconds);
	return out;
}

const char *human_age(char *out, int64_t at_ms, int64_t now_ms)
{
	char duration[HUMAN_SIZE];
	int64_t age = now_ms - at_ms;

	if (at_ms == 0)
		snprintf(out, HUMAN_SIZE, "never");
	else if (age > -1000 && age < 1000)
		snprintf(out, HUMAN_SIZE, "now");
	else if (age < 0)
		snprintf(out, HUMAN_SIZE, "in %.20s", human_duration(duration, -age));
	else
		snprintf(out, HUMAN_SIZE, "%.18s ago", human_duration(duration, age));
	return out;
}

const char *human_time(char *out, int64_t at_ms)
{
	time_t seconds = at_ms / 1000;
	struct tm local;

	if (at_ms == 0 || !localtime_r(&seconds, &local))
		snprintf(out, HUMAN_SIZE, "-");
	else
		strftime(out, HUMAN_SIZE, "%Y-%m-%d %H:%M:%S", &local);
	return out;
}

const char *human_count(char *out, uint64_t count)
{
	static const char *const units[] = { "k", "M", "G", "T" };
	double value = (double)count;
	int unit = -1;

	while (value >= (unit < 0 ? 9999.5 : 999.5) && unit < 3) {
		value /= 1000;
		unit++;
	}
	if (unit < 0)
		snprintf(out, HUMAN_SIZE, "%" PRIu64, count);
	else
		snprintf(out, HUMAN_SIZE, value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}
