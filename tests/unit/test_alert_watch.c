#include "gateway/alert_watch.h"

#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/alert_settings.h"
#include "gateway/alerts.h"
#include "gateway/boot_clock.h"
#include "gateway/gaps.h"
#include "gateway/governor.h"
#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/log.h"
#include "gateway/nodes.h"
#include "gateway/publish.h"
#include "gateway/random.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/telemetry_settings.h"
#include "gateway/thin.h"
#include "gateway/updates.h"
#include "store/rollout_store.h"
#include "store/segment_store.h"
#include "store/update_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

#define INTERVAL_MS (INT64_C(900) * 1000)
#define QUOTA 1000
#define TELEMETRY_QUOTA (1024 * 1024)
#define SEGMENT_BYTES 10240

static const struct nodes_settings node_options = { .most = 50, .flush_interval_ms = 300000, .missed_wakes = 2 };
static const struct schedule_settings schedule = { .interval_ms = INTERVAL_MS, .jitter_percent = 10 };
static const struct update_settings update_options = { .attempts = 5, .deadline_ms = INT64_MAX / 4 };
static const struct telemetry_settings telemetry = {
	.quota_bytes = TELEMETRY_QUOTA, .when_full = WHEN_FULL_DROP_OLDEST, .batch_bytes = 65536, .batch_count = 100
};

static struct alert_settings settings;
static struct stepped_store stepped;
static struct nodes *nodes;
static struct updates *updates;
static struct rollouts *rollouts;
static struct image_cache *images;
static struct gaps *gaps;
static struct publish *publish;
static struct thin *thin;
static struct governor *governor;
static struct alerts *alerts;
static struct holds *holds;
static struct alert_watch *watch;
static struct random chance;
static struct moment now;

static struct image_source *find_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	return NULL;
}

static int offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	return 0;
}

static void withdraw(void *context, const struct node *node)
{
}

static bool needed(void *context, const uint8_t sha256[32])
{
	return true;
}

static void ready(void *context)
{
}

static void on_changed(void *context, const struct alert *alert, struct moment at)
{
}

static int send_nothing(void *context, const struct uplink_message *message, uint64_t ticket)
{
	return -1;
}

static void open_domain(void)
{
	const struct updates_parts update_parts = { .store = stepped.store,
		.nodes = nodes,
		.random = &chance,
		.settings = &update_options,
		.port = { NULL, find_image, offer, withdraw, NULL, NULL } };
	const struct publish_parts publish_parts = { .store = stepped.store,
		.gaps = gaps,
		.settings = &telemetry,
		.gateway = "g",
		.topic = "t",
		.send = send_nothing };
	const struct image_cache_options image_options = {
		.store = stepped.store, .quota_bytes = QUOTA, .cached_chunks = 8, .needed = needed, .ready = ready
	};

	ck_assert_int_eq(updates_open(&updates, &update_parts, now), 0);
	const struct rollouts_parts rollout_parts = { .store = stepped.store,
		.nodes = nodes,
		.updates = updates,
		.holds = holds,
		.random = &chance,
		.schedule = &schedule };
	ck_assert_int_eq(rollouts_open(&rollouts, &rollout_parts), 0);
	ck_assert_int_eq(publish_open(&publish, &publish_parts), 0);
	const struct thin_parts thin_parts = {
		.store = stepped.store, .gaps = gaps, .publish = publish, .settings = &telemetry
	};
	ck_assert_int_eq(thin_open(&thin, &thin_parts), 0);
	ck_assert_int_eq(image_cache_open(&images, &image_options), 0);
	ck_assert_int_eq(governor_open(&governor, stepped.store, &telemetry, now), 0);
}

static void open_watch(void)
{
	const struct alert_watch_parts parts = {
		.alerts = alerts,
		.settings = &settings,
		.nodes = nodes,
		.nodes_settings = &node_options,
		.schedule = &schedule,
		.updates = updates,
		.rollouts = rollouts,
		.holds = holds,
		.images = images,
		.publish = publish,
		.thin = thin,
		.store = stepped.store,
		.governor = governor,
	};

	ck_assert_int_eq(alert_watch_open(&watch, &parts, now), 0);
}

/* What is saved before domain_open() is found by the modules as they open. */
static void begin_scene(void)
{
	now = (struct moment){ .monotonic_ms = 5000, .wall_ms = 1790000000000 };
	settings = (struct alert_settings){ .silent_wakes = 10,
		.failed_attempts = 3,
		.battery_percent = 10,
		.many = 3,
		.backlog_percent = 60,
		.clock_behind_ms = 600000 };
	log_set_level(LOG_LEVEL_ERROR);
	random_init(&chance, 3);
	stepped_make_directory(&stepped);
	stepped.options.telemetry_quota_bytes = TELEMETRY_QUOTA;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	ck_assert_int_eq(nodes_open(&nodes, stepped.store, &node_options), 0);
	ck_assert_int_eq(gaps_open(&gaps, stepped.store), 0);
	ck_assert_int_eq(holds_open(&holds, stepped.store), 0);
	ck_assert_int_eq(alerts_open(&alerts, on_changed, NULL), 0);
}

static void begin_whole_scene(void)
{
	begin_scene();
	open_domain();
	open_watch();
}

static void end_scene(void)
{
	alert_watch_close(watch);
	alerts_close(alerts);
	image_cache_close(images);
	stepped_shut(&stepped);
	governor_close(governor);
	thin_close(thin);
	publish_close(publish);
	gaps_close(gaps);
	holds_close(holds);
	rollouts_close(rollouts);
	updates_close(updates);
	nodes_close(nodes);
	stepped_close(&stepped);
}

static void look(void)
{
	while (alert_watch_tick(watch, now) == 0)
		;
}

/* A node that is due now. */
static void add_node(const char *id, int battery_percent)
{
	const struct node_contact contact = {
		.node = id, .reports = true, .battery_percent = battery_percent, .signal_dbm = -50
	};
	struct node *node;

	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, now, &node), 0);
	node->record.next_contact_ms = now.wall_ms;
}

static bool stands(enum alert_kind kind, const char *subject)
{
	const struct alert *alert = alerts_get(alerts, kind, subject);

	return alert && alert->stands;
}

START_TEST(a_healthy_gateway_has_none)
{
	begin_whole_scene();
	add_node("n1", 90);
	look();
	ck_assert_uint_eq(alerts_count(alerts), 0);
	end_scene();
}
END_TEST

START_TEST(a_silent_node_is_found_and_forgiven)
{
	struct node *node;

	begin_whole_scene();
	add_node("n1", 90);
	now.wall_ms += INTERVAL_MS * 9;
	look();
	ck_assert(!stands(ALERT_NODE_SILENT, "n1"));
	now.wall_ms += INTERVAL_MS;
	look();
	ck_assert(stands(ALERT_NODE_SILENT, "n1"));
	ck_assert_ptr_nonnull(strstr(alerts_at(alerts, 0)->text, "missed 10 slots"));
	node = nodes_find(nodes, "n1");
	node->record.next_contact_ms = now.wall_ms + INTERVAL_MS;
	look();
	ck_assert(!stands(ALERT_NODE_SILENT, "n1"));
	end_scene();
}
END_TEST

START_TEST(many_silent_nodes_are_one_alert)
{
	char id[16];

	begin_whole_scene();
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "n%d", i);
		add_node(id, 90);
	}
	now.wall_ms += INTERVAL_MS * 20;
	look();
	ck_assert_uint_eq(alerts_count(alerts), 1);
	ck_assert(stands(ALERT_NODES_SILENT, ""));
	ck_assert_int_eq(alerts_at(alerts, 0)->severity, ALERT_CRITICAL);
	ck_assert_ptr_nonnull(strstr(alerts_at(alerts, 0)->text, "20 of 20 nodes are silent, such as n0, n1"));
	end_scene();
}
END_TEST

/* More than three are many; one more or less is no news then. */
START_TEST(one_alert_for_many_lasts_until_half_as_few_have_the_trouble)
{
	char id[16];

	begin_whole_scene();
	for (int i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "n%d", i);
		add_node(id, 90);
	}
	now.wall_ms += INTERVAL_MS * 20;
	look();
	ck_assert(stands(ALERT_NODES_SILENT, ""));
	for (int i = 0; i < 2; i++) {
		ck_assert(stands(ALERT_NODES_SILENT, ""));
		snprintf(id, sizeof(id), "n%d", i);
		nodes_find(nodes, id)->record.next_contact_ms = now.wall_ms + INTERVAL_MS;
		look();
		ck_assert(!stands(ALERT_NODE_SILENT, "n3"));
	}
	ck_assert(stands(ALERT_NODES_SILENT, ""));
	nodes_find(nodes, "n2")->record.next_contact_ms = now.wall_ms + INTERVAL_MS;
	look();
	ck_assert(!stands(ALERT_NODES_SILENT, ""));
	ck_assert(stands(ALERT_NODE_SILENT, "n3"));
	end_scene();
}
END_TEST

START_TEST(a_low_battery_is_told_until_it_is_well_above)
{
	struct node *node;

	begin_whole_scene();
	add_node("n1", 10);
	add_node("n2", 12);
	look();
	ck_assert(stands(ALERT_NODE_BATTERY, "n1"));
	ck_assert(!stands(ALERT_NODE_BATTERY, "n2"));
	node = nodes_find(nodes, "n1");
	node->record.battery_percent = 14;
	look();
	ck_assert(stands(ALERT_NODE_BATTERY, "n1"));
	node->record.battery_percent = 16;
	look();
	ck_assert(!stands(ALERT_NODE_BATTERY, "n1"));
	end_scene();
}
END_TEST

static void save_update(const char *node, const char *state, uint32_t attempts)
{
	struct stored_update update = { .attempts = attempts, .created_ms = now.wall_ms, .changed_ms = now.wall_ms };

	snprintf(update.node, sizeof(update.node), "%s", node);
	snprintf(update.state, sizeof(update.state), "%s", state);
	snprintf(update.reason, sizeof(update.reason), "not enough flash");
	ck_assert_int_eq(store_update_save(stepped.store, &update, NULL, (struct store_reply){ 0 }), 0);
}

START_TEST(nodes_whose_updates_fail_are_found)
{
	begin_scene();
	add_node("n1", -1);
	add_node("n2", -1);
	add_node("n3", -1);
	save_update("n1", "failed", 5);
	save_update("n2", "confirmed", 4);
	save_update("n3", "reverted", 1);
	open_domain();
	open_watch();
	look();
	ck_assert(stands(ALERT_NODE_FAILING, "n1"));
	ck_assert_str_eq(alerts_get(alerts, ALERT_NODE_FAILING, "n1")->text, "its update failed: not enough flash");
	ck_assert(!stands(ALERT_NODE_FAILING, "n2"));
	ck_assert(stands(ALERT_NODE_FAILING, "n3"));
	end_scene();
}
END_TEST

static void save_rollout(const char *name, const char *state, const char *reason, bool approval)
{
	static const struct journal_entry entry = { .subject = "r", .event = "e" };
	struct stored_rollout rollout = { .changed_ms = 1 };

	snprintf(rollout.id, sizeof(rollout.id), "%s", name);
	snprintf(rollout.state, sizeof(rollout.state), "%s", state);
	snprintf(rollout.reason, sizeof(rollout.reason), "%s", reason);
	snprintf(rollout.plan, sizeof(rollout.plan),
		"{\"rollout\": \"%s\", \"hardware\": \"%s\", \"image\": \"%064d\", \"approval\": %s}", name, name, 1,
		approval ? "true" : "false");
	ck_assert_int_eq(store_rollout_save(stepped.store, &rollout, &entry, (struct store_reply){ 0 }), 0);
}

START_TEST(rollouts_that_gates_stopped_are_found)
{
	begin_scene();
	save_rollout("spring", "tripped", "14 of 20 failed", false);
	save_rollout("summer", "rolled_back", "rolled back by operator", false);
	save_rollout("autumn", "rolled_back", "14 of 20 failed", false);
	save_rollout("winter", "waiting", "ordered by cloud", true);
	open_domain();
	open_watch();
	look();
	ck_assert(stands(ALERT_GATE_TRIPPED, "spring"));
	ck_assert_int_eq(alerts_get(alerts, ALERT_GATE_TRIPPED, "spring")->severity, ALERT_CRITICAL);
	ck_assert(!stands(ALERT_GATE_TRIPPED, "summer"));
	ck_assert(stands(ALERT_GATE_TRIPPED, "autumn"));
	ck_assert(stands(ALERT_ROLLOUT_WAITS, "winter"));
	ck_assert_int_eq(rollouts_intervene(rollouts, "spring", ROLLOUT_ABORT, "operator", now), 0);
	look();
	ck_assert(!stands(ALERT_GATE_TRIPPED, "spring"));
	end_scene();
}
END_TEST

START_TEST(a_clock_that_was_never_set_or_is_behind_is_found)
{
	begin_whole_scene();
	add_node("n1", -1);
	now.wall_ms -= 590000;
	look();
	ck_assert(!stands(ALERT_CLOCK_WRONG, ""));
	now.wall_ms -= 20000;
	look();
	ck_assert(stands(ALERT_CLOCK_WRONG, ""));
	now.wall_ms += 610000;
	look();
	ck_assert(!stands(ALERT_CLOCK_WRONG, ""));
	now.wall_ms = CLOCK_SET_LEAST_MS - 1;
	look();
	ck_assert(stands(ALERT_CLOCK_WRONG, ""));
	end_scene();
}
END_TEST

START_TEST(an_image_without_room_is_told_until_one_has_room)
{
	struct stored_image image = { .size_bytes = QUOTA + 1 };

	begin_whole_scene();
	ck_assert_int_lt(image_cache_begin(images, &image), 0);
	look();
	ck_assert(stands(ALERT_CACHE_FULL, ""));
	image.size_bytes = QUOTA / 2;
	ck_assert_int_eq(image_cache_begin(images, &image), 0);
	look();
	ck_assert(!stands(ALERT_CACHE_FULL, ""));
	end_scene();
}
END_TEST

START_TEST(an_emergency_stop_is_not_forgotten)
{
	const struct hold_order order = { .node = HOLD_ALL, .reason = "a storm", .by = "operator" };

	begin_whole_scene();
	ck_assert_int_eq(holds_set(holds, &order, now), 0);
	look();
	ck_assert(stands(ALERT_UPDATES_HALTED, ""));
	ck_assert_int_eq(holds_release(holds, HOLD_ALL, "operator", now), 0);
	look();
	ck_assert(!stands(ALERT_UPDATES_HALTED, ""));
	end_scene();
}
END_TEST

START_TEST(a_full_registry_is_found)
{
	char id[16];

	begin_whole_scene();
	for (int i = 0; i < node_options.most; i++) {
		snprintf(id, sizeof(id), "n%d", i);
		add_node(id, 90);
	}
	look();
	ck_assert(stands(ALERT_NODES_FULL, ""));
	end_scene();
}
END_TEST

static void store_segments(unsigned from, unsigned below)
{
	static const uint8_t data[SEGMENT_BYTES];

	for (unsigned i = from; i < below; i++) {
		const struct stored_segment segment = {
			.first = i, .count = 1, .boot = 1, .data = data, .size = sizeof(data), .kept_at_ms = now.wall_ms
		};
		ck_assert_int_eq(store_segment_append(stepped.store, &segment, (struct store_reply){ 0 }), 0);
		store_dispatch(stepped.store);
	}
}

static void discard_segments(uint64_t from, uint64_t below)
{
	for (uint64_t first = from; first < below; first++)
		ck_assert_int_eq(store_segment_discard(stepped.store, &first, 1, 0, (struct store_reply){ 0 }), 0);
	store_dispatch(stepped.store);
}

static void measure_and_look(void)
{
	now.monotonic_ms += 10000;
	for (int i = 0; i < 3; i++) {
		(void)thin_tick(thin, now);
		store_dispatch(stepped.store);
	}
	look();
}

/* 1 MB of quota: the file with its WAL is larger from the first megabyte on, and stays so. */
START_TEST(a_backlog_is_told_by_what_waits_and_until_it_is_well_below)
{
	begin_scene();
	store_segments(1, 51);
	open_domain();
	open_watch();
	measure_and_look();
	ck_assert(!stands(ALERT_BACKLOG_LARGE, ""));
	store_segments(51, 66);
	measure_and_look();
	ck_assert(stands(ALERT_BACKLOG_LARGE, ""));
	ck_assert_ptr_nonnull(strstr(alerts_get(alerts, ALERT_BACKLOG_LARGE, "")->text, " % of the quota"));
	discard_segments(1, 11);
	measure_and_look();
	ck_assert(stands(ALERT_BACKLOG_LARGE, ""));
	discard_segments(11, 26);
	measure_and_look();
	ck_assert(!stands(ALERT_BACKLOG_LARGE, ""));
	store_segments(66, 78);
	measure_and_look();
	ck_assert(!stands(ALERT_BACKLOG_LARGE, ""));
	end_scene();
}
END_TEST

/* Nodes of a hardware type that the rollout is about, all of them held. */
START_TEST(a_rollout_that_no_node_can_have_is_found)
{
	const struct node_contact contact = { .node = "n1", .reports = true, .hardware = "spring", .version = "1" };
	const struct hold_order order = { .node = "n1", .reason = "calibration", .by = "operator" };
	struct node *node;

	begin_scene();
	save_rollout("spring", "rolling", "", false);
	ck_assert_int_eq(nodes_contact(nodes, "coap", &contact, now, &node), 0);
	ck_assert_int_eq(holds_set(holds, &order, now), 0);
	open_domain();
	open_watch();
	(void)rollouts_tick(rollouts, now);
	look();
	ck_assert(stands(ALERT_ROLLOUT_WAITS, "spring"));
	ck_assert_str_eq(
		alerts_get(alerts, ALERT_ROLLOUT_WAITS, "spring")->text, "no node can have the image now: 1 held");
	ck_assert_int_eq(holds_release(holds, "n1", "operator", now), 0);
	now.monotonic_ms += 60000;
	(void)rollouts_tick(rollouts, now);
	look();
	ck_assert(!stands(ALERT_ROLLOUT_WAITS, "spring"));
	end_scene();
}
END_TEST

TEST_SUITE(alert_watch, a_backlog_is_told_by_what_waits_and_until_it_is_well_below,
	a_rollout_that_no_node_can_have_is_found, a_healthy_gateway_has_none, a_silent_node_is_found_and_forgiven,
	many_silent_nodes_are_one_alert, one_alert_for_many_lasts_until_half_as_few_have_the_trouble,
	a_low_battery_is_told_until_it_is_well_above, nodes_whose_updates_fail_are_found,
	rollouts_that_gates_stopped_are_found, a_clock_that_was_never_set_or_is_behind_is_found,
	an_image_without_room_is_told_until_one_has_room, an_emergency_stop_is_not_forgotten, a_full_registry_is_found)
