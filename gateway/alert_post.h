/*
 * alert_post: tells upstream of alerts: a message for each change, and a retained list of what stands.
 *
 * What waits for the uplink is not messages but alerts: each is told with its latest change, so an outage of a month
 * costs no memory, and one that came and went meanwhile is told as cleared. Whether an alert was told is a part of it
 * and outlives a restart with it.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_POST_H
#define WAKEGATE_GATEWAY_ALERT_POST_H

#include <stdint.h>

#include "gateway/moment.h"

#define ALERT_TICKETS (UINT64_C(1) << 59) /* set in every ticket of alert_post, and in nobody else's */

struct alert;
struct alert_post;
struct alerts;
struct upstream;

/* All outlive the post. */
struct alert_post_parts {
	struct alerts *alerts;
	struct upstream *upstream;
	const char *gateway;
	const char *changes;  /* topic */
	const char *standing; /* topic */
	/* Upstream has the alert's last change. */
	void (*told)(void *context, const struct alert *alert);
	void *context;
};

/* Attaches itself to the upstream. -ENOMEM, -ENOBUFS. */
int alert_post_open(struct alert_post **out, const struct alert_post_parts *parts);
/* After upstream_close(). NULL is fine. */
void alert_post_close(struct alert_post *post);

/* An alert has changed. */
void alert_post_changed(struct alert_post *post);

/* Publishes what is due; milliseconds until it wants to be called again. */
int64_t alert_post_tick(struct alert_post *post, struct moment now);

#endif
