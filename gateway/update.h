/*
 * update: one node and the image it is to run: the states, and what moves it from one to the next.
 *
 * A function of (update, event, moment) without I/O. What a node says it runs is the only proof: no transfer, and no
 * word of success, confirms an update; a check-in with the image's digest does.
 *
 *   offered -> downloading -> downloaded -> rebooting -> confirmed
 *      ^           |  stalled, failed and   |     \-> reverted: it runs its former image again
 *      \-----------/  worth another try     \-> failed: out of attempts or time, or the node cannot take it
 *
 * and, from any of those under way, withdrawn where the rollout that ordered it was stopped, and unfit where the node's
 * network found that the image is not for it.
 */
#ifndef WAKEGATE_GATEWAY_UPDATE_H
#define WAKEGATE_GATEWAY_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/update_event.h"
#include "gateway/update_hours.h"
#include "store/update_store.h"

struct clock_jump;
struct random;
struct settings_table;

extern const struct settings_table update_settings_table;

struct update_settings {
	int64_t attempts;        /* how often a node may try before the update fails */
	int64_t retry_after_ms;  /* pause after a failed attempt, doubled each time */
	int64_t retry_most_ms;   /* longest pause */
	int64_t contacts;        /* at how many in a row it may fail to go on before the update fails; 0: no limit */
	int64_t stall_after_ms;  /* a download without progress for so long has failed */
	int64_t deadline_ms;     /* an update that is not done so long after its order has failed */
	int64_t battery_percent; /* nodes that say they have less begin no update but one ordered with --now; 0: all may
				  */
};

enum update_state {
	UPDATE_IDLE,
	UPDATE_OFFERED,
	UPDATE_DOWNLOADING,
	UPDATE_DOWNLOADED,
	UPDATE_REBOOTING,
	UPDATE_CONFIRMED,
	UPDATE_FAILED,
	UPDATE_REVERTED,
	UPDATE_WITHDRAWN, /* the order was taken back before the node had followed it: no fault of the node's */
	UPDATE_UNFIT,     /* the image is for other nodes of its hardware type: no fault of the image's */
	UPDATE_STATES,
};

const char *update_state_name(enum update_state state);
/* -EINVAL if there is no such state. */
int update_state_parse(const char *name);

struct update {
	enum update_state state;
	struct stored_update record; /* `record.state` is set when it is saved */
	uint32_t size_bytes;         /* of the image, 0: not known (any more) */
	struct update_times times;   /* as its offer has them; changes_ms 0: not asked for yet */
	int64_t waited_ms;           /* when it last had to wait for a window or the link, wall clock; 0: never */
	int64_t told_to_come_ms;     /* the link had no room for it before then, wall clock; 0: it has */
	int64_t idle_contacts;       /* since it last went on; not kept over a restart */
	bool withheld; /* of a rollout that is stopped: offered nothing, until its next contact at least */
};

/* An update is wanted: offered, or under way. */
bool update_is_active(const struct update *update);

/* Active and not waiting for a retry: the node is to be offered the image. */
bool update_is_due(const struct update *update, struct moment now);

/* It cannot go on before a window opens, so that a pause is no fault of the node's. */
bool update_waits_for_window(const struct update *update, struct moment now);

/* Applies the event. Events that make no sense in a state change nothing. */
struct update_step update_apply(struct update *update, const struct update_event *event,
	const struct update_settings *settings, struct moment now, struct random *random);

/* The wall clock was set: the times of an active update move with it, so that it has the time that it had. */
void update_follow_clock(struct update *update, const struct clock_jump *jump);

/* Two digest heads name the same image: equal over the shorter one, which has at least 4 bytes. */
bool digest_heads_match(const uint8_t *a, uint8_t a_size, const uint8_t *b, uint8_t b_size);

#endif
