#include "gateway/cli/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *field_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : "-";
}

const char *field_said(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int64_t field_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

bool field_boolean(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static int compare(const void *a, const void *b, void *name)
{
	return strverscmp(field_text(*(json_t *const *)a, (const char *)name),
		field_text(*(json_t *const *)b, (const char *)name));
}

void field_sort(json_t *list, const char *name)
{
	size_t count = json_array_size(list), i;
	json_t **items = calloc(count + 1, sizeof(*items)), *item;

	if (!items)
		return; /* as the daemon gave it will do */
	json_array_foreach (list, i, item)
		items[i] = json_incref(item);
	qsort_r(items, count, sizeof(*items), compare, (void *)name);
	(void)json_array_clear(list);
	for (i = 0; i < count; i++)
		(void)json_array_append_new(list, items[i]);
	free(items);
}

const char *field_update(char *out, size_t size, const json_t *update)
{
	const char *state = field_text(update, "state"), *reason = field_text(update, "reason");
	int64_t whole = field_number(update, "size_bytes");

	if (strcmp(state, "downloading") == 0 && whole > 0)
		snprintf(out, size, "%s %d %%", state, (int)(field_number(update, "offset") * 100 / whole));
	else if (strcmp(reason, "-") != 0)
		snprintf(out, size, "%s: %s", state, reason);
	else
		snprintf(out, size, "%s", state);
	return out;
}

enum tone field_update_tone(const json_t *update)
{
	static const struct {
		const char *state;
		enum tone tone;
	} tones[] = {
		{ "offered", TONE_QUIET },
		{ "downloading", TONE_BUSY },
		{ "downloaded", TONE_BUSY },
		{ "rebooting", TONE_BUSY },
		{ "confirmed", TONE_GOOD },
		{ "failed", TONE_BAD },
		{ "reverted", TONE_BAD },
		{ "withdrawn", TONE_QUIET },
		{ "unfit", TONE_QUIET },
	};
	const char *state = field_text(update, "state");

	for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++)
		if (strcmp(tones[i].state, state) == 0)
			return tones[i].tone;
	return TONE_PLAIN;
}
