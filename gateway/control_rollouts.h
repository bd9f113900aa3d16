/*
 * control_rollouts: the control commands about rollouts: rollout.create, .list, .show, .approve, .pause, .resume,
 * .abort, .rollback, .remove.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_ROLLOUTS_H
#define WAKEGATE_GATEWAY_CONTROL_ROLLOUTS_H

struct clock;
struct control;
struct fleet;
struct image_cache;
struct labels_settings;
struct link_settings;
struct nodes;
struct quiet_hours_settings;
struct rollouts;
struct schedule_settings;
struct update_settings;
struct updates;

/* What the commands need; all of it outlives the dispatcher. */
struct control_rollouts {
	const struct clock *clock;
	struct nodes *nodes;
	struct updates *updates;
	struct image_cache *images;
	struct rollouts *rollouts;
	const struct schedule_settings *schedule;
	const struct labels_settings *labels;
	const struct fleet *fleet;         /* NULL: there is no upstream */
	const struct link_settings *links; /* for forecasts, as are the next ones; NULL: not known */
	const struct update_settings *update_settings;
	const struct quiet_hours_settings *quiet;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_rollouts_register(struct control *control, struct control_rollouts *parts);

#endif
