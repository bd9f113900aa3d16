/*
 * control_updates: the control commands about updates: update.start, update.list, update.summary, update.cancel,
 * update.retry.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_UPDATES_H
#define WAKEGATE_GATEWAY_CONTROL_UPDATES_H

struct clock;
struct control;
struct image_cache;
struct nodes;
struct schedule_settings;
struct updates;

/* What the commands need; all of it outlives the dispatcher. */
struct control_updates {
	const struct clock *clock;
	struct nodes *nodes;
	struct updates *updates;
	struct image_cache *images;
	const struct schedule_settings *schedule;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_updates_register(struct control *control, struct control_updates *parts);

#endif
