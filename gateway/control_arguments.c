#include "gateway/control_arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"

#define TEXT_WRITTEN_MAX 96
#define ITEMS_WRITTEN_MAX 4

static const char *const type_names[] = {
	[CONTROL_TEXT] = "text",
	[CONTROL_INTEGER] = "integer",
	[CONTROL_INTEGERS] = "integer or list of integers",
	[CONTROL_BOOLEAN] = "boolean",
	[CONTROL_LIST] = "list of texts",
	[CONTROL_OBJECT] = "object",
};

static bool text_fits(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= CONTROL_TEXT_MAX;
}

static bool is_integer(const json_t *value)
{
	return json_is_integer(value);
}

static bool list_fits(const json_t *value, bool (*item_fits)(const json_t *item))
{
	size_t i;
	json_t *item;

	if (!json_is_array(value) || json_array_size(value) > CONTROL_LIST_MAX)
		return false;
	json_array_foreach (value, i, item)
		if (!item_fits(item))
			return false;
	return true;
}

static bool value_fits(const json_t *value, enum control_type type)
{
	switch (type) {
	case CONTROL_TEXT:
		return text_fits(value);
	case CONTROL_INTEGER:
		return json_is_integer(value);
	case CONTROL_INTEGERS:
		return json_is_integer(value) || list_fits(value, is_integer);
	case CONTROL_BOOLEAN:
		return json_is_boolean(value);
	case CONTROL_LIST:
		return list_fits(value, text_fits);
	case CONTROL_OBJECT:
		return json_is_object(value);
	}
	return false;
}

static const struct control_argument no_arguments[] = { { 0 } };

static const struct control_argument *arguments_of(const struct control_command *command)
{
	return command->arguments ? command->arguments : no_arguments;
}

static const struct control_argument *find_argument(const struct control_command *command, const char *name)
{
	for (const struct control_argument *argument = arguments_of(command); argument->name; argument++)
		if (strcmp(argument->name, name) == 0)
			return argument;
	return NULL;
}

static int check_given(const struct control_command *command, json_t *ask, char *why, size_t why_size)
{
	const char *name;
	json_t *value;

	json_object_foreach (ask, name, value) {
		if (strcmp(name, "command") == 0 || strcmp(name, "id") == 0 || strcmp(name, "by") == 0)
			continue;
		const struct control_argument *argument = find_argument(command, name);
		if (!argument) {
			snprintf(why, why_size, "%s takes no argument \"%.64s\"", command->name, name);
			return -EINVAL;
		}
		if (!value_fits(value, argument->type)) {
			snprintf(why, why_size, "\"%s\" of %s must be %s (%s)", name, command->name,
				type_names[argument->type], argument->help);
			return -EINVAL;
		}
	}
	return 0;
}

int control_arguments_check(const struct control_command *command, json_t *ask, char *why, size_t why_size)
{
	int result = check_given(command, ask, why, why_size);

	if (result < 0)
		return result;
	for (const struct control_argument *argument = arguments_of(command); argument->name; argument++) {
		if (argument->required && !json_object_get(ask, argument->name)) {
			snprintf(why, why_size, "%s needs \"%s\" (%s)", command->name, argument->name, argument->help);
			return -EINVAL;
		}
	}
	return 0;
}

static json_t *text_to_write(const json_t *value, bool secret)
{
	char text[TEXT_WRITTEN_MAX + 1];
	size_t size = strlen(json_string_value(value)), kept = secret ? strcspn(json_string_value(value), " ") : size;

	kept = kept < TEXT_WRITTEN_MAX ? kept : TEXT_WRITTEN_MAX - 8;
	/* Not in the middle of a character. */
	while (kept > 0 && kept < size && ((unsigned char)json_string_value(value)[kept] & 0xc0) == 0x80)
		kept--;
	snprintf(text, sizeof(text), "%.*s%s", (int)kept, json_string_value(value), kept < size ? " …" : "");
	return json_string(text);
}

/* Of an object that may hold a secret: how many, and whether, but nothing that somebody typed. */
static json_t *object_to_write(const json_t *object)
{
	json_t *written = json_object(), *value;
	const char *name;

	json_object_foreach ((json_t *)object, name, value) {
		bool plain = json_is_number(value) || json_is_boolean(value);
		if (json_object_size(written) < ITEMS_WRITTEN_MAX && strlen(name) < TEXT_WRITTEN_MAX)
			(void)json_object_set_new(written, name, plain ? json_incref(value) : json_string("…"));
	}
	return written;
}

static json_t *value_to_write(const json_t *value, bool secret)
{
	size_t i, count = json_array_size(value);
	json_t *list, *item;

	if (json_is_string(value))
		return text_to_write(value, secret);
	if (!json_is_array(value))
		return json_is_object(value) ? object_to_write(value) : json_copy((json_t *)value);
	list = json_array();
	json_array_foreach (value, i, item)
		if (i < ITEMS_WRITTEN_MAX)
			(void)json_array_append_new(
				list, json_is_string(item) ? text_to_write(item, secret) : json_copy(item));
	if (count > ITEMS_WRITTEN_MAX)
		(void)json_array_append_new(list, json_sprintf("… %zu in all", count));
	return list;
}

void control_arguments_write(const struct control_command *command, const json_t *ask, char *out, size_t size)
{
	json_t *json = json_object();

	for (const struct control_argument *argument = arguments_of(command); argument->name; argument++) {
		const json_t *value = json_object_get(ask, argument->name);
		if (value)
			(void)json_object_set_new(json, argument->name, value_to_write(value, argument->secret));
	}
	char *text = json_dumps(json, JSON_COMPACT);
	if (text && strlen(text) < size)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, "{\"too_long\":%zu}", text ? strlen(text) : 0);
	free(text);
	json_decref(json);
}

static json_t *describe_arguments(const struct control_command *command)
{
	json_t *list = json_array();

	for (const struct control_argument *argument = arguments_of(command); argument->name; argument++)
		(void)json_array_append_new(list,
			json_pack("{s:s, s:s, s:b, s:s}", "name", argument->name, "type", type_names[argument->type],
				"required", (int)argument->required, "help", argument->help));
	return list;
}

json_t *control_command_describe(const struct control_command *command)
{
	return json_pack("{s:s, s:s, s:o, s:b, s:b, s:b}", "name", command->name, "summary", command->summary,
		"arguments", describe_arguments(command), "remote", !!(command->flags & CONTROL_REMOTE), "stream",
		!!(command->flags & CONTROL_STREAM), "bytes", !!(command->flags & CONTROL_BYTES));
}
