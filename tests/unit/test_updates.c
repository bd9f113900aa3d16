#include "gateway/updates.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "gateway/clock.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/suite.h"

static const struct nodes_settings node_options = { .most = 100, .flush_interval_ms = 300000, .missed_wakes = 2 };
static const struct update_settings options = {
	.attempts = 3,
	.retry_after_ms = 600000,
	.retry_most_ms = 3600000,
	.stall_after_ms = 1800000,
	.deadline_ms = 86400000,
};

/* A gateway with one image and a driver that only remembers. */
struct bench {
	struct scratch_store scratch;
	struct nodes *nodes;
	struct updates *updates;
	struct random random;
	struct moment now;
	struct image_source image;
	struct image_source stone;
	struct update_settings settings;
	bool has_stone; /* the image requires that the node ran the stone */
	bool stone_is_missing;
	uint8_t offered_digest;
	bool offered;
	const char *hardware;    /* that the nodes say they are */
	int64_t battery_percent; /* that its labels ask of each node */
	int offers;
	int changes;
	struct offer_times offer_times;
	struct update_times times;
};

static struct image_source *on_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	struct bench *bench = context;

	*hardware = "meter-2";
	if (memcmp(sha256, bench->stone.sha256, 32) == 0)
		return &bench->stone;
	return memcmp(sha256, bench->image.sha256, 32) == 0 ? &bench->image : NULL;
}

static int on_next(void *context, const struct node *node, const uint8_t goal[32], uint8_t next[32], char *why)
{
	struct bench *bench = context;
	bool runs_stone = digest_heads_match(node->record.image, node->record.image_size, bench->stone.sha256, 32);

	if (bench->stone_is_missing) {
		snprintf(why, UPDATE_WHY_SIZE, "version 2 is missing");
		return -ENOLINK;
	}
	memcpy(next, bench->has_stone && !runs_stone ? bench->stone.sha256 : goal, 32);
	return 0;
}

static int on_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	struct bench *bench = context;

	bench->offered = true;
	bench->offered_digest = offer->image->sha256[0];
	bench->offers++;
	bench->offer_times = offer->times;
	return 0;
}

static struct update_times on_times(
	void *context, const struct node *node, const struct update *update, struct moment now)
{
	struct bench *bench = context;

	return bench->times;
}

static int64_t on_battery(void *context, const struct node *node)
{
	const struct bench *bench = context;

	return bench->battery_percent;
}

static void on_withdraw(void *context, const struct node *node)
{
	struct bench *bench = context;

	bench->offered = false;
}

static void on_changed(void *context, const struct node *node, const struct update *update)
{
	struct bench *bench = context;

	bench->changes++;
}

static void open_domain(struct bench *bench)
{
	struct updates_parts parts = {
		.store = bench->scratch.store,
		.random = &bench->random,
		.settings = &bench->settings,
		.port = {
			.context = bench,
			.image = on_image,
			.next = on_next,
			.offer = on_offer,
			.withdraw = on_withdraw,
			.changed = on_changed,
			.times = on_times,
			.battery = on_battery,
		},
	};

	ck_assert_int_eq(nodes_open(&bench->nodes, bench->scratch.store, &node_options), 0);
	parts.nodes = bench->nodes;
	ck_assert_int_eq(updates_open(&bench->updates, &parts, bench->now), 0);
}

static void close_domain(struct bench *bench)
{
	nodes_flush(bench->nodes);
	scratch_store_shut(&bench->scratch);
	updates_close(bench->updates);
	nodes_close(bench->nodes);
}

static struct node *contact(struct bench *bench, const char *id, const uint8_t *image)
{
	struct node_contact contact = {
		.node = id,
		.reports = true,
		.hardware = bench->hardware,
		.image_size = 8,
		.battery_percent = -1,
	};
	struct node *node;

	memcpy(contact.image, image, 8);
	ck_assert_int_eq(nodes_contact(bench->nodes, "coap", &contact, bench->now, &node), 0);
	if (bench->updates)
		updates_on_contact(bench->updates, node, true, bench->now);
	return node;
}

static const uint8_t old_image[32] = { 9, 9, 9, 9 };

static struct bench *bench_open(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->now = (struct moment){ .monotonic_ms = 5, .wall_ms = 1790000000000 };
	bench->image.size_bytes = 100000;
	bench->hardware = "meter-2";
	bench->times.changes_ms = INT64_MAX;
	bench->settings = options;
	memset(bench->image.sha256, 0xab, 32);
	memset(bench->stone.sha256, 0x57, 32);
	random_init(&bench->random, 3);
	scratch_store_open(&bench->scratch);
	open_domain(bench);
	return bench;
}

static void bench_close(struct bench *bench)
{
	close_domain(bench);
	scratch_store_close(&bench->scratch);
	free(bench);
}

static int order(struct bench *bench, struct node *node, bool force)
{
	struct update_order order = { .node = node, .force = force, .by = "operator" };

	memcpy(order.sha256, bench->image.sha256, 32);
	return updates_order(bench->updates, &order, bench->now);
}

static void progress(struct bench *bench, struct node *node, enum delivery_state state, uint32_t offset)
{
	struct delivery_progress progress = { .node = node->record.id, .state = state, .offset = offset };

	updates_on_progress(bench->updates, node, &progress, bench->now);
}

START_TEST(an_order_is_offered_until_the_node_runs_it)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert(bench->offered);
	ck_assert(updates_need(bench->updates, bench->image.sha256));
	ck_assert_int_eq(order(bench, node, false), -EALREADY);
	contact(bench, "node-1", old_image);
	ck_assert(bench->offered);
	progress(bench, node, DELIVERY_DOWNLOADING, 4096);
	progress(bench, node, DELIVERY_CONFIRMED, 0);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_REBOOTING);
	contact(bench, "node-1", bench->image.sha256);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_CONFIRMED);
	ck_assert(!bench->offered);
	ck_assert(!updates_need(bench->updates, bench->image.sha256));
	ck_assert(updates_may_go_back(bench->updates, old_image));
	ck_assert(!updates_may_go_back(bench->updates, bench->image.sha256));
	bench_close(bench);
}
END_TEST

START_TEST(a_node_goes_over_a_stepping_stone)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	bench->has_stone = true;
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert_uint_eq(bench->offered_digest, 0x57);
	ck_assert_int_eq(order(bench, node, false), -EALREADY);
	ck_assert(
		updates_need(bench->updates, bench->image.sha256) && updates_need(bench->updates, bench->stone.sha256));
	progress(bench, node, DELIVERY_APPLYING, 0);
	contact(bench, "node-1", bench->stone.sha256);
	const struct update *update = updates_find(bench->updates, "node-1");
	ck_assert_int_eq(update->state, UPDATE_OFFERED);
	ck_assert_uint_eq(bench->offered_digest, 0xab);
	ck_assert_mem_eq(update->record.previous, bench->stone.sha256, 8);
	ck_assert_uint_eq(update->record.stones, 1);
	close_domain(bench);
	scratch_store_start(&bench->scratch);
	open_domain(bench);
	node = contact(bench, "node-1", bench->image.sha256);
	update = updates_find(bench->updates, node->record.id);
	ck_assert_int_eq(update->state, UPDATE_CONFIRMED);
	ck_assert_mem_eq(update->record.sha256, update->record.goal, 32);
	ck_assert(!bench->offered);
	bench_close(bench);
}
END_TEST

START_TEST(a_node_is_never_taken_back_to_a_stone_that_it_is_past)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	bench->has_stone = true;
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert_uint_eq(bench->offered_digest, 0x57);
	/* It went on while the gateway lost its memory of it: what it needs now is what counts. */
	bench->has_stone = false;
	contact(bench, "node-1", old_image);
	ck_assert_uint_eq(bench->offered_digest, 0xab);
	ck_assert_uint_eq(updates_find(bench->updates, "node-1")->record.stones, 0);
	/* And it was flashed by hand with something too old. */
	bench->has_stone = true;
	contact(bench, "node-1", old_image);
	ck_assert_uint_eq(bench->offered_digest, 0x57);
	bench_close(bench);
}
END_TEST

START_TEST(a_node_that_falls_back_further_is_led_from_where_it_is)
{
	static const uint8_t older[32] = { 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33 };
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	ck_assert_int_eq(order(bench, node, false), 0);
	progress(bench, node, DELIVERY_APPLYING, 0);
	bench->has_stone = true;
	contact(bench, "node-1", older);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_OFFERED);
	ck_assert_uint_eq(bench->offered_digest, 0x57);
	bench_close(bench);
}
END_TEST

START_TEST(a_stone_that_goes_missing_ends_the_update)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	bench->stone_is_missing = true;
	ck_assert_int_eq(order(bench, node, false), -ENOLINK);
	ck_assert_ptr_null(updates_find(bench->updates, "node-1"));
	bench->stone_is_missing = false;
	bench->has_stone = true;
	ck_assert_int_eq(order(bench, node, false), 0);
	bench->stone_is_missing = true;
	contact(bench, "node-1", bench->stone.sha256);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_FAILED);
	ck_assert_str_eq(updates_find(bench->updates, "node-1")->record.reason, "version 2 is missing");
	ck_assert(!bench->offered);
	bench_close(bench);
}
END_TEST

static struct node *joined(struct bench *bench, const char *id)
{
	struct node *node;

	ck_assert_int_eq(nodes_add(bench->nodes, id, "coap", bench->now, &node), 0);
	return node;
}

START_TEST(a_node_that_turns_out_to_be_other_hardware_gets_no_offer)
{
	struct bench *bench = bench_open();

	/* Ordered before it was ever heard of. */
	ck_assert_int_eq(order(bench, joined(bench, "node-1"), false), 0);
	ck_assert(bench->offered);
	bench->hardware = "meter-3";
	contact(bench, "node-1", old_image);
	ck_assert(!bench->offered);
	const struct update *update = updates_find(bench->updates, "node-1");
	ck_assert_int_eq(update->state, UPDATE_FAILED);
	ck_assert_str_eq(update->record.reason, "the image is for other hardware");

	/* Another device has got the identity of one whose update is under way. */
	bench->hardware = "meter-2";
	struct node *node = contact(bench, "node-2", old_image);
	ck_assert_int_eq(order(bench, node, false), 0);
	progress(bench, node, DELIVERY_DOWNLOADING, 4096);
	bench->hardware = "meter-3";
	contact(bench, "node-2", old_image);
	ck_assert(!bench->offered);
	ck_assert_int_eq(updates_find(bench->updates, "node-2")->state, UPDATE_FAILED);
	bench_close(bench);
}
END_TEST

START_TEST(what_was_forced_upon_other_hardware_stays_so)
{
	struct bench *bench = bench_open();

	bench->hardware = "meter-3";
	struct node *node = contact(bench, "node-1", old_image);
	ck_assert_int_eq(order(bench, node, false), -EINVAL);
	ck_assert_int_eq(order(bench, node, true), 0);
	contact(bench, "node-1", old_image);
	ck_assert(bench->offered);
	close_domain(bench);
	bench->offered = false;
	scratch_store_start(&bench->scratch);
	open_domain(bench);
	contact(bench, "node-1", old_image);
	ck_assert(bench->offered);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_OFFERED);
	bench_close(bench);
}
END_TEST

START_TEST(an_update_goes_on_after_a_restart)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	order(bench, node, false);
	progress(bench, node, DELIVERY_DOWNLOADING, 1024);
	progress(bench, node, DELIVERY_DOWNLOADING, 60000);
	close_domain(bench);
	bench->offered = false;
	scratch_store_start(&bench->scratch);
	open_domain(bench);
	ck_assert(bench->offered);
	const struct update *update = updates_find(bench->updates, "node-1");
	ck_assert_int_eq(update->state, UPDATE_DOWNLOADING);
	ck_assert_uint_eq(update->record.offset, 60000);
	ck_assert_uint_eq(update->record.attempts, 1);
	bench_close(bench);
}
END_TEST

static void set_clock(struct bench *bench, int64_t by_ms)
{
	struct clock_jump jump = { .from_ms = bench->now.wall_ms, .to_ms = bench->now.wall_ms + by_ms };

	bench->now.wall_ms = jump.to_ms;
	nodes_follow_clock(bench->nodes, &jump);
	updates_follow_clock(bench->updates, &jump);
}

START_TEST(an_update_survives_a_clock_that_is_set_forward)
{
	struct bench *bench = bench_open();

	bench->now.wall_ms = 60000;
	struct node *node = contact(bench, "node-1", old_image);
	order(bench, node, false);
	progress(bench, node, DELIVERY_DOWNLOADING, 1024);
	set_clock(bench, 1790000000000);
	updates_tick(bench->updates, bench->now);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_DOWNLOADING);
	close_domain(bench);
	scratch_store_start(&bench->scratch);
	open_domain(bench);
	const struct update *update = updates_find(bench->updates, "node-1");
	ck_assert_int_eq(update->record.created_ms, bench->now.wall_ms);
	ck_assert_int_eq(update->record.changed_ms, bench->now.wall_ms);
	bench->now.wall_ms += options.deadline_ms + 1;
	updates_tick(bench->updates, bench->now);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_FAILED);
	bench_close(bench);
}
END_TEST

START_TEST(a_retry_waits_as_long_as_it_would_when_the_clock_is_set)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	order(bench, node, false);
	progress(bench, node, DELIVERY_FAILED, 0);
	const struct update *update = updates_find(bench->updates, "node-1");
	int64_t wait_ms = update->record.retry_at_ms - bench->now.wall_ms;
	ck_assert_int_ge(wait_ms, options.retry_after_ms);
	set_clock(bench, 40 * options.retry_most_ms);
	ck_assert_int_eq(update->record.retry_at_ms - bench->now.wall_ms, wait_ms);
	set_clock(bench, -90 * options.retry_most_ms);
	ck_assert_int_eq(update->record.retry_at_ms - bench->now.wall_ms, wait_ms);
	bench_close(bench);
}
END_TEST

START_TEST(orders_that_make_no_sense_are_refused)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", bench->image.sha256);

	ck_assert_int_eq(order(bench, node, false), -EALREADY);
	node = contact(bench, "node-2", old_image);
	node->record.hardware = "valve-1";
	ck_assert_int_eq(order(bench, node, false), -EINVAL);
	ck_assert_int_eq(order(bench, node, true), 0);
	struct update_order unknown = { .node = node, .by = "operator" };
	ck_assert_int_eq(updates_order(bench->updates, &unknown, bench->now), -ENOENT);
	bench_close(bench);
}
END_TEST

START_TEST(a_failed_attempt_is_offered_again_when_its_pause_is_over)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);
	struct delivery_progress failure = { .node = "node-1", .state = DELIVERY_FAILED, .code = 5, .said = true };

	order(bench, node, false);
	updates_on_progress(bench->updates, node, &failure, bench->now);
	ck_assert(!bench->offered);
	contact(bench, "node-1", old_image);
	ck_assert(!bench->offered);
	bench->now.wall_ms += options.retry_after_ms * 5 / 4 + 1;
	updates_tick(bench->updates, bench->now);
	ck_assert(bench->offered);
	bench_close(bench);
}
END_TEST

/* The node wakes every `interval_ms`, asks if it is offered the image, and fails: the times of its tries, in their
 * order. */
static unsigned fail_at_wakes(struct bench *bench, const char *id, int64_t interval_ms, int64_t *tries)
{
	struct node *node = contact(bench, id, old_image);
	struct delivery_progress failure = { .node = id, .state = DELIVERY_FAILED, .code = 5, .said = true };
	unsigned count = 0;

	ck_assert_int_eq(order(bench, node, false), 0);
	while (update_is_active(updates_find(bench->updates, id))) {
		bench->now.wall_ms += interval_ms;
		(void)updates_tick(bench->updates, bench->now);
		contact(bench, id, old_image);
		if (!bench->offered)
			continue;
		progress(bench, node, DELIVERY_DOWNLOADING, 0);
		updates_on_progress(bench->updates, node, &failure, bench->now);
		ck_assert(!bench->offered);
		ck_assert_uint_lt(count, (unsigned)options.attempts);
		tries[count++] = bench->now.wall_ms;
	}
	return count;
}

START_TEST(a_retry_is_at_the_first_wake_after_its_pause)
{
	static const int64_t intervals_ms[] = { 10000, 2 * 600000, 7 * 3600000 };
	struct bench *bench = bench_open();
	int64_t least_ms = INT64_MAX, most_ms = 0;
	char id[16];

	for (unsigned i = 0; i < 60; i++) {
		int64_t interval_ms = intervals_ms[i % 3], tries[8], pause_ms = options.retry_after_ms;
		snprintf(id, sizeof(id), "node-%u", i);
		ck_assert_uint_eq(fail_at_wakes(bench, id, interval_ms, tries), (unsigned)options.attempts);
		for (int64_t k = 1; k < options.attempts; k++, pause_ms *= 2) {
			int64_t waited_ms = tries[k] - tries[k - 1];
			/* Whichever is later: the next wake, or the pause with its quarter of chance. */
			ck_assert_int_ge(waited_ms, interval_ms);
			ck_assert_int_ge(waited_ms, pause_ms);
			ck_assert_int_lt(waited_ms, pause_ms * 5 / 4 + 2 * interval_ms);
			if (interval_ms > pause_ms * 5 / 4)
				ck_assert_int_eq(waited_ms, interval_ms);
			if (i % 3 == 0 && k == 1) {
				least_ms = waited_ms < least_ms ? waited_ms : least_ms;
				most_ms = waited_ms > most_ms ? waited_ms : most_ms;
			}
		}
	}
	ck_assert_int_gt(most_ms - least_ms, options.retry_after_ms / 8); /* not all nodes at the same time */
	bench_close(bench);
}
END_TEST

START_TEST(tries_are_budgeted_in_wakes)
{
	struct update_settings few = options;
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);
	unsigned wakes = 0;

	few.contacts = 40;
	bench->settings = few;
	ck_assert_int_eq(order(bench, node, false), 0);
	while (update_is_active(updates_find(bench->updates, "node-1")) && wakes < 1000) {
		bench->now.wall_ms += 1000;
		contact(bench, "node-1", old_image);
		wakes++;
	}
	ck_assert_uint_eq(wakes, 41); /* however little time they took */
	bench_close(bench);
}
END_TEST

/* A check-in with what it has left. */
static void say_battery(struct bench *bench, struct node *node, int8_t percent)
{
	node->record.battery_percent = percent;
	updates_on_contact(bench->updates, node, true, bench->now);
}

START_TEST(a_node_with_a_low_battery_begins_only_what_is_for_now)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	bench->settings.battery_percent = 30;
	bench->settings.contacts = 5;
	say_battery(bench, node, 29);
	ck_assert_int_eq(order(bench, node, false), 0);
	for (int i = 0; i < 20; i++)
		say_battery(bench, node, 29);
	ck_assert(!bench->offered);
	ck_assert_int_eq(updates_find(bench->updates, "node-1")->state, UPDATE_OFFERED);
	say_battery(bench, node, 30);
	ck_assert(bench->offered);
	progress(bench, node, DELIVERY_DOWNLOADING, 100);
	say_battery(bench, node, 10); /* it has begun */
	ck_assert(bench->offered);
	ck_assert_int_eq(updates_cancel(bench->updates, node, "operator", bench->now), 0);
	struct update_order now = { .node = node, .at_once = true, .by = "operator" };
	memcpy(now.sha256, bench->image.sha256, 32);
	ck_assert_int_eq(updates_order(bench->updates, &now, bench->now), 0);
	ck_assert(bench->offered);
	bench_close(bench);
}
END_TEST

START_TEST(what_labels_ask_of_a_battery_holds_beside_the_floor_for_all)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	bench->settings.battery_percent = 30;
	bench->battery_percent = 50;
	say_battery(bench, node, 49);
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert(!bench->offered);
	say_battery(bench, node, 50);
	ck_assert(bench->offered);
	bench->battery_percent = 10;
	say_battery(bench, node, 29);
	ck_assert(!bench->offered);
	bench_close(bench);
}
END_TEST

START_TEST(a_cancelled_update_is_withdrawn)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);

	ck_assert_int_eq(updates_cancel(bench->updates, node, "operator", bench->now), -ENOENT);
	order(bench, node, false);
	ck_assert_int_eq(updates_cancel(bench->updates, node, "operator", bench->now), 0);
	ck_assert(!bench->offered);
	ck_assert_str_eq(updates_find(bench->updates, "node-1")->record.reason, "cancelled");
	bench_close(bench);
}
END_TEST

static void on_entry(void *context, const struct journal_entry *entry)
{
	char *words = context;

	strcat(words, entry->event);
	strcat(words, " ");
}

static void on_read(void *context, int result)
{
	ck_assert_int_eq(result, 0);
	strcat(context, "end");
}

START_TEST(every_step_is_journalled_and_watchers_are_told)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "node-1", old_image);
	char words[512] = "";
	struct journal_reader reader = { .each = on_entry, .done = on_read, .context = words };

	order(bench, node, false);
	progress(bench, node, DELIVERY_DOWNLOADING, 64);
	progress(bench, node, DELIVERY_DOWNLOADED, 0);
	progress(bench, node, DELIVERY_APPLYING, 0);
	contact(bench, "node-1", bench->image.sha256);
	ck_assert_int_eq(bench->changes, 5);
	ck_assert_int_eq(store_journal_load(bench->scratch.store, "node-1", 10, reader), 0);
	scratch_store_settle(&bench->scratch);
	ck_assert_str_eq(
		words, "update.confirmed update.rebooting update.downloaded update.downloading update.offered end");
	bench_close(bench);
}
END_TEST

START_TEST(an_offer_says_when_the_node_may_do_what)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "n1", old_image);
	int64_t start_ms = bench->now.wall_ms;

	bench->times = (struct update_times){
		.fetch_from_ms = start_ms + 10000, .apply_until_ms = start_ms + 60000, .changes_ms = start_ms + 10000
	};
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert_int_eq(bench->offer_times.fetch_from_ms, bench->now.monotonic_ms + 10000);
	ck_assert_int_eq(bench->offer_times.fetch_until_ms, 0);
	ck_assert_int_eq(bench->offer_times.apply_at_ms, 0);
	ck_assert_int_eq(bench->offer_times.apply_until_ms, bench->now.monotonic_ms + 60000);
	bench->times = (struct update_times){ .changes_ms = INT64_MAX };
	unsigned offers = bench->offers;
	bench->now.wall_ms += 9000;
	bench->now.monotonic_ms += 9000;
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_uint_eq(bench->offers, offers);
	bench->now.wall_ms += 1000;
	bench->now.monotonic_ms += 1000;
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_uint_eq(bench->offers, offers + 1);
	ck_assert_int_eq(bench->offer_times.fetch_from_ms, 0);
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_uint_eq(bench->offers, offers + 1);
	updates_renew_all(bench->updates, bench->now);
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_uint_eq(bench->offers, offers + 2);
	bench_close(bench);
}
END_TEST

START_TEST(an_order_that_waits_can_be_made_one_for_now)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "n1", old_image);
	struct update_order now = { .node = node, .at_once = true, .by = "operator" };

	memcpy(now.sha256, bench->image.sha256, 32);
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert(!updates_find(bench->updates, "n1")->record.at_once);
	ck_assert_int_eq(updates_order(bench->updates, &now, bench->now), 0);
	ck_assert(updates_find(bench->updates, "n1")->record.at_once);
	ck_assert_int_eq(updates_order(bench->updates, &now, bench->now), -EALREADY);
	ck_assert_int_eq(order(bench, node, false), -EALREADY);
	bench_close(bench);
}
END_TEST

START_TEST(nothing_is_offered_before_its_times_are_known)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "n1", old_image);

	bench->times = (struct update_times){ .changes_ms = bench->now.wall_ms };
	ck_assert_int_eq(order(bench, node, false), 0);
	ck_assert(!bench->offered);
	bench->times.changes_ms = INT64_MAX;
	(void)updates_tick(bench->updates, bench->now);
	ck_assert(bench->offered);
	bench_close(bench);
}
END_TEST

START_TEST(a_pause_between_windows_is_no_stall)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "n1", old_image);

	ck_assert_int_eq(order(bench, node, false), 0);
	progress(bench, node, DELIVERY_DOWNLOADING, 0);
	bench->times.fetch_from_ms = bench->now.wall_ms + 10 * options.stall_after_ms;
	bench->times.changes_ms = bench->times.fetch_from_ms;
	updates_renew_all(bench->updates, bench->now);
	for (int i = 0; i < 10; i++) {
		(void)updates_tick(bench->updates, bench->now);
		ck_assert_int_eq(updates_find(bench->updates, "n1")->state, UPDATE_DOWNLOADING);
		bench->now.wall_ms += options.stall_after_ms;
	}
	bench->times = (struct update_times){ .changes_ms = INT64_MAX };
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_int_eq(updates_find(bench->updates, "n1")->state, UPDATE_DOWNLOADING);
	bench->now.wall_ms += options.stall_after_ms + 1000; /* and now it may, and does not */
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_int_ne(updates_find(bench->updates, "n1")->state, UPDATE_DOWNLOADING);
	bench_close(bench);
}
END_TEST

START_TEST(a_node_that_comes_seldom_is_not_given_up_between_its_visits)
{
	struct bench *bench = bench_open();
	struct node *node = contact(bench, "n1", old_image);
	int64_t period_ms = 3 * options.deadline_ms;

	node->record.rhythm = (struct rhythm){ .period_ms = (uint32_t)period_ms, .unheeded = RHYTHM_UNHEEDED };
	ck_assert_int_eq(order(bench, node, false), 0);
	progress(bench, node, DELIVERY_DOWNLOADING, 0);
	for (int visit = 1; visit < 10; visit++) {
		bench->now.wall_ms += period_ms;
		(void)updates_tick(bench->updates, bench->now);
		ck_assert_int_eq(updates_find(bench->updates, "n1")->state, UPDATE_DOWNLOADING);
		progress(bench, node, DELIVERY_DOWNLOADING, (uint32_t)visit * 5000);
	}
	bench->now.wall_ms += 2 * period_ms;
	(void)updates_tick(bench->updates, bench->now);
	ck_assert_int_eq(updates_find(bench->updates, "n1")->state, UPDATE_FAILED);
	bench_close(bench);
}
END_TEST

TEST_SUITE(updates, an_order_that_waits_can_be_made_one_for_now, nothing_is_offered_before_its_times_are_known,
	a_node_that_comes_seldom_is_not_given_up_between_its_visits, an_offer_says_when_the_node_may_do_what,
	a_pause_between_windows_is_no_stall, an_order_is_offered_until_the_node_runs_it,
	a_node_goes_over_a_stepping_stone, a_node_is_never_taken_back_to_a_stone_that_it_is_past,
	a_node_that_falls_back_further_is_led_from_where_it_is, a_stone_that_goes_missing_ends_the_update,
	a_node_that_turns_out_to_be_other_hardware_gets_no_offer, what_was_forced_upon_other_hardware_stays_so,
	an_update_goes_on_after_a_restart, an_update_survives_a_clock_that_is_set_forward,
	a_retry_waits_as_long_as_it_would_when_the_clock_is_set, orders_that_make_no_sense_are_refused,
	a_failed_attempt_is_offered_again_when_its_pause_is_over, a_retry_is_at_the_first_wake_after_its_pause,
	tries_are_budgeted_in_wakes, a_node_with_a_low_battery_begins_only_what_is_for_now,
	what_labels_ask_of_a_battery_holds_beside_the_floor_for_all, a_cancelled_update_is_withdrawn,
	every_step_is_journalled_and_watchers_are_told)
