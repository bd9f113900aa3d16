/*
 * commands: gives every group of control commands the modules that it works on.
 */
#ifndef WAKEGATE_GATEWAY_COMMANDS_H
#define WAKEGATE_GATEWAY_COMMANDS_H

#include "gateway/control_status.h"
#include "gateway/moment.h"

struct commands;
struct control;
struct image_imports;
struct node_commands;
struct node_removals;

/* What status needs is nearly all there is; the imports take uploads. All outlives the commands. */
struct commands_parts {
	struct control_status status;
	struct image_imports *imports;
	struct node_commands *node_commands;
	struct node_removals *node_removals;
};

/* Registers all commands. -ENOMEM, or as control_register(). */
int commands_open(struct commands **out, struct control *control, const struct commands_parts *parts);

/* For the ticker. */
int64_t commands_tick(void *commands, struct moment now);

/* Suspends uploads and frees; call after control_close() and before image_imports_close(). NULL is fine. */
void commands_close(struct commands *commands);

#endif
