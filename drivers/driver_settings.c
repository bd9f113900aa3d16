#include "drivers/driver_settings.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/group.h"
#include "config/settings.h"
#include "config/value.h"
#include "protocols/number.h"
#include "protocols/token_writer.h"
#include "protocols/tokens.h"

#define SCRATCH_SIZE 65536

/* Writing. */

static bool has_value(const struct setting *setting, const void *slot)
{
	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_SECRET:
		return *(const char *const *)slot;
	case SETTING_NUMBER:
		return isfinite(*(const double *)slot);
	default:
		return true;
	}
}

static void write_values(struct token_writer *writer, const struct settings_table *table, const void *values);

static void write_list(struct token_writer *writer, const struct setting_list *list)
{
	token_array(writer, list->count);
	for (size_t i = 0; i < list->count; i++)
		token_string(writer, list->items[i]);
	token_close(writer);
}

static void write_groups(
	struct token_writer *writer, const struct settings_table *table, const struct setting_groups *groups)
{
	token_array(writer, groups->count);
	for (size_t i = 0; i < groups->count; i++)
		write_values(writer, table, (const char *)groups->items + i * table->struct_size);
	token_close(writer);
}

static void write_value(struct token_writer *writer, const struct setting *setting, const void *slot)
{
	switch (setting->type) {
	case SETTING_BOOLEAN:
		token_boolean(writer, *(const bool *)slot);
		return;
	case SETTING_INTEGER:
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_DAILY:
		token_integer(writer, *(const int64_t *)slot);
		return;
	case SETTING_NUMBER: {
		struct number number = number_from_double(*(const double *)slot);
		token_number(writer, &number);
		return;
	}
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_SECRET:
		token_string(writer, *(const char *const *)slot);
		return;
	case SETTING_CHOICE:
		token_string(writer, setting->choices[*(const int *)slot]);
		return;
	case SETTING_LIST:
	case SETTING_FILES:
		write_list(writer, slot);
		return;
	case SETTING_GROUPS:
		write_groups(writer, setting->table, slot);
		return;
	}
}

static void write_values(struct token_writer *writer, const struct settings_table *table, const void *values)
{
	uint64_t count = 0;

	for (size_t i = 0; i < table->count; i++)
		count += has_value(&table->settings[i], (const char *)values + table->settings[i].offset);
	token_map(writer, count);
	for (size_t i = 0; i < table->count; i++) {
		const struct setting *setting = &table->settings[i];
		const void *slot = (const char *)values + setting->offset;
		if (!has_value(setting, slot))
			continue;
		token_string(writer, setting->name);
		write_value(writer, setting, slot);
	}
	token_close(writer);
}

void driver_settings_write(const struct settings_table *table, const void *values, struct writer *out)
{
	struct token_writer writer;

	token_writer_init(&writer, FORMAT_JSON, out);
	write_values(&writer, table, values);
}

/* Reading. */

struct parsing {
	struct token_reader tokens;
	struct value_home home;
	char *why;
	size_t why_size;
};

static int read_values(struct parsing *parsing, const struct settings_table *table, void *values);

static int refuse(struct parsing *parsing, const struct setting *setting)
{
	snprintf(parsing->why, parsing->why_size, "the setting \"%s\" is not as its table allows", setting->name);
	return -EINVAL;
}

static int read_text(struct parsing *parsing, const struct setting *setting, struct span text, void *slot)
{
	char *copy = arena_copy(parsing->home.arena, text.data, text.size);

	if (setting->type != SETTING_TEXT && setting->type != SETTING_FILE && setting->type != SETTING_SECRET &&
		setting->type != SETTING_CHOICE)
		return -EINVAL;
	return copy ? value_store(setting, copy, &parsing->home, slot) : -ENOMEM;
}

static int read_number(const struct setting *setting, const struct number *number, void *slot)
{
	int64_t value;

	if (setting->type == SETTING_NUMBER) {
		double real = number_value(number);
		if (!value_real_in_range(setting, real))
			return -EINVAL;
		*(double *)slot = real;
		return 0;
	}
	if ((setting->type != SETTING_INTEGER && setting->type != SETTING_DURATION && setting->type != SETTING_SIZE &&
		    setting->type != SETTING_DAILY) ||
		number_scale(&value, number, 0) < 0 || !value_in_range(setting, value))
		return -EINVAL;
	*(int64_t *)slot = value;
	return 0;
}

static int read_list(struct parsing *parsing, struct setting_list *list)
{
	const char **items = arena_take(parsing->home.arena, VALUE_ITEMS_MAX * sizeof(*items));
	struct token token = { 0 };
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	while ((token = tokens_next(&parsing->tokens)).kind == TOKEN_TEXT && count < VALUE_ITEMS_MAX) {
		items[count] = arena_copy(parsing->home.arena, token.text.data, token.text.size);
		if (!items[count++])
			return -ENOMEM;
	}
	*list = (struct setting_list){ items, count };
	return token.kind == TOKEN_CLOSE ? 0 : -EINVAL;
}

static int read_groups(struct parsing *parsing, const struct settings_table *table, struct setting_groups *groups)
{
	struct token token = { 0 };
	size_t room = 0;
	int error = 0;

	*groups = (struct setting_groups){ 0 };
	while (!error && (token = tokens_next(&parsing->tokens)).kind == TOKEN_MAP) {
		if (groups->count == room) {
			room = room ? 2 * room : 4;
			void *items = room > VALUE_GROUPS_MAX
					      ? NULL
					      : arena_take(parsing->home.arena, room * table->struct_size);
			if (!items)
				return -ENOMEM;
			if (groups->count)
				memcpy(items, groups->items, groups->count * table->struct_size);
			groups->items = items;
		}
		void *values = (char *)groups->items + groups->count++ * table->struct_size;
		if (group_set_defaults(table, &parsing->home, values) < 0)
			return -ENOMEM;
		error = read_values(parsing, table, values);
	}
	return error ? error : token.kind == TOKEN_CLOSE ? 0 : -EINVAL;
}

static int read_value(struct parsing *parsing, const struct setting *setting, void *slot)
{
	struct token token = tokens_next(&parsing->tokens);

	switch (token.kind) {
	case TOKEN_TEXT:
		return read_text(parsing, setting, token.text, slot);
	case TOKEN_NUMBER:
		return read_number(setting, &token.number, slot);
	case TOKEN_BOOLEAN:
		if (setting->type != SETTING_BOOLEAN)
			return -EINVAL;
		*(bool *)slot = token.boolean;
		return 0;
	case TOKEN_ARRAY:
		if (setting->type == SETTING_GROUPS)
			return read_groups(parsing, setting->table, slot);
		return setting->type == SETTING_LIST || setting->type == SETTING_FILES ? read_list(parsing, slot)
										       : -EINVAL;
	default:
		return -EINVAL;
	}
}

static const struct setting *find_setting(const struct settings_table *table, struct span name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strlen(table->settings[i].name) == name.size &&
			memcmp(table->settings[i].name, name.data, name.size) == 0)
			return &table->settings[i];
	return NULL;
}

/* The members of an object whose opening was read. */
static int read_values(struct parsing *parsing, const struct settings_table *table, void *values)
{
	struct token token;

	while ((token = tokens_next(&parsing->tokens)).kind == TOKEN_TEXT) {
		const struct setting *setting = find_setting(table, token.text);
		if (!setting) {
			struct token passed = tokens_next(&parsing->tokens);
			tokens_skip(&parsing->tokens, &passed);
			continue;
		}
		int error = read_value(parsing, setting, (char *)values + setting->offset);
		if (error)
			return error == -ENOMEM ? error : refuse(parsing, setting);
	}
	return token.kind == TOKEN_CLOSE ? 0 : -EINVAL;
}

static int read_object(struct parsing *parsing, const struct settings_table *table, void *values)
{
	if (tokens_next(&parsing->tokens).kind != TOKEN_MAP)
		return -EINVAL;
	int error = read_values(parsing, table, values);
	if (!error && tokens_next(&parsing->tokens).kind != TOKEN_FINISH)
		error = -EINVAL;
	return error;
}

int driver_settings_read(const struct settings_table *table, void *values, struct arena *arena, struct span json,
	char *why, size_t why_size)
{
	struct parsing parsing = { .home = { arena, "." }, .why = why, .why_size = why_size };

	memset(values, 0, table->struct_size);
	if (group_set_defaults(table, &parsing.home, values) < 0)
		return -ENOMEM;
	void *scratch = malloc(SCRATCH_SIZE);
	if (!scratch)
		return -ENOMEM;
	snprintf(why, why_size, "the settings are not one JSON object");
	tokens_init(&parsing.tokens, FORMAT_JSON, json, scratch, SCRATCH_SIZE);
	int error = read_object(&parsing, table, values);
	free(scratch);
	return !error && table->check ? table->check(values, true, why, why_size) : error;
}
