#include "gateway/cli/top_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/node_table.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/table.h"
#include "gateway/cli/terminal.h"
#include "gateway/cli/update_watch.h"

#define LINE_SIZE 512
#define TRANSFERS_MOST 5 /* bars below the head */

/* Where the picture stands. */
struct canvas {
	FILE *out;
	const struct terminal *terminal;
	unsigned lines_left;
};

void top_look_finish(struct top_look *look)
{
	json_decref(look->status);
	json_decref(look->nodes);
	json_decref(look->updates);
	*look = (struct top_look){ 0 };
}

/* Ends the line, wiping what a former picture left of it. */
static void end_line(struct canvas *canvas)
{
	fputs("\033[K\n", canvas->out);
	canvas->lines_left--;
}

static void print_line(struct canvas *canvas, enum tone tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void print_line(struct canvas *canvas, enum tone tone, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	if (!canvas->lines_left)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fputs(tone_begin(tone, canvas->terminal->colour), canvas->out);
	text_print(canvas->out, line, canvas->terminal->width);
	fputs(tone_end(tone, canvas->terminal->colour), canvas->out);
	end_line(canvas);
}

static int64_t deep_number(const json_t *status, const char *group, const char *name)
{
	return field_number(json_object_get(status, group), name);
}

/* How much a counter grew in a second. */
static double rate_of(const struct top_look *now, const struct top_look *before, const char *group, const char *name)
{
	int64_t elapsed_ms = field_number(now->status, "uptime_ms") - field_number(before->status, "uptime_ms");

	if (!before->status || elapsed_ms <= 0)
		return 0;
	double grown = (double)(deep_number(now->status, group, name) - deep_number(before->status, group, name));
	return grown > 0 ? grown * 1000 / (double)elapsed_ms : 0;
}

static void print_head(struct canvas *canvas, const struct top_look *now)
{
	const json_t *status = now->status, *uplink = json_object_get(status, "uplink");
	char uptime[HUMAN_SIZE], memory[HUMAN_SIZE], time[HUMAN_SIZE];
	bool connected = field_boolean(uplink, "connected");

	print_line(canvas, TONE_TITLE, "%s  wakegate %s  up %s  %s  %s", field_text(status, "gateway"),
		field_text(status, "version"), human_duration(uptime, field_number(status, "uptime_ms")),
		human_size(memory, (uint64_t)field_number(status, "memory_bytes")),
		human_time(time, field_number(status, "time_ms")));
	print_line(canvas, connected ? TONE_PLAIN : TONE_BAD, "uplink     %s %s",
		connected ? "connected to" : "NOT CONNECTED:", field_text(uplink, "broker"));
}

static void print_rates(struct canvas *canvas, const struct top_look *now, const struct top_look *before)
{
	char sent[HUMAN_SIZE], kept[HUMAN_SIZE], waiting[HUMAN_SIZE], disk[HUMAN_SIZE];
	const json_t *status = now->status;

	print_line(canvas, TONE_PLAIN, "nodes      %" PRId64 ", %" PRId64 " silent; %.1f contacts/s",
		deep_number(status, "nodes", "total"), deep_number(status, "nodes", "silent"),
		rate_of(now, before, "nodes", "contacts"));
	print_line(canvas, TONE_PLAIN, "telemetry  %.1f readings/s in, %.1f/s out; %s kept, %s waiting (%s)",
		rate_of(now, before, "telemetry", "readings"), rate_of(now, before, "telemetry", "delivered"),
		human_count(kept, (uint64_t)deep_number(status, "telemetry", "readings")),
		human_count(waiting, (uint64_t)deep_number(status, "telemetry", "waiting")),
		human_size(disk, (uint64_t)deep_number(status, "telemetry", "disk_bytes")));
	print_line(canvas, TONE_PLAIN, "store      %.1f commits/s, the last took %.1f ms; uplink %s",
		rate_of(now, before, "store", "commits"), (double)deep_number(status, "store", "last_commit_us") / 1000,
		human_rate(sent, rate_of(now, before, "uplink", "bytes_sent")));
}

static double update_rate(const struct top_look *now, const struct top_look *before)
{
	int64_t elapsed_ms = field_number(now->status, "uptime_ms") - field_number(before->status, "uptime_ms");
	int64_t grown = field_number(now->updates, "bytes_done") - field_number(before->updates, "bytes_done");

	return before->status && elapsed_ms > 0 && grown > 0 ? (double)grown * 1000 / (double)elapsed_ms : 0;
}

static void print_transfer(struct canvas *canvas, const json_t *update)
{
	const struct progress bar = {
		.label = field_text(update, "node"),
		.total = (uint64_t)field_number(update, "size_bytes"),
		.begun_at = UINT64_MAX, /* its own rate is not known */
		.width = canvas->terminal->width,
	};
	char line[PROGRESS_LINE_MAX];

	progress_line(&bar, (uint64_t)field_number(update, "offset"), 0, line, sizeof(line));
	print_line(canvas, TONE_BUSY, "  %s", line);
}

static void print_updates(struct canvas *canvas, const struct top_look *now, const struct top_look *before)
{
	const json_t *transfers = json_object_get(now->updates, "transfers");
	char counts[256], rate[HUMAN_SIZE];
	size_t i;
	json_t *update;

	if (field_number(now->updates, "total") == 0) {
		print_line(canvas, TONE_PLAIN, "updates    none");
		return;
	}
	print_line(canvas, TONE_PLAIN, "updates    %s; %s", update_counts(counts, sizeof(counts), now->updates),
		human_rate(rate, update_rate(now, before)));
	json_array_foreach (transfers, i, update) {
		if (i == TRANSFERS_MOST)
			break;
		print_transfer(canvas, update);
	}
}

/* The table comes without the wiping of old lines. */
static void print_wiping(struct canvas *canvas, const char *text)
{
	while (*text && canvas->lines_left) {
		size_t bytes = strcspn(text, "\n");
		fwrite(text, 1, bytes, canvas->out);
		end_line(canvas);
		text += bytes + (text[bytes] == '\n');
	}
}

static void print_nodes(struct canvas *canvas, const struct top_look *now)
{
	char *text = NULL;
	size_t size = 0, most = canvas->lines_left > 0 ? canvas->lines_left - 1 : 0;
	FILE *table = open_memstream(&text, &size);

	if (!table)
		return;
	node_table_print(json_object_get(now->nodes, "nodes"), most, field_number(now->status, "time_ms"),
		canvas->terminal, table);
	fclose(table);
	print_wiping(canvas, text);
	free(text);
}

void top_view_print(
	const struct top_look *now, const struct top_look *before, const struct terminal *terminal, FILE *out)
{
	struct canvas canvas = { out, terminal, terminal->height > 2 ? terminal->height - 2 : 1 };

	fputs("\033[H", out);
	print_head(&canvas, now);
	print_rates(&canvas, now, before);
	print_updates(&canvas, now, before);
	print_line(&canvas, TONE_PLAIN, "%s", "");
	print_nodes(&canvas, now);
	fprintf(out, "\033[J%sq quits%s", tone_begin(TONE_QUIET, terminal->colour),
		tone_end(TONE_QUIET, terminal->colour));
	fflush(out);
}
