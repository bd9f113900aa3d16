#include "gateway/update.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

#define MINUTE_MS (60 * 1000LL)

static const struct update_settings options = {
	.attempts = 3,
	.retry_after_ms = 10 * MINUTE_MS,
	.retry_most_ms = 60 * MINUTE_MS,
	.stall_after_ms = 30 * MINUTE_MS,
	.deadline_ms = 24 * 60 * MINUTE_MS,
	.contacts = 20,
};
static const uint8_t new_image[32] = { 0xaa, 0xbb, 0xcc, 0xdd, 0xee };
static const uint8_t old_image[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };
static struct random dice;
static struct moment now;

static struct update offered(void)
{
	struct update update = { .state = UPDATE_OFFERED, .size_bytes = 1000 };

	random_init(&dice, 5);
	now = (struct moment){ .wall_ms = 1790000000000 };
	memcpy(update.record.sha256, new_image, 32);
	memcpy(update.record.previous, old_image, sizeof(old_image));
	update.record.previous_size = sizeof(old_image);
	update.record.created_ms = update.record.changed_ms = now.wall_ms;
	return update;
}

static struct update_step happen(struct update *update, enum update_event_kind kind, uint32_t offset)
{
	struct update_event event = { .kind = kind, .offset = offset };

	return update_apply(update, &event, &options, now, &dice);
}

static struct update_step check_in(struct update *update, const uint8_t *digest, uint8_t size)
{
	struct update_event event = { .kind = UPDATE_EVENT_CHECK_IN, .digest = digest, .digest_size = size };

	return update_apply(update, &event, &options, now, &dice);
}

static struct update_step node_fails(struct update *update, int code)
{
	struct update_event event = { .kind = UPDATE_EVENT_FAILED, .code = code };

	return update_apply(update, &event, &options, now, &dice);
}

START_TEST(an_update_goes_its_way_to_confirmed)
{
	struct update update = offered();

	ck_assert(happen(&update, UPDATE_EVENT_PROGRESS, 64).changed);
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADING);
	ck_assert(happen(&update, UPDATE_EVENT_PROGRESS, 512).moved);
	ck_assert(happen(&update, UPDATE_EVENT_DOWNLOADED, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADED);
	ck_assert_uint_eq(update.record.offset, 1000);
	ck_assert(happen(&update, UPDATE_EVENT_APPLYING, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_REBOOTING);
	ck_assert(check_in(&update, new_image, 8).changed);
	ck_assert_int_eq(update.state, UPDATE_CONFIRMED);
	ck_assert_uint_eq(update.record.attempts, 1);
}
END_TEST

START_TEST(only_the_nodes_own_digest_confirms)
{
	struct update update = offered();

	happen(&update, UPDATE_EVENT_PROGRESS, 64);
	happen(&update, UPDATE_EVENT_DOWNLOADED, 0);
	check_in(&update, old_image, sizeof(old_image));
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADED);
	check_in(&update, new_image, 3); /* a head of three bytes says nothing */
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADED);
	check_in(&update, new_image, 4);
	ck_assert_int_eq(update.state, UPDATE_CONFIRMED);
}
END_TEST

START_TEST(a_node_that_comes_back_with_its_old_image_tries_again_and_then_fails)
{
	struct update update = offered();

	for (uint32_t attempt = 1; attempt <= 3; attempt++) {
		happen(&update, UPDATE_EVENT_PROGRESS, 64);
		happen(&update, UPDATE_EVENT_APPLYING, 0);
		ck_assert_uint_eq(update.record.attempts, attempt);
		check_in(&update, old_image, sizeof(old_image));
		ck_assert_int_eq(update.state, attempt < 3 ? UPDATE_OFFERED : UPDATE_FAILED);
		ck_assert(!update_is_due(&update, now));
		now.wall_ms += 60 * MINUTE_MS;
	}
	ck_assert_str_eq(update.record.reason, "came back with its former image");
}
END_TEST

START_TEST(a_node_that_says_it_reverted_is_not_offered_the_image_again)
{
	struct update update = offered();

	happen(&update, UPDATE_EVENT_PROGRESS, 64);
	happen(&update, UPDATE_EVENT_APPLYING, 0);
	ck_assert(happen(&update, UPDATE_EVENT_REVERTED, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_REVERTED);
	ck_assert(!update_is_active(&update));
}
END_TEST

START_TEST(a_confirmed_node_that_runs_its_old_image_again_has_reverted)
{
	struct update update = offered();

	check_in(&update, new_image, 8);
	ck_assert(check_in(&update, old_image, sizeof(old_image)).changed);
	ck_assert_int_eq(update.state, UPDATE_REVERTED);
}
END_TEST

START_TEST(a_stalled_transfer_is_tried_again_after_a_growing_pause)
{
	struct update update = offered();
	int64_t last_pause = 0;

	for (int attempt = 1; attempt < 3; attempt++) {
		happen(&update, UPDATE_EVENT_PROGRESS, 64);
		now.wall_ms += options.stall_after_ms;
		ck_assert(!happen(&update, UPDATE_EVENT_TICK, 0).changed);
		now.wall_ms += 1;
		ck_assert(happen(&update, UPDATE_EVENT_TICK, 0).changed);
		ck_assert_int_eq(update.state, UPDATE_OFFERED);
		int64_t pause = update.record.retry_at_ms - now.wall_ms;
		ck_assert_int_gt(pause, last_pause);
		ck_assert_int_le(pause, options.retry_after_ms * 2 * 5 / 4);
		last_pause = pause;
		now.wall_ms += pause;
		ck_assert(update_is_due(&update, now));
	}
}
END_TEST

START_TEST(progress_keeps_a_slow_transfer_alive)
{
	struct update update = offered();

	for (uint32_t offset = 1; offset < 100; offset++) {
		happen(&update, UPDATE_EVENT_PROGRESS, offset);
		now.wall_ms += options.stall_after_ms / 10;
		ck_assert(!happen(&update, UPDATE_EVENT_TICK, 0).changed);
	}
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADING);
}
END_TEST

START_TEST(contacts_at_which_a_node_does_not_go_on_are_counted)
{
	struct update update = offered();

	for (int i = 0; i < 20; i++)
		ck_assert(!happen(&update, UPDATE_EVENT_CONTACT, 0).changed);
	happen(&update, UPDATE_EVENT_PROGRESS, 64); /* it goes on after all: they count anew */
	for (int i = 0; i < 20; i++)
		ck_assert(!happen(&update, UPDATE_EVENT_CONTACT, 0).changed);
	happen(&update, UPDATE_EVENT_PROGRESS, 128);
	for (int i = 0; i < 20; i++)
		ck_assert(!happen(&update, UPDATE_EVENT_CONTACT, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_DOWNLOADING);
	ck_assert(happen(&update, UPDATE_EVENT_CONTACT, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_FAILED);
	ck_assert_str_eq(update.record.reason, "did not go on at its contacts");
}
END_TEST

START_TEST(a_node_that_cannot_take_the_image_is_not_asked_again)
{
	struct update update = offered();

	node_fails(&update, 2);
	ck_assert_int_eq(update.state, UPDATE_FAILED);
	ck_assert_str_eq(update.record.reason, "not enough flash");
	update = offered();
	node_fails(&update, 5);
	ck_assert_int_eq(update.state, UPDATE_OFFERED);
	update = offered();
	node_fails(&update, 99);
	ck_assert_int_eq(update.state, UPDATE_OFFERED);
}
END_TEST

START_TEST(an_image_that_is_not_for_the_node_is_no_failure_and_not_tried_again)
{
	struct update update = offered();

	ck_assert(happen(&update, UPDATE_EVENT_UNFIT, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_UNFIT);
	ck_assert_str_eq(update.record.reason, "the image is not for this node");
	now.wall_ms += 2 * options.deadline_ms;
	ck_assert(!happen(&update, UPDATE_EVENT_TICK, 0).changed);
	ck_assert(!happen(&update, UPDATE_EVENT_UNFIT, 0).changed);
	ck_assert(!update_is_due(&update, now));
	ck_assert(check_in(&update, new_image, 8).changed);
	ck_assert_int_eq(update.state, UPDATE_CONFIRMED);
}
END_TEST

START_TEST(an_update_past_its_deadline_has_failed_but_late_proof_counts)
{
	struct update update = offered();

	now.wall_ms += options.deadline_ms + 1;
	ck_assert(happen(&update, UPDATE_EVENT_TICK, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_FAILED);
	ck_assert_str_eq(update.record.reason, "deadline passed");
	ck_assert(check_in(&update, new_image, 8).changed);
	ck_assert_int_eq(update.state, UPDATE_CONFIRMED);
	ck_assert_str_eq(update.record.reason, "");
}
END_TEST

START_TEST(a_cancelled_update_ignores_what_comes_after)
{
	struct update update = offered();

	happen(&update, UPDATE_EVENT_PROGRESS, 64);
	ck_assert(happen(&update, UPDATE_EVENT_CANCEL, 0).changed);
	ck_assert_int_eq(update.state, UPDATE_FAILED);
	ck_assert(!happen(&update, UPDATE_EVENT_PROGRESS, 128).changed);
	ck_assert(!happen(&update, UPDATE_EVENT_CANCEL, 0).changed);
}
END_TEST

START_TEST(a_clock_set_back_does_not_stop_retries)
{
	struct update update = offered();

	node_fails(&update, 4);
	now.wall_ms -= 365 * 24 * 60 * MINUTE_MS;
	ck_assert(!update_is_due(&update, now));
	happen(&update, UPDATE_EVENT_TICK, 0);
	ck_assert(update_is_due(&update, now));
}
END_TEST

START_TEST(states_have_names_that_parse)
{
	for (int state = UPDATE_IDLE; state < UPDATE_STATES; state++)
		ck_assert_int_eq(update_state_parse(update_state_name((enum update_state)state)), state);
	ck_assert_int_lt(update_state_parse("flying"), 0);
}
END_TEST

TEST_SUITE(update, an_update_goes_its_way_to_confirmed, only_the_nodes_own_digest_confirms,
	a_node_that_comes_back_with_its_old_image_tries_again_and_then_fails,
	a_node_that_says_it_reverted_is_not_offered_the_image_again,
	a_confirmed_node_that_runs_its_old_image_again_has_reverted,
	a_stalled_transfer_is_tried_again_after_a_growing_pause, progress_keeps_a_slow_transfer_alive,
	a_node_that_cannot_take_the_image_is_not_asked_again,
	an_image_that_is_not_for_the_node_is_no_failure_and_not_tried_again,
	contacts_at_which_a_node_does_not_go_on_are_counted,
	an_update_past_its_deadline_has_failed_but_late_proof_counts, a_cancelled_update_ignores_what_comes_after,
	a_clock_set_back_does_not_stop_retries, states_have_names_that_parse)
