#include "gateway/cli/progress.h"

#include <string.h>

#include "gateway/cli/human.h"
#include "gateway/cli/table.h"
#include "gateway/cli/terminal.h"

#define DRAW_EVERY_MS 100  /* on a terminal */
#define TELL_EVERY_MS 1000 /* elsewhere: a short transfer is not worth a line */
#define BAR_LEAST 5        /* columns; a shorter bar says nothing */
#define BAR_MOST 40

void progress_begin(struct progress *progress, const char *label, uint64_t done, uint64_t total, int64_t now_ms)
{
	struct terminal terminal = terminal_of(stderr);

	*progress = (struct progress){
		.out = stderr,
		.on_terminal = terminal.is_terminal,
		.width = terminal.is_terminal ? terminal.width : 0,
		.label = label,
		.total = total,
		.begun_at = done,
		.begun_ms = now_ms,
		.drawn_ms = terminal.is_terminal ? now_ms - DRAW_EVERY_MS : now_ms,
	};
}

static double rate_of(const struct progress *progress, uint64_t done, int64_t now_ms)
{
	int64_t elapsed_ms = now_ms - progress->begun_ms;

	if (elapsed_ms <= 0 || done <= progress->begun_at)
		return 0;
	return (double)(done - progress->begun_at) * 1000 / (double)elapsed_ms;
}

/* "  45 %  1.2 MB/s  12 s left" */
static void write_figures(const struct progress *progress, uint64_t done, int64_t now_ms, char *out, size_t size)
{
	char rate_text[HUMAN_SIZE], left_text[HUMAN_SIZE];
	double rate = rate_of(progress, done, now_ms);
	unsigned percent = progress->total ? (unsigned)(done * 100 / progress->total) : 100;

	if (done >= progress->total)
		snprintf(out, size, " 100 %%  %s", human_rate(rate_text, rate));
	else if (rate <= 0)
		snprintf(out, size, " %3u %%", percent);
	else
		snprintf(out, size, " %3u %%  %s  %s left", percent, human_rate(rate_text, rate),
			human_duration(left_text, (int64_t)((double)(progress->total - done) * 1000 / rate)));
}

static void write_bar(char *out, size_t columns, uint64_t done, uint64_t total)
{
	size_t full = total ? (size_t)((double)columns * (double)done / (double)total) : columns;

	for (size_t i = 0; i < columns; i++)
		out[i] = i < full ? '=' : i == full ? '>' : ' ';
	out[columns] = '\0';
}

void progress_line(const struct progress *progress, uint64_t done, int64_t now_ms, char *line, size_t size)
{
	char figures[80], bar[BAR_MOST + 1];

	if (done > progress->total)
		done = progress->total;
	write_figures(progress, done, now_ms, figures, sizeof(figures));
	/* The figures change in length; a bar that moved with them would be hard to look at. */
	size_t taken = text_width(progress->label) + strlen(" []") + strlen(" 100 %  1023 KB/s  119 min left");
	size_t columns = progress->width > taken ? progress->width - taken : 0;
	if (columns > BAR_MOST)
		columns = BAR_MOST;
	if (columns < BAR_LEAST) {
		snprintf(line, size, "%s%s", progress->label, figures);
		return;
	}
	write_bar(bar, columns, done, progress->total);
	snprintf(line, size, "%s [%s]%s", progress->label, bar, figures);
}

static void draw(struct progress *progress, uint64_t done, int64_t now_ms)
{
	char line[PROGRESS_LINE_MAX];

	progress_line(progress, done, now_ms, line, sizeof(line));
	fprintf(progress->out, progress->on_terminal ? "\r%s\033[K" : "%s\n", line);
	fflush(progress->out);
	progress->drawn_ms = now_ms;
}

void progress_show(struct progress *progress, uint64_t done, int64_t now_ms)
{
	unsigned tenths = progress->total ? (unsigned)(done * 10 / progress->total) : 10;
	int64_t silent_ms = now_ms - progress->drawn_ms;
	bool due = progress->on_terminal ? silent_ms >= DRAW_EVERY_MS
					 : tenths > progress->tenths && silent_ms >= TELL_EVERY_MS;

	if (!due)
		return;
	progress->tenths = tenths;
	draw(progress, done, now_ms);
}

void progress_end(struct progress *progress, uint64_t done, int64_t now_ms)
{
	bool told = progress->tenths > 0;

	if (progress->on_terminal || (told && progress->tenths < 10))
		draw(progress, done, now_ms);
	if (progress->on_terminal)
		fputc('\n', progress->out);
}
