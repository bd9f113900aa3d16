#include "gateway/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/moment.h"

#define LINE_SIZE 1024

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };
static const int priorities[] = { 3, 4, 5, 6, 7 }; /* syslog(3) */
static enum log_level threshold = LOG_LEVEL_INFO;
static const struct clock *dating;

void log_set_level(enum log_level level)
{
	threshold = level;
}

enum log_level log_get_level(void)
{
	return threshold;
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (strcmp(level_names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_clock(const struct clock *clock)
{
	dating = clock;
}

static void print_stamp(enum log_level level)
{
	int64_t wall_ms = clock_moment(dating ? dating : &machine_clock).wall_ms;
	time_t seconds = wall_ms / 1000;
	char stamp[32];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(stdout, "%s.%03dZ %-7s ", stamp, (int)(wall_ms % 1000), level_names[level]);
}

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

const char *log_quote(char *out, size_t size, const char *text)
{
	size_t used = 0;

	out[used++] = '"';
	for (; *text; text++) {
		bool marked = *text == '"' || *text == '\\';
		if (used + marked + 1 > size - 2)
			break;
		if (marked)
			out[used++] = '\\';
		out[used++] = *text;
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}

void log_line(enum log_level level, const char *format, ...)
{
	static int to_journal = -1;
	char text[LINE_SIZE];
	va_list arguments;

	if (level > threshold)
		return;
	if (to_journal < 0)
		to_journal = getenv("JOURNAL_STREAM") != NULL;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	if (to_journal)
		fprintf(stdout, "<%d>", priorities[level]);
	else
		print_stamp(level);
	print_escaped(stdout, text);
	fputc('\n', stdout);
	fflush(stdout);
}
