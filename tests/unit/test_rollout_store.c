#include "store/rollout_store.h"

#include <errno.h>

#include "store/update_store.h"
#include "tests/unit/stepped_store.h"
#include "tests/unit/suite.h"

static const struct stored_rollout spring = {
	.id = "spring",
	.plan = "{\"rollout\": \"spring\"}",
	.state = "soaking",
	.reason = "5 of 5",
	.wave = 1,
	.looks = 2,
	.reach = 50000,
	.approved = 1,
	.created_ms = 4,
	.wave_ms = 5,
	.soak_ms = 6,
	.changed_ms = 7,
	.forgiven_reach = 10000,
	.forgiven_ms = 8,
};
static const struct journal_entry entry = { .at_ms = 7, .subject = "spring", .event = "rollout.soaking" };

static int save(struct stepped_store *stepped, const struct stored_rollout *rollout)
{
	struct outcome outcome;
	int result = store_rollout_save(stepped->store, rollout, &entry, outcome_reply(&outcome));

	return result < 0 ? result : outcome_of(stepped, &outcome);
}

struct listing {
	size_t count;
	struct stored_rollout rollouts[4];
};

static void see(void *context, const struct stored_rollout *rollout)
{
	struct listing *listing = context;

	listing->rollouts[listing->count++ % 4] = *rollout;
}

static struct listing list(struct stepped_store *stepped)
{
	struct listing listing = { 0 };

	ck_assert_int_eq(store_rollouts_load(stepped->store, see, &listing), 0);
	return listing;
}

START_TEST(a_rollout_comes_back_as_it_was_saved)
{
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &spring), 0);
	stepped_reopen(&stepped);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_mem_eq(&listing.rollouts[0], &spring, sizeof(spring));
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_step_replaces_the_former_and_is_in_the_journal)
{
	struct stored_rollout next = spring;
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &spring), 0);
	strcpy(next.state, "rolling");
	next.wave = 2;
	ck_assert_int_eq(save(&stepped, &next), 0);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_str_eq(listing.rollouts[0].state, "rolling");
	stepped_close(&stepped);
}
END_TEST

START_TEST(they_come_in_the_order_of_their_making_without_those_removed)
{
	struct stored_rollout other = spring;
	struct outcome outcome;
	struct stepped_store stepped;

	stepped_open(&stepped);
	ck_assert_int_eq(save(&stepped, &spring), 0);
	strcpy(other.id, "autumn");
	ck_assert_int_eq(save(&stepped, &other), 0);
	ck_assert_int_eq(save(&stepped, &spring), 0);
	struct listing listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 2);
	ck_assert_str_eq(listing.rollouts[0].id, "spring");
	ck_assert_int_eq(store_rollout_remove(stepped.store, "spring", outcome_reply(&outcome)), 0);
	ck_assert_int_eq(outcome_of(&stepped, &outcome), 0);
	listing = list(&stepped);
	ck_assert_uint_eq(listing.count, 1);
	ck_assert_str_eq(listing.rollouts[0].id, "autumn");
	stepped_close(&stepped);
}
END_TEST

START_TEST(a_rollout_needs_a_name)
{
	struct stored_rollout nameless = spring;
	struct stepped_store stepped;

	stepped_open(&stepped);
	nameless.id[0] = '\0';
	ck_assert_int_eq(save(&stepped, &nameless), -EINVAL);
	stepped_close(&stepped);
}
END_TEST

TEST_SUITE(rollout_store, a_rollout_comes_back_as_it_was_saved, a_step_replaces_the_former_and_is_in_the_journal,
	they_come_in_the_order_of_their_making_without_those_removed, a_rollout_needs_a_name)
