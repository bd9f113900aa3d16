#include "config/describe.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "config/value.h"

static void write_number(const struct setting *setting, char *out, size_t size, int64_t number)
{
	if (setting->type == SETTING_DURATION)
		value_write_duration(out, size, number);
	else if (setting->type == SETTING_SIZE)
		value_write_size(out, size, number);
	else if (setting->type == SETTING_DAILY)
		value_write_daily(out, size, number);
	else
		snprintf(out, size, "%" PRId64, number);
}

static bool is_number(const struct setting *setting)
{
	return setting->type == SETTING_INTEGER || setting->type == SETTING_DURATION || setting->type == SETTING_SIZE ||
	       setting->type == SETTING_DAILY || setting->type == SETTING_NUMBER;
}

static bool is_ranged(const struct setting *setting)
{
	return setting->least != 0 || setting->most != 0;
}

/* "1 to 5", "at least 1", or nothing. */
static void write_range(const struct setting *setting, char *out, size_t size)
{
	char least[32];
	char most[32];

	write_number(setting, least, sizeof(least), setting->least);
	write_number(setting, most, sizeof(most), setting->most);
	if (!is_ranged(setting))
		snprintf(out, size, "%s", "");
	else if (setting->most == INT64_MAX)
		snprintf(out, size, "at least %s", least);
	else
		snprintf(out, size, "%s to %s", least, most);
}

/* "a duration from 1 s to 1 d" */
static void write_number_range(const struct setting *setting, const char *what, char *out, size_t size)
{
	char range[80];

	write_range(setting, range, sizeof(range));
	if (!is_ranged(setting))
		snprintf(out, size, "%s", what);
	else
		snprintf(out, size, "%s %s %s", what, setting->most == INT64_MAX ? "of" : "from", range);
}

static void write_choices(const struct setting *setting, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; setting->choices[i] && used < size; i++) {
		const char *joint = i == 0 ? "" : setting->choices[i + 1] ? ", " : " or ";
		used += (size_t)snprintf(out + used, size - used, "%s\"%s\"", joint, setting->choices[i]);
	}
}

static void write_list(const struct setting *setting, char *out, size_t size)
{
	int64_t most = setting->most ? setting->most : VALUE_ITEMS_MAX;
	const char *what = setting->type == SETTING_FILES ? "paths" : "texts";

	if (setting->least > 0)
		snprintf(out, size, "a list of %" PRId64 " to %" PRId64 " %s, such as [ \"a\", \"b\" ]", setting->least,
			most, what);
	else
		snprintf(out, size, "a list of at most %" PRId64 " %s, such as [ \"a\", \"b\" ]", most, what);
}

static void write_text(const struct setting *setting, char *out, size_t size)
{
	int64_t most = setting->most ? setting->most : VALUE_TEXT_MAX;

	if (setting->least > 0)
		snprintf(out, size, "a text of %" PRId64 " to %" PRId64 " bytes in quotes", setting->least, most);
	else
		snprintf(out, size, "a text of at most %" PRId64 " bytes in quotes", most);
}

void describe_allowed(const struct setting *setting, char *out, size_t size)
{
	char range[128];

	switch (setting->type) {
	case SETTING_BOOLEAN:
		snprintf(out, size, "true or false");
		break;
	case SETTING_INTEGER:
		write_number_range(setting, "a whole number", out, size);
		break;
	case SETTING_NUMBER:
		write_number_range(setting, "a number", out, size);
		break;
	case SETTING_DURATION:
		write_number_range(setting, "a duration", range, sizeof(range));
		snprintf(out, size, "%s in ms, s, min, h or d, such as \"15 min\"", range);
		break;
	case SETTING_SIZE:
		write_number_range(setting, "a size", range, sizeof(range));
		snprintf(out, size, "%s in B, KB, MB, GB or TB, such as \"64 KB\"", range);
		break;
	case SETTING_DAILY:
		write_number_range(setting, "a size for each day", range, sizeof(range));
		snprintf(out, size, "%s in B, KB, MB, GB or TB, such as \"1 GB/day\"", range);
		break;
	case SETTING_TEXT:
		write_text(setting, out, size);
		break;
	case SETTING_FILE:
		snprintf(out, size, "a path in quotes");
		break;
	case SETTING_SECRET:
		snprintf(out, size, "the path, in quotes, of a file that holds the secret");
		break;
	case SETTING_CHOICE:
		write_choices(setting, out, size);
		break;
	case SETTING_LIST:
	case SETTING_FILES:
		write_list(setting, out, size);
		break;
	case SETTING_GROUPS:
		snprintf(out, size, "a list of at most %" PRId64 " groups, such as ( { ... }, { ... } )",
			setting->most ? setting->most : VALUE_GROUPS_MAX);
		break;
	}
}

void describe_range(const struct setting *setting, char *out, size_t size)
{
	if (is_number(setting) && is_ranged(setting))
		write_range(setting, out, size);
	else
		describe_allowed(setting, out, size);
}
