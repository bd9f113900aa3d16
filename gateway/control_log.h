/*
 * control_log: the control commands about what happened: journal, and log.level.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_LOG_H
#define WAKEGATE_GATEWAY_CONTROL_LOG_H

struct control;
struct store;

/* What the commands need; outlives the dispatcher. */
struct control_log {
	struct store *store;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_log_register(struct control *control, struct control_log *parts);

#endif
