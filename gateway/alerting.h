/*
 * alerting: the alerts of this gateway put together: who looks, what is kept, and who is told.
 *
 * Each change goes to the log, the journal, the store, upstream and the hook.
 */
#ifndef WAKEGATE_GATEWAY_ALERTING_H
#define WAKEGATE_GATEWAY_ALERTING_H

#include <stdint.h>

#include "gateway/alert_watch.h"
#include "gateway/moment.h"

struct alerting;
struct clock_jump;
struct topics;
struct upstream;
struct uv_loop_s;

/* All outlive the alerting; `watch.alerts` is its own. */
struct alerting_parts {
	struct alert_watch_parts watch;
	struct uv_loop_s *loop;
	struct upstream *upstream; /* NULL: none */
	const struct topics *topics;
	const char *gateway;
};

/* Takes up what an earlier run left; blocks, for start-up. -ENOMEM, -EIO, -ENOBUFS. */
int alerting_open(struct alerting **out, const struct alerting_parts *parts, struct moment now);

/* Looks, tells, runs what is due; milliseconds until it wants to be called again. */
int64_t alerting_tick(struct alerting *alerting, struct moment now);

/* The wall clock was set. */
void alerting_follow_clock(struct alerting *alerting, const struct clock_jump *jump);

const struct alerts *alerting_alerts(const struct alerting *alerting);

/* After upstream_close(), before the loop's last turns. NULL is fine. */
void alerting_close(struct alerting *alerting);

#endif
