#include "gateway/cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MOST 1000

static const char *const sequences[] = {
	[TONE_PLAIN] = "",
	[TONE_GOOD] = "\033[32m",
	[TONE_BAD] = "\033[31m",
	[TONE_BUSY] = "\033[33m",
	[TONE_QUIET] = "\033[2m",
	[TONE_TITLE] = "\033[1m",
};

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static unsigned width_from_environment(void)
{
	const char *columns = getenv("COLUMNS");
	unsigned long width = columns ? strtoul(columns, NULL, 10) : 0;

	return width <= WIDTH_MOST ? (unsigned)width : WIDTH_MOST;
}

struct terminal terminal_of(FILE *stream)
{
	struct terminal terminal = { .is_terminal = isatty(fileno(stream)), .height = 24 };
	struct winsize size;
	const char *kind = getenv("TERM");

	if (!terminal.is_terminal) {
		terminal.width = width_from_environment();
		return terminal;
	}
	terminal.width = 80;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		terminal.width = size.ws_col;
		terminal.height = size.ws_row;
	}
	terminal.colour = !is_set("NO_COLOR") && kind && *kind && strcmp(kind, "dumb") != 0;
	return terminal;
}

const char *tone_begin(enum tone tone, bool colour)
{
	return colour ? sequences[tone] : "";
}

const char *tone_end(enum tone tone, bool colour)
{
	return colour && tone != TONE_PLAIN ? "\033[0m" : "";
}
