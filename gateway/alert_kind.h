/*
 * alert_kind: what an alert can be of, and how bad, with the names that logs, messages and the store have for these.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_KIND_H
#define WAKEGATE_GATEWAY_ALERT_KIND_H

enum alert_severity { ALERT_NOTICE, ALERT_WARNING, ALERT_CRITICAL };

enum alert_kind {
	ALERT_GATE_TRIPPED,    /* subject: the rollout */
	ALERT_ROLLOUT_WAITS,   /* for approval */
	ALERT_UPDATES_HALTED,  /* the emergency stop */
	ALERT_ROLLOUT_REFUSED, /* what a document of the fleet's says */
	ALERT_MISSING_STONE,   /* subject: the rollout whose nodes lack an image on their way */
	ALERT_NODE_SILENT,     /* subject: the node */
	ALERT_NODES_SILENT,    /* many at once, instead of one each */
	ALERT_NODE_FAILING,    /* its updates */
	ALERT_NODES_FAILING,   /* many */
	ALERT_NODE_BATTERY,    /* low */
	ALERT_NODES_BATTERY,   /* many */
	ALERT_NODES_FULL,      /* no more may join */
	ALERT_CACHE_FULL,      /* an image has no room: all others are needed */
	ALERT_UPLINK_DOWN,     /* for long */
	ALERT_CLOCK_WRONG,     /* never set, or behind what is known to have been */
	ALERT_STORE_FAILING,   /* the disk is full or fails */
	ALERT_STORE_DAMAGED,   /* damage was met */
	ALERT_READINGS_LOST,   /* in the last hour */
	ALERT_BACKLOG_LARGE,   /* readings that wait for the uplink fill the quota */
	ALERT_CARD_WORN,       /* the wear budget is exceeded */
	ALERT_DRIVER_FAILING,  /* subject: the driver, whose process ends, stalls, floods, sends garbage */
	ALERT_KINDS
};

const char *alert_kind_name(enum alert_kind kind);
const char *alert_severity_name(enum alert_severity severity);
/* -EINVAL if there is none of that name. */
int alert_kind_parse(const char *name);
int alert_severity_parse(const char *name);

#endif
