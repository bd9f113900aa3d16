/*
 * control_arguments: checks a request against the table of its command, and tells the table to who asks for it.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_ARGUMENTS_H
#define WAKEGATE_GATEWAY_CONTROL_ARGUMENTS_H

#include <jansson.h>
#include <stddef.h>

struct control_command;

/* Every member of `ask` but "command" and "id" is an argument that the table has, of its type, and none that is
 * required lacks. 0; -EINVAL with a sentence in `why`. */
int control_arguments_check(const struct control_command *command, json_t *ask, char *why, size_t why_size);

/* Those arguments of a request that the table has, as a JSON object of at most `size` bytes with its terminator: long
 * texts and lists cut, of secrets the first word. */
void control_arguments_write(const struct control_command *command, const json_t *ask, char *out, size_t size);

/* {"name", "summary", "arguments", "remote", "stream", "bytes"}; NULL if there is no memory. */
json_t *control_command_describe(const struct control_command *command);

#endif
