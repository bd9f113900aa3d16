#include "gateway/cli/update_watch.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/field.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/table.h"
#include "gateway/moment.h"

#define POLL_MS 1000
#define TRANSFERS_SHOWN 10
#define NODE_COLUMNS 24

/* What is on the screen. */
struct watch {
	struct cli *cli;
	struct progress progress;
	unsigned lines; /* drawn last */
	char counts[256];
};

static const char *const states[] = { "offered", "downloading", "downloaded", "rebooting", "confirmed", "failed",
	"reverted", "withdrawn", "unfit" };

const char *update_counts(char *out, size_t size, const json_t *summary)
{
	const json_t *counts = json_object_get(summary, "states");
	size_t used = 0;

	*out = '\0';
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]) && used < size; i++) {
		int64_t count = field_number(counts, states[i]);
		if (count)
			used += (size_t)snprintf(
				out + used, size - used, "%s%" PRId64 " %s", used ? ", " : "", count, states[i]);
	}
	if (used < size)
		snprintf(out + used, size - used, " of %" PRId64, field_number(summary, "total"));
	return out;
}

static int64_t count_active(const json_t *summary)
{
	const json_t *counts = json_object_get(summary, "states");
	int64_t active = 0;

	for (size_t i = 0; strcmp(states[i], "confirmed") != 0; i++)
		active += field_number(counts, states[i]);
	return active;
}

static int64_t count_failed(const json_t *summary)
{
	const json_t *counts = json_object_get(summary, "states");

	return field_number(counts, "failed") + field_number(counts, "reverted") + field_number(counts, "unfit");
}

/* As much of it as there is room for after so many columns. */
static void draw_text(const struct watch *watch, const char *text, unsigned after)
{
	unsigned width = watch->cli->terminal.width;

	if (width > after + 1)
		(void)text_print(stdout, text, width - 1 - after);
}

/* On one line, whatever it says: lines are counted, to draw over them. */
static void draw_update(struct watch *watch, const json_t *update)
{
	bool colour = watch->cli->terminal.colour;
	char state[FIELD_UPDATE_SIZE], node[NODE_COLUMNS + 1];

	(void)snprintf(node, sizeof(node), "%s", field_text(update, "node"));
	printf("  %-*s %s", NODE_COLUMNS, node, tone_begin(field_update_tone(update), colour));
	draw_text(watch, field_update(state, sizeof(state), update), NODE_COLUMNS + 3);
	printf("%s\033[K\n", tone_end(field_update_tone(update), colour));
	watch->lines++;
}

static void draw_updates(struct watch *watch, const json_t *updates)
{
	size_t i;
	json_t *update;

	json_array_foreach (updates, i, update) {
		if (i == TRANSFERS_SHOWN || watch->lines + 2 >= watch->cli->terminal.height)
			return;
		draw_update(watch, update);
	}
}

/* Draws over what was drawn before. */
static void draw(struct watch *watch, const json_t *summary, int64_t now_ms)
{
	char line[PROGRESS_LINE_MAX];

	watch->cli->terminal = terminal_of(stdout);
	watch->progress.width = watch->cli->terminal.width - 1;
	watch->progress.total = (uint64_t)field_number(summary, "bytes_total");
	progress_line(&watch->progress, (uint64_t)field_number(summary, "bytes_done"), now_ms, line, sizeof(line));
	if (watch->lines)
		printf("\033[%uA", watch->lines);
	watch->lines = 2;
	printf("\r%s\033[K\n", line);
	draw_text(watch, watch->counts, 0);
	fputs("\033[K\n", stdout);
	draw_updates(watch, json_object_get(summary, "transfers"));
	draw_updates(watch, json_object_get(summary, "failures"));
	fputs("\033[J", stdout);
	fflush(stdout);
}

static void show(struct watch *watch, const json_t *summary)
{
	int64_t now_ms = clock_moment(&machine_clock).monotonic_ms;
	char counts[sizeof(watch->counts)];

	update_counts(counts, sizeof(counts), summary);
	bool changed = strcmp(counts, watch->counts) != 0;
	memcpy(watch->counts, counts, sizeof(counts));
	if (watch->cli->json)
		return;
	if (watch->cli->terminal.is_terminal) {
		draw(watch, summary, now_ms);
		return;
	}
	if (changed) {
		puts(counts);
		fflush(stdout);
	}
}

static int get_summary(struct cli *cli, const json_t *filter, json_t **out)
{
	json_t *request = json_copy((json_t *)filter);

	(void)json_object_set_new(request, "command", json_string("update.summary"));
	return ask(cli, request, out);
}

static int finish(struct cli *cli, json_t *summary)
{
	bool failed = count_failed(summary) > 0, none = field_number(summary, "total") == 0;
	int code = CLI_OK;

	if (cli->json)
		code = cli_print_json(cli, summary);
	else
		json_decref(summary);
	if (none)
		return cli_fail(cli, CLI_NOT_FOUND, "there is no such update");
	return failed ? CLI_FAILED : code;
}

int update_watch(struct cli *cli, const json_t *filter)
{
	struct watch watch = { .cli = cli };
	json_t *summary;
	int code = get_summary(cli, filter, &summary);

	if (code != CLI_OK)
		return code;
	progress_begin(&watch.progress, "updating", (uint64_t)field_number(summary, "bytes_done"), 0,
		clock_moment(&machine_clock).monotonic_ms);
	for (;;) {
		show(&watch, summary);
		if (count_active(summary) == 0)
			return finish(cli, summary);
		json_decref(summary);
		(void)poll(NULL, 0, POLL_MS);
		code = get_summary(cli, filter, &summary);
		if (code != CLI_OK)
			return code;
	}
}
