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
#include "gateway/cli/table.h"
#include "gateway/cli/wrap.h"
#include "gateway/moment.h"
#include "gateway/soak_times.h"

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

/* Its text of that name, "" where there is none. */
static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "";
}

static const char *state_text(char *out, size_t size, const json_t *rollout)
{
	const char *state = field_text(rollout, "state"), *waits = text_of(rollout, "waits");
	int64_t now_ms = clock_moment(&machine_clock).wall_ms, until_ms = field_number(rollout, "soak_until_ms");
	int64_t start_ms = field_number(json_object_get(rollout, "plan"), "start_ms");
	char age[HUMAN_SIZE];

	if (until_ms)
		snprintf(out, size, "soaking, judged %s", human_age(age, until_ms, now_ms));
	else if (strcmp(state, "waiting") == 0 && !*waits && start_ms > now_ms)
		snprintf(out, size, "waiting, begins %s", human_age(age, start_ms, now_ms));
	else
		snprintf(out, size, "%s%s%s", state, *waits ? ": " : "", waits);
	return out;
}

/* What an operator may do about one that does not go on by itself: words after "wakegate rollout", or "". */
static const char *next_text(char *out, size_t size, const json_t *rollout)
{
	static const struct {
		const char *state, *verbs;
	} ways[] = { { "tripped", "resume|rollback|abort" }, { "paused", "resume|rollback|abort" } };
	const char *verbs = "";

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(field_text(rollout, "state"), ways[i].state) == 0)
			verbs = ways[i].verbs;
	if (strcmp(field_text(rollout, "state"), "waiting") == 0 && json_is_false(json_object_get(rollout, "approved")))
		verbs = "approve|abort";
	snprintf(out, size, "%s%s%s%s", *verbs ? "wakegate rollout " : "", verbs, *verbs ? " " : "",
		*verbs ? field_text(rollout, "rollout") : "");
	return out;
}

/* As the daemon names it, and as a person would. */
static const char *obstacle_text(const char *name)
{
	static const char *const texts[][2] = { { "held", "by an operator" }, { "battery", "by a low battery" },
		{ "stone", "by a missing stepping stone" }, { "unfit", "that the image is not for" } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i][0], name) == 0)
			return texts[i][1];
	return name;
}

/* They are counted when it begins. */
static int64_t nodes_in_all(const json_t *rollout)
{
	int64_t sum = 0;
	size_t i;
	json_t *count;

	json_array_foreach (json_object_get(rollout, "wave_nodes"), i, count)
		sum += json_integer_value(count);
	return field_number(rollout, "nodes") ? field_number(rollout, "nodes") : sum;
}

static void print_counts(const struct cli *cli, const json_t *rollout)
{
	char text[192];
	size_t size = 0;
	const char *obstacle;
	json_t *count;

	snprintf(text, sizeof(text),
		"%" PRId64 " confirmed, %" PRId64 " failed, %" PRId64 " silent, %" PRId64 " open of %" PRId64
		" reached; %" PRId64 " in all",
		field_number(rollout, "confirmed"), field_number(rollout, "failed"), field_number(rollout, "silent"),
		field_number(rollout, "open"), field_number(rollout, "reached"), nodes_in_all(rollout));
	pair_print(cli, "nodes", text);
	json_object_foreach (json_object_get(rollout, "excused"), obstacle, count)
		if (json_integer_value(count) > 0)
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%" JSON_INTEGER_FORMAT " %s",
				size ? ", " : "", json_integer_value(count), obstacle_text(obstacle));
	if (size > 0)
		pair_print(cli, "held back", text);
	if (field_number(rollout, "forgiven")) {
		snprintf(text, sizeof(text), "%" PRId64 " that had failed or were silent when it was resumed",
			field_number(rollout, "forgiven"));
		pair_print(cli, "not counted", text);
	}
	const json_t *returns = json_object_get(rollout, "returns");
	if (!returns)
		return;
	snprintf(text, sizeof(text),
		"%" PRId64 " back, %" PRId64 " on their way, %" PRId64 " refuse, %" PRId64 " cannot",
		field_number(returns, "done"), field_number(returns, "under_way"), field_number(returns, "refused"),
		field_number(returns, "impossible"));
	pair_print(cli, "rolled back", text);
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
		*text_of(plan, "only") ? ", named " : "", text_of(plan, "only"), *labels ? ", with the labels " : "",
		labels, *text_of(plan, "versions") ? ", that run " : "", text_of(plan, "versions"),
		listed > 0 ? ", of those listed" : "");
	pair_print(cli, "nodes of", text);
}

/* "soak 24 h, ", "soak 1 h, 4 h and 24 h, ", or nothing where one wave is all. */
static const char *soak_text(char *out, size_t size, const json_t *rollout)
{
	const json_t *times = json_object_get(json_object_get(rollout, "plan"), "soak_ms");
	unsigned count = json_is_array(times) ? (unsigned)json_array_size(times) : 1;
	size_t used = 0;
	char text[HUMAN_SIZE];

	out[0] = '\0';
	for (unsigned i = 0; field_number(rollout, "waves") > 1 && i < count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s%s",
			i == 0           ? "soak "
			: i + 1 == count ? " and "
					 : ", ",
			human_duration(text, soak_times_after(times, i)), i + 1 == count ? ", " : "");
	return out;
}

static void print_gates(const struct cli *cli, const json_t *rollout, const json_t *plan)
{
	char text[512], soak[192], most[48] = "", battery[64] = "";

	if (field_number(plan, "failed_most"))
		snprintf(most, sizeof(most), " and %" PRId64 " in all", field_number(plan, "failed_most"));
	if (field_number(plan, "battery_percent"))
		snprintf(battery, sizeof(battery), ", batteries from %" PRId64 " %%",
			field_number(plan, "battery_percent"));
	snprintf(text, sizeof(text),
		"%sat least %" PRId64 " %% confirmed, at most %" PRId64 " %%%s failed, silent after %" PRId64
		" wakes%s",
		soak_text(soak, sizeof(soak), rollout), field_number(plan, "confirmed_percent"),
		field_number(plan, "failed_percent"), most, field_number(plan, "deadline_wakes"), battery);
	pair_print(cli, "gates", text);
	print_comparisons(cli, plan);
	pair_print(cli, "on failure", field_text(plan, "on_failure"));
}

static void print_plan(const struct cli *cli, const json_t *rollout, const json_t *plan)
{
	char text[64];

	snprintf(text, sizeof(text), "%.16s", field_text(rollout, "image"));
	pair_print(cli, "image", text);
	print_targets(cli, plan);
	print_gates(cli, rollout, plan);
	if (field_number(plan, "priority")) {
		snprintf(text, sizeof(text), "%" PRId64, field_number(plan, "priority"));
		pair_print(cli, "priority", text);
	}
	if (*text_of(plan, "window"))
		pair_print(cli, "window", text_of(plan, "window"));
	if (*text_of(plan, "apply_window"))
		pair_print(cli, "activation", text_of(plan, "apply_window"));
}

void rollout_show_print(const struct cli *cli, const json_t *rollout)
{
	char text[256], pace[ROLLOUT_PACE_SIZE];

	pair_print(cli, "rollout", field_text(rollout, "rollout"));
	pair_print(cli, "state", state_text(text, sizeof(text), rollout));
	pair_print(cli, "verdict", field_text(rollout, "reason"));
	if (*next_text(text, sizeof(text), rollout))
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

/* Draws over what was drawn before; the lines there are now. */
static unsigned draw(struct cli *cli, const json_t *rollout, unsigned lines)
{
	const json_t *missing = json_object_get(rollout, "missing");
	char text[256], pace[ROLLOUT_PACE_SIZE];
	size_t i;
	json_t *item;

	cli->terminal = terminal_of(stdout);
	if (lines)
		printf("\033[%uA\r", lines);
	lines = draw_waves(cli, rollout);
	lines += draw_text(cli, state_text(text, sizeof(text), rollout));
	if (*pace_text(pace, rollout))
		lines += draw_text(cli, pace);
	lines += draw_text(cli, field_text(rollout, "reason"));
	if (*next_text(text, sizeof(text), rollout))
		lines += draw_text(cli, text);
	size_t room = cli->terminal.width > 40 ? cli->terminal.width - 30 : 10;
	json_array_foreach (missing, i, item) {
		if (i == MISSING_SHOWN || lines + 2 >= cli->terminal.height)
			break;
		printf("  %-24.24s  ", field_text(item, "node"));
		(void)text_print(stdout, field_text(item, "state"), room);
		fputs("\033[K\n", stdout);
		lines++;
	}
	fputs("\033[J", stdout);
	fflush(stdout);
	return lines;
}

/* A line where its counts are new, and one more where its verdict is, or what may be done. */
struct told {
	char counts[128];
	char reason[256];
	char waits[256];
	char next[128];
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
	if (is_news(told->waits, sizeof(told->waits), text_of(rollout, "waits")) && *told->waits)
		puts(told->waits);
	if (is_news(told->next, sizeof(told->next), next_text(next, sizeof(next), rollout)) && *next)
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
