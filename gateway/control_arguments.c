#include "gateway/control_arguments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control.h"

static const char *const type_names[] = { "text", "integer", "boolean", "list of texts" };

static bool text_fits(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= CONTROL_TEXT_MAX;
}

static bool list_fits(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value) || json_array_size(value) > CONTROL_LIST_MAX)
		return false;
	json_array_foreach (value, i, item)
		if (!text_fits(item))
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
	case CONTROL_BOOLEAN:
		return json_is_boolean(value);
	case CONTROL_LIST:
		return list_fits(value);
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
		if (strcmp(name, "command") == 0 || strcmp(name, "id") == 0)
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
