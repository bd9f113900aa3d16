#include "gateway/cli/field.h"

#include <stdio.h>
#include <string.h>

const char *field_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : "-";
}

int64_t field_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

bool field_boolean(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
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
	};
	const char *state = field_text(update, "state");

	for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++)
		if (strcmp(tones[i].state, state) == 0)
			return tones[i].tone;
	return TONE_PLAIN;
}
