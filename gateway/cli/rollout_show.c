#include "gateway/cli/rollout_show.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/pair.h"
#include "gateway/cli/rollout_pace.h"
#include "gateway/cli/rollout_words.h"
#include "gateway/cli/table.h"
#include "gateway/cli/wrap.h"
#include "gateway/moment.h"

#define BAR_CELLS 24
#define POLL_MS 1000
#define MISSING_SHOWN 10
#define TEXT_LINES_MOST 4

enum tone rollout_tone(const json_t *rollout)
{
	const char *state = field_text(rollout, "state");

	if (strcmp(state, "complete") == 0)
		return TONE_GOOD;
	if (strcmp(state, "tripped") == 0 || strcmp(state, "rolled_back") == 0 || strcmp(state, "aborted") == 0)
		return TONE_BAD;
	return TONE_BUSY;
}

static bool is_over(const json_t *rollout)
{
	static const char *const words[] = { "complete", "tripped", "rolled_back", "aborted", "paused" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(field_text(rollout, "state"), words[i]) == 0)
			return true;
	return false;
}

double rollout_share_of(const json_t *plan, size_t index)
{
	const char *at = field_text(plan, "waves");
	char *end;
	double share = strtod(at, &end);

	for (; index > 0 && *end; index--)
		share = strtod(end, &end);
	return share;
}

static void draw_bar(const struct cli *cli, const char *label, int64_t done, int64_t total)
{
	int cells = total > 0 ? (int)(done * BAR_CELLS / total) : 0;
	char bar[BAR_CELLS + 1];

	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', (size_t)(cells > BAR_CELLS ? BAR_CELLS : cells));
	bar[BAR_CELLS] = '\0';
	printf("  %-16s [%s] %" PRId64 " of %" PRId64 "%s\n", label, bar, done, total,
		cli->terminal.is_terminal ? "\033[K" : "");
}

/* A bar a wave; lines printed. */
static unsigned draw_waves(const struct cli *cli, const json_t *rollout)
{
	const json_t *plan = json_object_get(rollout, "plan"), *waves = json_object_get(rollout, "wave_nodes");
	const json_t *confirmed = json_object_get(rollout, "wave_confirmed");
	size_t i;
	json_t *count;

	json_array_foreach (waves, i, count) {
		char label[64];

		snprintf(label, sizeof(label), "%s wave %zu, %g %%",
			(int64_t)i + 1 == field_number(rollout, "wave") ? ">" : " ", i + 1, rollout_share_of(plan, i));
		draw_bar(cli, label, json_integer_value(json_array_get(confirmed, i)), json_integer_value(count));
	}
	return (unsigned)json_array_size(waves);
}

static void print_counts(const struct cli *cli, const json_t *rollout)
{
	char text[ROLLOUT_WORDS_SIZE];

	pair_print(cli, "nodes", rollout_words_nodes(text, rollout));
	if (*rollout_words_held_back(text, rollout))
		pair_print(cli, "held back", text);
	if (!field_number(rollout, "forgiven"))
		return;
	snprintf(text, sizeof(text), "%" PRId64 " that had failed or were silent when it was resumed",
		field_number(rollout, "forgiven"));
	pair_print(cli, "not counted", text);
}

static void print_missing(const struct cli *cli, const json_t *missing)
{
	static const struct table_column columns[] = { { "NODE", false, true },
		{ "WAITED FOR BECAUSE", false, false, true } };
	size_t i;
	json_t *item;

	if (json_array_size(missing) == 0)
		return;
	struct table *table = table_open(columns, 2);
	json_array_foreach (missing, i, item) {
		table_cell(table, TONE_PLAIN, "%s", field_text(item, "node"));
		table_cell(table, TONE_PLAIN, "%s", field_text(item, "state"));
	}
	putchar('\n');
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
}

static const char *pace_text(char out[ROLLOUT_PACE_SIZE], const json_t *rollout)
{
	struct rollout_pace pace;

	rollout_pace_of(&pace, rollout, clock_moment(&machine_clock).wall_ms);
	return rollout_pace_text(out, &pace);
}

/* What updated nodes are compared in with the others. */
static void print_comparisons(const struct cli *cli, const json_t *plan)
{
	char traffic[48] = "", battery[48] = "", text[192];

	if (field_number(plan, "traffic_percent"))
		snprintf(traffic, sizeof(traffic), "; traffic up to +%" PRId64 " %%",
			field_number(plan, "traffic_percent"));
	if (field_number(plan, "drain_percent"))
		snprintf(battery, sizeof(battery), "; battery up to +%" PRId64 " %%",
			field_number(plan, "drain_percent"));
	snprintf(text, sizeof(text), "%s%s%s%s", field_boolean(plan, "drops") ? "; drops" : "",
		field_boolean(plan, "online") ? "; nodes gone away" : "", traffic, battery);
	pair_print(cli, "compared", *text ? text + 2 : "nothing");
}

/* "sim-m4, named hall-*, with the labels indoor, that run <2" */
static void print_targets(const struct cli *cli, const json_t *plan)
{
	char text[512], labels[128] = "";
	size_t size = 0, i;
	json_t *label;

	json_array_foreach (json_object_get(plan, "labels"), i, label)
		if (size < sizeof(labels))
			size += (size_t)snprintf(labels + size, sizeof(labels) - size, "%s%s", size ? ", " : "",
				json_string_value(label));
	size_t listed = json_array_size(json_object_get(plan, "nodes"));
	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", field_text(plan, "hardware"),
		*field_said(plan, "only") ? ", named " : "", field_said(plan, "only"),
		*labels ? ", with the labels " : "", labels, *field_said(plan, "versions") ? ", that run " : "",
		field_said(plan, "versions"), listed > 0 ? ", of those listed" : "");
	pair_print(cli, "nodes of", text);
}

static void print_gates(const struct cli *cli, const json_t *plan)
{
	char text[256], most[48] = "", battery[64] = "";

	if (field_number(plan, "failed_most"))
		snprintf(most, sizeof(most), " and %" PRId64 " in all", field_number(plan, "failed_most"));
	if (field_number(plan, "battery_percent"))
		snprintf(battery, sizeof(battery), ", batteries from %" PRId64 " %%",
			field_number(plan, "battery_percent"));
	snprintf(text, sizeof(text),
		"at least %" PRId64 " %% confirmed, at most %" PRId64 " %%%s failed, silent after %" PRId64 " wakes%s",
		field_number(plan, "confirmed_percent"), field_number(plan, "failed_percent"), most,
		field_number(plan, "deadline_wakes"), battery);
	pair_print(cli, "gates", text);
	print_comparisons(cli, plan);
	pair_print(cli, "on failure", field_text(plan, "on_failure"));
}

static void print_plan(const struct cli *cli, const json_t *rollout, const json_t *plan)
{
	char text[ROLLOUT_WORDS_SIZE];

	pair_print(cli, "image", rollout_words_image(text, rollout));
	print_targets(cli, plan);
	if (*rollout_words_soak(text, rollout))
		pair_print(cli, "soak", text);
	print_gates(cli, plan);
	if (field_number(plan, "priority")) {
		snprintf(text, sizeof(text), "%" PRId64, field_number(plan, "priority"));
		pair_print(cli, "priority", text);
	}
	if (*field_said(plan, "window"))
		pair_print(cli, "window", field_said(plan, "window"));
	if (*field_said(plan, "apply_window"))
		pair_print(cli, "activation", field_said(plan, "apply_window"));
}

void rollout_show_print(const struct cli *cli, const json_t *rollout)
{
	char text[ROLLOUT_WORDS_SIZE], pace[ROLLOUT_PACE_SIZE];

	pair_print(cli, "rollout", field_text(rollout, "rollout"));
	pair_print(cli, "state", rollout_words_state(text, rollout, clock_moment(&machine_clock).wall_ms));
	pair_print(cli, "reason", field_text(rollout, "reason"));
	if (*rollout_words_next(text, rollout))
		pair_print(cli, "next", text);
	print_plan(cli, rollout, json_object_get(rollout, "plan"));
	print_counts(cli, rollout);
	if (*pace_text(pace, rollout))
		pair_print(cli, "pace", pace);
	putchar('\n');
	(void)draw_waves(cli, rollout);
	print_missing(cli, json_object_get(rollout, "missing"));
}

/* Lines of a text, wrapped, that are printed over what was there; at least one. */
static unsigned draw_text(const struct cli *cli, const char *text)
{
	size_t columns = cli->terminal.width > 4 ? cli->terminal.width - 3 : 1;
	unsigned lines = 0;

	do {
		size_t bytes = wrap_line(text, columns);
		printf("  %.*s\033[K\n", (int)bytes, text);
		text = wrap_rest(text, bytes);
		lines++;
	} while (*text && lines < TEXT_LINES_MOST);
	return lines;
}

/* As many of the nodes that it waits for as there is room for below `lines`; lines printed. */
static unsigned draw_missing(const struct cli *cli, const json_t *rollout, unsigned lines)
{
	const json_t *missing = json_object_get(rollout, "missing");
	size_t room = cli->terminal.width > 40 ? cli->terminal.width - 30 : 10, i;
	json_t *item;

	json_array_foreach (missing, i, item) {
		if (i == MISSING_SHOWN || lines + i + 3 >= cli->terminal.height)
			break;
		printf("  %-24.24s  ", field_text(item, "node"));
		(void)text_print(stdout, field_text(item, "state"), room);
		fputs("\033[K\n", stdout);
	}
	if (i == json_array_size(missing))
		return (unsigned)i;
	printf("  and more: wakegate rollout show %s\033[K\n", field_text(rollout, "rollout"));
	return (unsigned)i + 1;
}

/* Draws over what was drawn before; the lines there are now. */
static unsigned draw(struct cli *cli, const json_t *rollout, unsigned lines)
{
	char text[ROLLOUT_WORDS_SIZE], pace[ROLLOUT_PACE_SIZE];

	cli->terminal = terminal_of(stdout);
	if (lines)
		printf("\033[%uA\r", lines);
	lines = draw_waves(cli, rollout);
	lines += draw_text(cli, rollout_words_state(text, rollout, clock_moment(&machine_clock).wall_ms));
	if (*pace_text(pace, rollout))
		lines += draw_text(cli, pace);
	lines += draw_text(cli, field_text(rollout, "reason"));
	if (*rollout_words_next(text, rollout))
		lines += draw_text(cli, text);
	lines += draw_missing(cli, rollout, lines);
	fputs("\033[J", stdout);
	fflush(stdout);
	return lines;
}

/* A line where its counts are new, and one more where its verdict is, or what may be done. */
struct told {
	char counts[128];
	char reason[256];
	char waits[256];
	char next[ROLLOUT_WORDS_SIZE];
};

static bool is_news(char *before, size_t size, const char *text)
{
	bool news = strcmp(before, text) != 0;

	snprintf(before, size, "%s", text);
	return news;
}

static void tell(const json_t *rollout, struct told *told)
{
	char counts[sizeof(told->counts)], next[sizeof(told->next)];

	snprintf(counts, sizeof(counts), "%s wave %" PRId64 "/%" PRId64 ": %" PRId64 " of %" PRId64 " confirmed",
		field_text(rollout, "state"), field_number(rollout, "wave"), field_number(rollout, "waves"),
		field_number(rollout, "confirmed"), field_number(rollout, "nodes"));
	if (is_news(told->reason, sizeof(told->reason), field_text(rollout, "reason")))
		puts(told->reason);
	if (is_news(told->counts, sizeof(told->counts), counts))
		puts(counts);
	if (is_news(told->waits, sizeof(told->waits), field_said(rollout, "waits")) && *told->waits)
		puts(told->waits);
	if (is_news(told->next, sizeof(told->next), rollout_words_next(next, rollout)) && *next)
		puts(next);
	fflush(stdout);
}

static int finish(struct cli *cli, json_t *rollout)
{
	int code = strcmp(field_text(rollout, "state"), "complete") == 0 ? CLI_OK : CLI_FAILED;

	if (!cli->json) {
		json_decref(rollout);
		return code;
	}
	int printed = cli_print_json(cli, rollout);
	return code == CLI_OK ? printed : code;
}

int rollout_watch(struct cli *cli, const char *name)
{
	struct told told = { 0 };
	unsigned lines = 0;

	for (;;) {
		json_t *rollout;
		int code = ask(cli, json_pack("{s:s, s:s}", "command", "rollout.show", "rollout", name), &rollout);
		if (code != CLI_OK)
			return code;
		if (!cli->json && cli->terminal.is_terminal)
			lines = draw(cli, rollout, lines);
		else if (!cli->json)
			tell(rollout, &told);
		if (is_over(rollout))
			return finish(cli, rollout);
		json_decref(rollout);
		(void)poll(NULL, 0, POLL_MS);
	}
}
