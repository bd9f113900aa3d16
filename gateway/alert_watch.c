#include "gateway/alert_watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/driver.h"
#include "gateway/alert_settings.h"
#include "gateway/alerts.h"
#include "gateway/boot_clock.h"
#include "gateway/fleet.h"
#include "gateway/governor.h"
#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/networks.h"
#include "gateway/nodes.h"
#include "gateway/publish.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/thin.h"
#include "gateway/updates.h"
#include "gateway/upstream.h"
#include "store/store.h"

#define LOOK_MS 5000
#define SLICE 1000 /* nodes, or updates, of one round of the loop: well under a millisecond */
#define RECENT_MS (INT64_C(3600) * 1000)
#define BATTERY_RECOVERED 5  /* percent above the threshold: a battery's voltage swings with its load */
#define BACKLOG_RECOVERED 10 /* percent below the threshold: thinning and draining swing around it */
#define TIME_SIZE 32
#define ALL_KINDS ((UINT32_C(1) << ALERT_KINDS) - 1)

/* One kind of trouble that nodes have: each by itself while there are few of them. */
struct trouble {
	unsigned count;
	struct {
		char node[ALERT_SUBJECT_MAX + 1];
		char text[96];
	} listed[ALERT_MANY_MAX];
};

/* For those that are called back. */
struct alert_look {
	const struct alert_watch *watch;
	struct moment now;
};

enum stage { STAGE_NODES, STAGE_UPDATES, STAGE_REST };

struct alert_watch {
	struct alert_watch_parts parts;
	enum stage stage;
	size_t next; /* node or update to look at */
	struct trouble silent, failing, battery;
	int64_t heard_ms;        /* wall clock: when a node was heard of last */
	int64_t down_ms;         /* monotonic: since when there is no uplink; 0: there is one */
	uint64_t lost, failures; /* as of the last look */
	int64_t lost_at_ms;      /* monotonic, of the last loss; 0: none */
	int64_t failed_at_ms;    /* of the last commit that failed */
};

int alert_watch_open(struct alert_watch **out, const struct alert_watch_parts *parts, struct moment now)
{
	struct alert_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->parts = *parts;
	watch->down_ms = now.monotonic_ms;
	*out = watch;
	return 0;
}

void alert_watch_close(struct alert_watch *watch)
{
	free(watch);
}

__attribute__((format(printf, 6, 7))) static void find(const struct alert_watch *watch, enum alert_kind kind,
	enum alert_severity severity, const char *subject, struct moment now, const char *format, ...)
{
	struct alert_finding finding = { .kind = kind, .severity = severity, .subject = subject };
	char text[ALERT_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	finding.text = text;
	alerts_find(watch->parts.alerts, &finding, now);
}

static const char *time_text(char out[TIME_SIZE], int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;

	if (!gmtime_r(&seconds, &parts) || strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(out, TIME_SIZE, "%lld s", (long long)seconds);
	return out;
}

/* Nodes. */

__attribute__((format(printf, 3, 4))) static void note(
	struct trouble *trouble, const char *node, const char *format, ...)
{
	va_list arguments;

	if (trouble->count++ >= ALERT_MANY_MAX)
		return;
	snprintf(trouble->listed[trouble->count - 1].node, sizeof(trouble->listed[0].node), "%s", node);
	va_start(arguments, format);
	vsnprintf(trouble->listed[trouble->count - 1].text, sizeof(trouble->listed[0].text), format, arguments);
	va_end(arguments);
}

/* One that stands needs a battery that is well above the threshold again. */
static bool is_battery_low(const struct alert_watch *watch, const struct node_record *record)
{
	int64_t threshold = watch->parts.settings->battery_percent;
	int64_t percent = record->battery_percent;

	if (percent < 0 || percent > threshold + BATTERY_RECOVERED)
		return false;
	const struct alert *alert = alerts_get(watch->parts.alerts, ALERT_NODE_BATTERY, record->id);
	return percent <= threshold || (alert && alert->stands);
}

static void look_at_node(struct alert_watch *watch, const struct node *node, struct moment now)
{
	const struct alert_watch_parts *parts = &watch->parts;
	const struct node_record *record = &node->record;
	uint32_t missed = node_missed(node, parts->schedule->interval_ms, now);
	char time[TIME_SIZE];

	if (missed >= parts->settings->silent_wakes)
		note(&watch->silent, record->id, "missed %u slots, was last heard of at %s", missed,
			time_text(time, record->last_seen_ms));
	if (is_battery_low(watch, record))
		note(&watch->battery, record->id, "its battery is at %d %%", record->battery_percent);
	if (record->last_seen_ms > watch->heard_ms)
		watch->heard_ms = record->last_seen_ms;
}

static void look_at_update(struct alert_watch *watch, const struct update *update)
{
	const struct stored_update *record = &update->record;
	bool waits = update->state == UPDATE_OFFERED;
	/* The one that is under way has not failed yet. */
	uint32_t failed = record->attempts - (!waits && record->attempts > 0);

	if (update->state == UPDATE_FAILED || update->state == UPDATE_REVERTED)
		note(&watch->failing, record->node, "its update %s: %.64s",
			update->state == UPDATE_FAILED ? "failed" : "was reverted", record->reason);
	else if (update_is_active(update) && failed >= watch->parts.settings->failed_attempts)
		note(&watch->failing, record->node, "%u attempts at its update failed", failed);
}

/* Looks at a slice; true when all were looked at. */
static bool look_at_slice(struct alert_watch *watch, struct moment now)
{
	bool nodes = watch->stage == STAGE_NODES;
	size_t count = nodes ? nodes_count(watch->parts.nodes) : updates_count(watch->parts.updates);

	for (unsigned i = 0; i < SLICE && watch->next < count; i++, watch->next++) {
		if (nodes)
			look_at_node(watch, nodes_at(watch->parts.nodes, watch->next), now);
		else
			look_at_update(watch, updates_at(watch->parts.updates, watch->next));
	}
	if (watch->next < count)
		return false;
	watch->next = 0;
	return true;
}

/* One that tells of all goes on until half as few have the trouble, so that it does not come and go with one node. */
static bool are_many(const struct alert_watch *watch, unsigned count, enum alert_kind all)
{
	const struct alert *alert = alerts_get(watch->parts.alerts, all, "");
	unsigned many = (unsigned)watch->parts.settings->many;

	return count > many || (alert && alert->stands && count > many / 2);
}

/* One alert each, or one for all: a site whose radio failed is one trouble. */
static void tell_trouble(const struct alert_watch *watch, const struct trouble *trouble, enum alert_kind one,
	const char *what, struct moment now)
{
	size_t all = nodes_count(watch->parts.nodes);
	enum alert_severity severity = trouble->count >= (all + 1) / 2 ? ALERT_CRITICAL : ALERT_WARNING;

	if (are_many(watch, trouble->count, (enum alert_kind)(one + 1))) {
		find(watch, (enum alert_kind)(one + 1), severity, "", now, "%u of %zu nodes %s, such as %.40s%s%.40s",
			trouble->count, all, what, trouble->listed[0].node, trouble->count > 1 ? ", " : "",
			trouble->count > 1 ? trouble->listed[1].node : "");
		return;
	}
	for (unsigned i = 0; i < trouble->count; i++)
		find(watch, one, ALERT_WARNING, trouble->listed[i].node, now, "%s", trouble->listed[i].text);
}

static void look_at_nodes(struct alert_watch *watch, struct moment now)
{
	size_t count = nodes_count(watch->parts.nodes);

	tell_trouble(watch, &watch->silent, ALERT_NODE_SILENT, "are silent", now);
	tell_trouble(watch, &watch->failing, ALERT_NODE_FAILING, "fail to update", now);
	tell_trouble(watch, &watch->battery, ALERT_NODE_BATTERY, "have a low battery", now);
	if (count >= (size_t)watch->parts.nodes_settings->most)
		find(watch, ALERT_NODES_FULL, ALERT_WARNING, "", now,
			"%zu nodes are registered and no more may join: see nodes.most", count);
}

/* Rollouts and images. */

/* Where a stepping stone is missing, that is told by itself. */
static void look_at_waiting(const struct alert_watch *watch, const struct rollout *rollout,
	const struct rollout_facts *facts, struct moment now)
{
	char why[ALERT_TEXT_SIZE];

	if (rollout->state == ROLLOUT_WAITING && rollout->plan.approval && !rollout->approved)
		find(watch, ALERT_ROLLOUT_WAITS, ALERT_NOTICE, rollout->plan.id, now,
			"waits for approval: wakegate rollout approve %s", rollout->plan.id);
	if (!rollout_is_barred(rollout, facts) || facts->barred[OBSTACLE_STONE] > 0)
		return;
	rollout_explain_barred(facts, why, sizeof(why));
	find(watch, ALERT_ROLLOUT_WAITS, ALERT_NOTICE, rollout->plan.id, now, "%s", why);
}

static void look_at_rollouts(const struct alert_watch *watch, struct moment now)
{
	static const char by_hand[] = "rolled back by ";

	for (size_t i = 0; i < rollouts_count(watch->parts.rollouts); i++) {
		const struct rollout *rollout = rollouts_at(watch->parts.rollouts, i);
		bool tripped = rollout->state == ROLLOUT_TRIPPED;
		bool turned = rollout->state == ROLLOUT_ROLLED_BACK &&
			      strncmp(rollout->reason, by_hand, strlen(by_hand)) != 0;
		if (tripped || turned)
			find(watch, ALERT_GATE_TRIPPED, ALERT_CRITICAL, rollout->plan.id, now, "%s: %s",
				tripped ? "stopped" : "rolled back", rollout->reason);
		const struct rollout_facts *facts = rollouts_facts(watch->parts.rollouts, i);
		look_at_waiting(watch, rollout, facts, now);
		if (rollout_is_open(rollout) && facts->excused[OBSTACLE_STONE] > 0)
			find(watch, ALERT_MISSING_STONE, ALERT_WARNING, rollout->plan.id, now, "%u nodes wait: %s",
				facts->excused[OBSTACLE_STONE], facts->missing_stone);
	}
}

/* An emergency stop is easily forgotten. */
static void look_at_holds(const struct alert_watch *watch, struct moment now)
{
	const struct stored_hold *hold = watch->parts.holds ? holds_on_all(watch->parts.holds) : NULL;

	if (hold)
		find(watch, ALERT_UPDATES_HALTED, ALERT_WARNING, "", now, "no node is updated: %.120s", hold->reason);
}

static void look_at_fleet(const struct alert_watch *watch, struct moment now)
{
	const char *name, *why;

	for (size_t i = 0; fleet_refused(watch->parts.fleet, i, &name, &why); i++)
		find(watch, ALERT_ROLLOUT_REFUSED, ALERT_WARNING, name, now, "its document: %s", why);
}

static void look_at_images(const struct alert_watch *watch, struct moment now)
{
	uint32_t refused_bytes = image_cache_refused_bytes(watch->parts.images);

	if (refused_bytes > 0)
		find(watch, ALERT_CACHE_FULL, ALERT_WARNING, "", now,
			"an image of %u bytes has no room, all others are needed: see images.quota", refused_bytes);
}

/* The gateway itself. */

static void look_at_uplink(struct alert_watch *watch, struct moment now)
{
	const struct alert_settings *settings = watch->parts.settings;
	char since[TIME_SIZE];

	if (!watch->parts.upstream || upstream_is_connected(watch->parts.upstream)) {
		watch->down_ms = 0;
		return;
	}
	if (watch->down_ms == 0)
		watch->down_ms = now.monotonic_ms;
	int64_t down_ms = now.monotonic_ms - watch->down_ms;
	/* One that an earlier run left stands until there is a session. */
	const struct alert *alert = alerts_get(watch->parts.alerts, ALERT_UPLINK_DOWN, "");
	if (down_ms < settings->uplink_after_ms && !(alert && alert->stands))
		return;
	find(watch, ALERT_UPLINK_DOWN, down_ms < settings->uplink_critical_after_ms ? ALERT_WARNING : ALERT_CRITICAL,
		"", now, "no session with a broker since %s", time_text(since, now.wall_ms - down_ms));
}

static void look_at_clock(const struct alert_watch *watch, struct moment now)
{
	char clock[TIME_SIZE], heard[TIME_SIZE];

	if (boot_clock_is_unset(now))
		find(watch, ALERT_CLOCK_WRONG, ALERT_CRITICAL, "", now, "the clock was never set, it says %s",
			time_text(clock, now.wall_ms));
	else if (watch->heard_ms - now.wall_ms > watch->parts.settings->clock_behind_ms)
		find(watch, ALERT_CLOCK_WRONG, ALERT_CRITICAL, "", now,
			"the clock says %s, but a node was heard of at %s", time_text(clock, now.wall_ms),
			time_text(heard, watch->heard_ms));
}

/* Whether the count grew within the last hour; *at_ms is when it did last. */
static bool grew_lately(uint64_t *known, uint64_t count, int64_t *at_ms, struct moment now)
{
	if (count > *known)
		*at_ms = now.monotonic_ms > 0 ? now.monotonic_ms : 1;
	*known = count;
	return *at_ms > 0 && now.monotonic_ms - *at_ms < RECENT_MS;
}

/* What counts is what the quota counts: neither free pages nor the WAL. */
static void look_at_backlog(const struct alert_watch *watch, uint64_t waiting, struct moment now)
{
	const struct alert *alert = alerts_get(watch->parts.alerts, ALERT_BACKLOG_LARGE, "");
	int64_t threshold = watch->parts.settings->backlog_percent;
	struct thin_figures figures;

	thin_figures(watch->parts.thin, &figures);
	const struct segment_usage *usage = &figures.usage;
	if (waiting == 0 || usage->quota_bytes == 0 || usage->quota_bytes == UINT64_MAX)
		return;
	int64_t percent = (int64_t)(usage->used_bytes * 100 / usage->quota_bytes);
	if (percent >= threshold || (alert && alert->stands && percent > threshold - BACKLOG_RECOVERED))
		find(watch, ALERT_BACKLOG_LARGE, ALERT_WARNING, "", now,
			"%llu readings wait for the uplink and fill %lld %% of the quota", (unsigned long long)waiting,
			(long long)percent);
}

static void look_at_store(struct alert_watch *watch, struct moment now)
{
	const struct alert_watch_parts *parts = &watch->parts;
	struct store_figures store;
	struct publish_figures sent;

	store_figures(parts->store, &store);
	publish_figures(parts->publish, &sent);
	if (grew_lately(&watch->failures, store.commit_failures, &watch->failed_at_ms, now))
		find(watch, ALERT_STORE_FAILING, ALERT_CRITICAL, "", now,
			"%llu commits failed: the disk is full or fails", (unsigned long long)store.commit_failures);
	if (store.damaged)
		find(watch, ALERT_STORE_DAMAGED, ALERT_CRITICAL, "", now,
			"damage was met on the disk, the next start checks it");
	if (grew_lately(&watch->lost, sent.lost, &watch->lost_at_ms, now))
		find(watch, ALERT_READINGS_LOST, ALERT_CRITICAL, "", now, "%llu readings were dropped for want of room",
			(unsigned long long)sent.lost);
	look_at_backlog(watch, sent.waiting, now);
}

static void look_at_card(const struct alert_watch *watch, struct moment now)
{
	struct governor_figures figures;

	governor_figures(watch->parts.governor, now, &figures);
	if (figures.over_budget)
		find(watch, ALERT_CARD_WORN, ALERT_WARNING, "", now,
			"more is written than the budget allows, %llu bytes in the last 24 hours",
			(unsigned long long)figures.day_bytes);
}

/* One whose process is well for a while has no trouble any more; its network may have some. */
static void look_at_driver(
	void *context, const char *driver, const struct driver_process *process, const struct network_trouble *trouble)
{
	const struct alert_look *look = context;

	if (!process || !*process->trouble) {
		if (*trouble->sentence)
			find(look->watch, ALERT_DRIVER_FAILING, trouble->useless ? ALERT_CRITICAL : ALERT_WARNING,
				driver, look->now, "%.180s", trouble->sentence);
		return;
	}
	find(look->watch, ALERT_DRIVER_FAILING, strcmp(process->state, "running") == 0 ? ALERT_WARNING : ALERT_CRITICAL,
		driver, look->now, "%.140s; started anew %llu times", process->trouble,
		(unsigned long long)process->restarts);
}

static void look_at_drivers(const struct alert_watch *watch, struct moment now)
{
	struct alert_look look = { watch, now };

	if (watch->parts.networks)
		networks_drivers(watch->parts.networks, look_at_driver, &look);
}

static void end_look(struct alert_watch *watch, struct moment now)
{
	look_at_nodes(watch, now);
	look_at_rollouts(watch, now);
	look_at_fleet(watch, now);
	look_at_holds(watch, now);
	look_at_images(watch, now);
	look_at_uplink(watch, now);
	look_at_clock(watch, now);
	look_at_store(watch, now);
	look_at_card(watch, now);
	look_at_drivers(watch, now);
	alerts_end_look(watch->parts.alerts, ALL_KINDS, watch->parts.settings->hold_ms, now);
	watch->silent.count = watch->failing.count = watch->battery.count = 0;
	watch->heard_ms = 0;
}

int64_t alert_watch_tick(struct alert_watch *watch, struct moment now)
{
	if (watch->stage != STAGE_REST) {
		watch->stage += look_at_slice(watch, now);
		return 0;
	}
	end_look(watch, now);
	watch->stage = STAGE_NODES;
	return LOOK_MS;
}
