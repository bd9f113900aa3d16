#include "config/value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/path.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first; the last is 1 and ends the table. */
static const struct unit duration_units[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "min", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

static const struct unit size_units[] = {
	{ "TB", INT64_C(1) << 40 },
	{ "GB", INT64_C(1) << 30 },
	{ "MB", INT64_C(1) << 20 },
	{ "KB", INT64_C(1) << 10 },
	{ "B", 1 },
};

static int parse_with_unit(int64_t *out, const char *text, const struct unit *units)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	int64_t number = strtoll(text, &end, 10);
	if (errno)
		return -EINVAL;
	while (*end == ' ')
		end++;
	const struct unit *unit = units;
	while (strcmp(unit->name, end) != 0 && unit->factor > 1)
		unit++;
	if (strcmp(unit->name, end) != 0 || __builtin_mul_overflow(number, unit->factor, &number))
		return -EINVAL;
	*out = number;
	return 0;
}

static void write_with_unit(char *out, size_t size, int64_t number, const struct unit *units)
{
	const struct unit *unit = units;

	while (unit->factor > 1 && (number == 0 || number % unit->factor != 0))
		unit++;
	snprintf(out, size, "%" PRId64 " %s", number / unit->factor, unit->name);
}

int value_parse_duration(int64_t *out_ms, const char *text)
{
	return parse_with_unit(out_ms, text, duration_units);
}

int value_parse_size(int64_t *out_bytes, const char *text)
{
	return parse_with_unit(out_bytes, text, size_units);
}

int value_parse_daily(int64_t *out_bytes, const char *text)
{
	static const char suffix[] = "/day";
	size_t size = strlen(text), suffix_size = sizeof(suffix) - 1;
	char amount[32];

	if (strcmp(text, "0") == 0) {
		*out_bytes = 0;
		return 0;
	}
	if (size < suffix_size || size - suffix_size >= sizeof(amount) ||
		strcmp(text + size - suffix_size, suffix) != 0)
		return -EINVAL;
	memcpy(amount, text, size - suffix_size);
	amount[size - suffix_size] = '\0';
	return value_parse_size(out_bytes, amount);
}

void value_write_duration(char *out, size_t size, int64_t ms)
{
	write_with_unit(out, size, ms, duration_units);
}

void value_write_size(char *out, size_t size, int64_t bytes)
{
	write_with_unit(out, size, bytes, size_units);
}

void value_write_daily(char *out, size_t size, int64_t bytes)
{
	char amount[32];

	value_write_size(amount, sizeof(amount), bytes);
	snprintf(out, size, "%s/day", amount);
}

bool value_in_range(const struct setting *setting, int64_t value)
{
	if (setting->least == 0 && setting->most == 0)
		return true;
	return value >= setting->least && value <= setting->most;
}

bool value_real_in_range(const struct setting *setting, double value)
{
	if (!isfinite(value))
		return false;
	if (setting->least == 0 && setting->most == 0)
		return true;
	return value >= (double)setting->least && value <= (double)setting->most;
}

static int store_boolean(const char *text, void *slot)
{
	bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0)
		return -EINVAL;
	*(bool *)slot = yes;
	return 0;
}

static int parse_integer(int64_t *out, const char *text)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno || end == text || *end ? -EINVAL : 0;
}

static int store_number(const struct setting *setting, const char *text, void *slot)
{
	int64_t value = 0;
	int error;

	if (setting->type == SETTING_DURATION)
		error = value_parse_duration(&value, text);
	else if (setting->type == SETTING_SIZE)
		error = value_parse_size(&value, text);
	else if (setting->type == SETTING_DAILY)
		error = value_parse_daily(&value, text);
	else
		error = parse_integer(&value, text);
	if (error || !value_in_range(setting, value))
		return -EINVAL;
	*(int64_t *)slot = value;
	return 0;
}

static int store_real(const struct setting *setting, const char *text, void *slot)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !value_real_in_range(setting, value))
		return -EINVAL;
	*(double *)slot = value;
	return 0;
}

static int store_text(const struct setting *setting, const char *text, const struct value_home *home, void *slot)
{
	size_t size = strlen(text);
	bool path = setting->type != SETTING_TEXT;

	if (!value_in_range(setting, (int64_t)size) || size > VALUE_TEXT_MAX || (path && size == 0))
		return -EINVAL;
	char *copy = path ? path_join(home->arena, home->folder, text) : arena_copy(home->arena, text, size);
	if (!copy)
		return -ENOMEM;
	*(const char **)slot = copy;
	return 0;
}

static int store_choice(const struct setting *setting, const char *text, void *slot)
{
	for (int i = 0; setting->choices[i]; i++) {
		if (strcmp(setting->choices[i], text) == 0) {
			*(int *)slot = i;
			return 0;
		}
	}
	return -EINVAL;
}

int value_store(const struct setting *setting, const char *text, const struct value_home *home, void *slot)
{
	switch (setting->type) {
	case SETTING_BOOLEAN:
		return store_boolean(text, slot);
	case SETTING_INTEGER:
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_DAILY:
		return store_number(setting, text, slot);
	case SETTING_NUMBER:
		return store_real(setting, text, slot);
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_SECRET:
		return store_text(setting, text, home, slot);
	case SETTING_CHOICE:
		return store_choice(setting, text, slot);
	case SETTING_LIST:
	case SETTING_FILES:
	case SETTING_GROUPS:
		break;
	}
	assert(!"lists and groups are read from the file's own syntax");
	return -EINVAL;
}

size_t value_size(const struct setting *setting)
{
	static const size_t sizes[] = {
		[SETTING_BOOLEAN] = sizeof(bool),
		[SETTING_INTEGER] = sizeof(int64_t),
		[SETTING_DURATION] = sizeof(int64_t),
		[SETTING_SIZE] = sizeof(int64_t),
		[SETTING_DAILY] = sizeof(int64_t),
		[SETTING_NUMBER] = sizeof(double),
		[SETTING_TEXT] = sizeof(const char *),
		[SETTING_FILE] = sizeof(const char *),
		[SETTING_SECRET] = sizeof(const char *),
		[SETTING_CHOICE] = sizeof(int),
		[SETTING_LIST] = sizeof(struct setting_list),
		[SETTING_FILES] = sizeof(struct setting_list),
		[SETTING_GROUPS] = sizeof(struct setting_groups),
	};

	return sizes[setting->type];
}

static bool list_equal(const struct setting_list *a, const struct setting_list *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++)
		equal = strcmp(a->items[i], b->items[i]) == 0;
	return equal;
}

static bool groups_equal(
	const struct settings_table *table, const struct setting_groups *a, const struct setting_groups *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++) {
		const char *left = (const char *)a->items + i * table->struct_size;
		const char *right = (const char *)b->items + i * table->struct_size;
		for (size_t j = 0; equal && j < table->count; j++) {
			const struct setting *setting = &table->settings[j];
			equal = value_equal(setting, left + setting->offset, right + setting->offset);
		}
	}
	return equal;
}

static bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool value_equal(const struct setting *setting, const void *a, const void *b)
{
	switch (setting->type) {
	case SETTING_BOOLEAN:
		return *(const bool *)a == *(const bool *)b;
	case SETTING_INTEGER:
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_DAILY:
		return *(const int64_t *)a == *(const int64_t *)b;
	case SETTING_NUMBER:
		return memcmp(a, b, sizeof(double)) == 0; /* NAN is as good as itself */
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_SECRET:
		return text_equal(*(const char *const *)a, *(const char *const *)b);
	case SETTING_CHOICE:
		return *(const int *)a == *(const int *)b;
	case SETTING_LIST:
	case SETTING_FILES:
		return list_equal(a, b);
	case SETTING_GROUPS:
		return groups_equal(setting->table, a, b);
	}
	return true;
}
