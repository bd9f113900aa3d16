#include "gateway/control_status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "gateway/alerts.h"
#include "gateway/clock.h"
#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/edge.h"
#include "gateway/firmware_counts.h"
#include "gateway/governor.h"
#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/image_policy.h"
#include "gateway/metrics.h"
#include "gateway/networks.h"
#include "gateway/nodes.h"
#include "gateway/publish.h"
#include "gateway/rules.h"
#include "gateway/schedule.h"
#include "gateway/slots.h"
#include "gateway/sparkplug_edge.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "gateway/thin.h"
#include "gateway/updates.h"
#include "gateway/upstream.h"
#include "store/store.h"

#define NUMBER(value) ((json_int_t)(value))

/* Resident memory of this process; 0 if the system does not say. */
static uint64_t memory_bytes(void)
{
	unsigned long total, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	fclose(statm);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static json_t *nodes_status(const struct control_status *parts, struct moment now)
{
	size_t count = nodes_count(parts->nodes), silent = 0;
	uint64_t contacts = 0, drops = 0;

	for (size_t i = 0; i < count; i++) {
		const struct node *node = nodes_at(parts->nodes, i);
		silent += nodes_is_silent(parts->nodes, node, parts->schedule->interval_ms, now);
		contacts += node->record.contacts;
		drops += node->record.drops;
	}
	return json_pack("{s:I, s:I, s:I, s:I}", "total", NUMBER(count), "silent", NUMBER(silent), "contacts",
		NUMBER(contacts), "drops", NUMBER(drops));
}

static json_t *updates_status(const struct control_status *parts)
{
	unsigned states[UPDATE_STATES] = { 0 };
	json_t *object = json_pack("{s:I}", "total", NUMBER(updates_count(parts->updates)));

	for (size_t i = 0; i < updates_count(parts->updates); i++)
		states[updates_at(parts->updates, i)->state]++;
	for (int state = UPDATE_OFFERED; state < UPDATE_STATES; state++)
		(void)json_object_set_new(
			object, update_state_name((enum update_state)state), json_integer(states[state]));
	return object;
}

/* What keeps nodes from being updated; the emergency stop with its reason. */
static json_t *holds_status(const struct holds *holds)
{
	const struct stored_hold *all = holds_on_all(holds);
	json_t *object = json_pack("{s:I, s:i}", "nodes", NUMBER(holds_count(holds)), "halted", all ? 1 : 0);

	if (all)
		(void)json_object_set_new(object, "halt", describe_hold(all));
	return object;
}

static void count_image(void *context, const struct stored_image *image)
{
	unsigned *counts = context;

	counts[image->complete]++;
}

static json_t *images_status(const struct control_status *parts)
{
	unsigned counts[2] = { 0 }; /* partial, complete */

	image_cache_each(parts->images, count_image, counts);
	return json_pack("{s:I, s:I, s:I, s:I}", "complete", NUMBER(counts[1]), "partial", NUMBER(counts[0]), "bytes",
		NUMBER(image_cache_bytes(parts->images)), "quota_bytes", NUMBER(parts->image_settings->quota_bytes));
}

static json_t *telemetry_status(const struct control_status *parts, const struct store_figures *store)
{
	struct telemetry_figures taken;
	struct publish_figures sent;

	telemetry_figures(parts->telemetry, &taken);
	publish_figures(parts->publish, &sent);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "reports",
		NUMBER(taken.reports), "readings", NUMBER(taken.readings), "repeated", NUMBER(taken.repeated),
		"refused", NUMBER(taken.refused), "pending", NUMBER(taken.pending), "waiting", NUMBER(sent.waiting),
		"delivered", NUMBER(sent.delivered), "lost", NUMBER(sent.lost), "batches", NUMBER(sent.batches),
		"payload_bytes", NUMBER(sent.payload_bytes), "disk_bytes", NUMBER(store->telemetry_bytes),
		"quota_bytes", NUMBER(parts->telemetry_settings->quota_bytes), "by_broker", NUMBER(taken.by_broker),
		"by_disk", NUMBER(taken.by_disk), "never_stored", NUMBER(taken.never_stored), "broker_acknowledges",
		(int)taken.offers);
}

static json_t *thinning_status(const struct control_status *parts)
{
	struct thin_figures figures;

	thin_figures(parts->thin, &figures);
	return json_pack("{s:b, s:I, s:I, s:I, s:I}", "active", (int)figures.active, "readings",
		NUMBER(figures.readings), "became", NUMBER(figures.became), "replaced_bytes",
		NUMBER(figures.replaced_bytes), "written_bytes", NUMBER(figures.written_bytes));
}

/* The host only where readings wait for one. */
static json_t *sparkplug_status(const struct sparkplug_edge *edge)
{
	struct sparkplug_figures figures;

	sparkplug_edge_figures(edge, &figures);
	json_t *object = json_pack("{s:s, s:b, s:I}", "edge_node", figures.edge_node, "born", (int)figures.born,
		"devices", NUMBER(figures.devices));
	if (figures.primary_host) {
		(void)json_object_set_new(object, "primary_host", json_string(figures.primary_host));
		(void)json_object_set_new(object, "host_online", json_boolean(figures.host_online));
	}
	return object;
}

static json_t *uplink_status(const struct control_status *parts)
{
	struct upstream_figures figures;

	upstream_figures(parts->upstream, &figures);
	json_t *object = json_pack("{s:b, s:I, s:I, s:I, s:I}", "connected", (int)figures.connected, "sessions",
		NUMBER(figures.sessions), "bytes_sent", NUMBER(figures.bytes_sent), "bytes_received",
		NUMBER(figures.bytes_received), "waiting", NUMBER(figures.waiting));
	describe_text(object, "broker", figures.broker);
	describe_time(object, "since_ms", figures.since_ms);
	return object;
}

static json_t *slots_status(const struct control_status *parts)
{
	const struct slots *slots = networks_slots(parts->networks);

	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "visits", NUMBER(slots->figures.visits), "refused",
		NUMBER(slots->figures.refused), "own", NUMBER(slots->figures.own), "present",
		NUMBER(slots->admission.count), "concurrent", NUMBER(parts->schedule->concurrent));
}

static void add_counter(void *context, const char *driver, const struct driver_counter *counter)
{
	json_t *drivers = context, *counters = json_object_get(drivers, driver);

	if (!counters) {
		counters = json_object();
		(void)json_object_set_new(drivers, driver, counters);
	}
	(void)json_object_set_new(counters, counter->name, json_integer(NUMBER(*counter->value)));
}

static json_t *drivers_status(const struct control_status *parts)
{
	json_t *drivers = json_object();

	networks_counters(parts->networks, add_counter, drivers);
	return drivers;
}

static json_t *store_status(const struct store_figures *store)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "commits", NUMBER(store->commits), "commit_failures",
		NUMBER(store->commit_failures), "last_commit_us", NUMBER(store->last_commit_us), "longest_commit_us",
		NUMBER(store->longest_commit_us), "queued", NUMBER(store->queued), "damaged", (int)store->damaged);
}

/* What is not known, or not asked for, is left out. */
static json_t *wear_status(const struct control_status *parts, const struct store_figures *store, struct moment now)
{
	const struct telemetry_settings *settings = parts->telemetry_settings;
	struct telemetry_figures taken;
	struct governor_figures wear;

	telemetry_figures(parts->telemetry, &taken);
	governor_figures(parts->governor, now, &wear);
	json_t *object = json_pack("{s:I, s:I, s:I, s:I}", "written_bytes", NUMBER(wear.total_bytes), "day_bytes",
		NUMBER(wear.day_bytes), "telemetry_bytes", NUMBER(store->telemetry_written_bytes), "bound_ms",
		NUMBER(wear.bound_ms));
	if (taken.readings > 0)
		(void)json_object_set_new(object, "bytes_per_reading",
			json_real((double)store->telemetry_written_bytes / (double)taken.readings));
	if (wear.per_day_bytes >= 0)
		(void)json_object_set_new(object, "per_day_bytes", json_integer(NUMBER(wear.per_day_bytes)));
	if (settings->wear_budget_bytes > 0) {
		(void)json_object_set_new(object, "budget_bytes", json_integer(NUMBER(settings->wear_budget_bytes)));
		(void)json_object_set_new(object, "saved_bytes", json_integer(NUMBER(wear.account_bytes)));
		(void)json_object_set_new(object, "over_budget", json_boolean(wear.over_budget));
	}
	if (wear.life_years >= 0)
		(void)json_object_set_new(object, "life_years", json_real(wear.life_years));
	return object;
}

static json_t *alerts_status(const struct control_status *parts)
{
	unsigned counts[ALERT_CRITICAL + 1];

	alerts_tally(parts->alerts, counts);
	return json_pack("{s:I, s:I, s:I, s:I}", "critical", NUMBER(counts[ALERT_CRITICAL]), "warning",
		NUMBER(counts[ALERT_WARNING]), "notice", NUMBER(counts[ALERT_NOTICE]), "unlisted",
		NUMBER(alerts_unlisted(parts->alerts)));
}

/* The last jump only where there was one. */
static json_t *clock_status(const struct clock_watch *watch)
{
	json_t *object = json_pack("{s:I}", "jumps", NUMBER(watch->jumps));

	if (watch->jumps > 0) {
		(void)json_object_set_new(object, "last_jump_ms", json_integer(NUMBER(clock_jump_ms(&watch->last))));
		describe_time(object, "last_jump_at_ms", watch->last.to_ms);
	}
	return object;
}

static json_t *status(const struct control_status *parts)
{
	struct moment now = clock_moment(parts->clock);
	struct store_figures store;

	store_figures(parts->store, &store);
	json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:I}", "gateway", parts->gateway, "version", WAKEGATE_VERSION,
		"time_ms", NUMBER(now.wall_ms), "uptime_ms", NUMBER(now.monotonic_ms - parts->started_ms),
		"memory_bytes", NUMBER(memory_bytes()));
	(void)json_object_set_new(object, "clock", clock_status(parts->clock_watch));
	(void)json_object_set_new(object, "alerts", alerts_status(parts));
	if (parts->upstream)
		(void)json_object_set_new(object, "uplink", uplink_status(parts));
	if (parts->sparkplug)
		(void)json_object_set_new(object, "sparkplug", sparkplug_status(parts->sparkplug));
	(void)json_object_set_new(object, "nodes", nodes_status(parts, now));
	if (parts->networks)
		(void)json_object_set_new(object, "slots", slots_status(parts));
	(void)json_object_set_new(object, "drivers", drivers_status(parts));
	(void)json_object_set_new(object, "updates", updates_status(parts));
	(void)json_object_set_new(object, "holds", holds_status(parts->holds));
	(void)json_object_set_new(object, "images", images_status(parts));
	(void)json_object_set_new(object, "telemetry", telemetry_status(parts, &store));
	if (parts->edge && rules_count(edge_rules(parts->edge)) > 0)
		(void)json_object_set_new(object, "rules", describe_rules(parts->edge));
	(void)json_object_set_new(object, "thinning", thinning_status(parts));
	(void)json_object_set_new(object, "store", store_status(&store));
	(void)json_object_set_new(object, "wear", wear_status(parts, &store, now));
	return object;
}

static void handle_status(void *context, struct control_request *request)
{
	control_done(request, status(context));
}

static void handle_metrics(void *context, struct control_request *request)
{
	const struct control_status *parts = context;
	json_t *figures = status(parts);
	json_t *firmware = firmware_counts_json(networks_firmware(parts->networks), parts->nodes,
		parts->schedule->interval_ms, clock_moment(parts->clock));
	(void)json_object_set_new(figures, "firmware", firmware);
	char *text = metrics_text(figures);

	json_decref(figures);
	if (text)
		control_done(request, json_pack("{s:s}", "text", text));
	else
		control_fail(request, -ENOMEM, "out of memory");
	free(text);
}

static const struct control_command commands[] = {
	{ "status", "how the gateway, its uplink, nodes, images and telemetry are", NULL,
		CONTROL_REMOTE | CONTROL_READS, handle_status },
	{ "metrics", "the figures of status as text for Prometheus", NULL, CONTROL_REMOTE | CONTROL_READS,
		handle_metrics },
};

int control_status_register(struct control *control, struct control_status *parts)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), parts);
}
