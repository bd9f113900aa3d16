#include "gateway/cli/node_table.h"

#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/table.h"

static const struct table_column columns[] = {
	{ "NODE", false, true },
	{ "HARDWARE", false, true },
	{ "VERSION", false, true },
	{ "SEEN", true, false },
	{ "NEXT", true, false },
	{ "BATT", true, false },
	{ "UPDATE", false, true },
};

static void add_node(struct table *table, const json_t *node, int64_t now_ms)
{
	const json_t *update = json_object_get(node, "update"), *battery = json_object_get(node, "battery_percent");
	char seen[HUMAN_SIZE], next[HUMAN_SIZE], text[FIELD_UPDATE_SIZE];
	int64_t next_ms = field_number(node, "next_contact_ms");

	table_cell(table, TONE_PLAIN, "%s", field_text(node, "id"));
	table_cell(table, TONE_PLAIN, "%s", field_text(node, "hardware"));
	table_cell(table, TONE_PLAIN, "%s", field_text(node, "version"));
	table_cell(table, field_boolean(node, "silent") ? TONE_BAD : TONE_PLAIN, "%s",
		human_age(seen, field_number(node, "last_seen_ms"), now_ms));
	table_cell(table, next_ms && next_ms < now_ms ? TONE_BUSY : TONE_PLAIN, "%s",
		next_ms ? human_age(next, next_ms, now_ms) : "-");
	if (battery)
		table_cell(table, TONE_PLAIN, "%d %%", (int)json_integer_value(battery));
	else
		table_cell(table, TONE_QUIET, "-");
	table_cell(table, field_update_tone(update), "%s", field_update(text, sizeof(text), update));
}

void node_table_print(const json_t *nodes, size_t most, int64_t now_ms, const struct terminal *terminal, FILE *out)
{
	struct table *table = table_open(columns, sizeof(columns) / sizeof(columns[0]));
	size_t i;
	json_t *node;

	json_array_foreach (nodes, i, node) {
		if (i == most)
			break;
		add_node(table, node, now_ms);
	}
	table_print(table, out, terminal->width, terminal->colour);
	table_close(table);
}
