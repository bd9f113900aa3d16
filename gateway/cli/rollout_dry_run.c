#include "gateway/cli/rollout_dry_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/rollout_show.h"
#include "gateway/cli/table.h"
#include "gateway/moment.h"
#include "gateway/soak_times.h"

static void print_waves(const struct cli *cli, const json_t *preview)
{
	static const struct table_column columns[] = { { "WAVE", true, false }, { "UP TO", true, false },
		{ "NODES", true, false }, { "THEN WATCHED", true, false } };
	const json_t *plan = json_object_get(preview, "plan"), *counts = json_object_get(preview, "waves");
	struct table *table = table_open(columns, 4);
	char soak[HUMAN_SIZE];
	size_t i;
	json_t *count;

	json_array_foreach (counts, i, count) {
		bool is_last = i + 1 == json_array_size(counts);
		table_cell(table, TONE_PLAIN, "%zu", i + 1);
		table_cell(table, TONE_PLAIN, "%g %%", rollout_share_of(plan, i));
		table_cell(table, TONE_PLAIN, "%" JSON_INTEGER_FORMAT, json_integer_value(count));
		(void)human_duration(soak, soak_times_after(json_object_get(plan, "soak_ms"), (unsigned)i));
		table_cell(table, TONE_PLAIN, "%s", is_last ? "-" : soak);
	}
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
}

static void print_excluded(const struct cli *cli, const json_t *excluded)
{
	static const struct table_column columns[] = { { "LEFT OUT", true, false },
		{ "BECAUSE THE NODE", false, false, true } };
	struct table *table = table_open(columns, 2);
	size_t i;
	json_t *item;

	json_array_foreach (excluded, i, item) {
		table_cell(table, TONE_PLAIN, "%" PRId64, field_number(item, "nodes"));
		table_cell(table, TONE_PLAIN, "%s", field_text(item, "reason"));
	}
	if (i > 0) {
		putchar('\n');
		table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	}
	table_close(table);
}

/* Over which images the node gets there, or why it does not. */
static const char *way_text(char *out, size_t size, const json_t *item)
{
	bool has_detail = json_object_get(item, "detail") != NULL;
	const char *before = "over ";
	size_t used = 0, i;
	json_t *version;

	snprintf(out, size, "%s%s%s", field_text(item, "reason"), has_detail ? ": " : "",
		has_detail ? field_text(item, "detail") : "");
	json_array_foreach (json_object_get(item, "over"), i, version) {
		if (used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s", before, json_string_value(version));
		before = ", ";
	}
	return out;
}

/* A line for each node: its wave, when that can be and over what, or why not. */
static void print_list(const struct cli *cli, json_t *list)
{
	static const struct table_column columns[] = { { "NODE", false, true }, { "WAVE", true, false },
		{ "EARLIEST", false, false }, { "WAY, OR WHY NOT", false, false, true } };
	int64_t now_ms = clock_moment(&machine_clock).wall_ms;
	struct table *table = table_open(columns, 4);
	char wave[24], age[HUMAN_SIZE], way[256];
	size_t i;
	json_t *item;

	field_sort(list, "node");
	json_array_foreach (list, i, item) {
		bool gets_it = json_object_get(item, "wave") != NULL;
		table_cell(table, TONE_PLAIN, "%s", field_text(item, "node"));
		snprintf(wave, sizeof(wave), "%" PRId64, field_number(item, "wave"));
		table_cell(table, TONE_PLAIN, "%s", gets_it ? wave : "-");
		table_cell(table, TONE_PLAIN, "%s",
			gets_it ? human_age(age, field_number(item, "earliest_ms"), now_ms) : "-");
		table_cell(table, TONE_PLAIN, "%s", way_text(way, sizeof(way), item));
	}
	putchar('\n');
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
}

void rollout_dry_run_print(const struct cli *cli, const json_t *preview)
{
	const json_t *plan = json_object_get(preview, "plan");

	print_waves(cli, preview);
	printf("%" PRId64 " nodes of hardware type %s", field_number(preview, "nodes"), field_text(plan, "hardware"));
	if (field_number(preview, "running"))
		printf(", %" PRId64 " of them run the image already", field_number(preview, "running"));
	putchar('\n');
	print_excluded(cli, json_object_get(preview, "excluded"));
	if (!json_object_get(preview, "list"))
		return;
	print_list(cli, json_object_get(preview, "list"));
	if (json_object_get(preview, "next"))
		puts("and more: --verbose has a line for each node");
	puts("\nNothing has begun: this was a dry run.");
}
