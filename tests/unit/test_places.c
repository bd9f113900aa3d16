#include "gateway/places.h"

#include "tests/unit/suite.h"

static const struct places_limits two = { .link = 2, .idle_ms = 60000 };
static const char nodes[PLACES_MAX + 1];

/* What the node is told, in ms. */
static int64_t ask(
	struct places *places, const struct places_limits *limits, size_t node, uint16_t parent, int64_t now_ms)
{
	return places_ask(places, limits, &(struct place){ .who = &nodes[node], .parent = parent }, now_ms);
}

START_TEST(so_many_have_a_place_and_the_others_wait)
{
	struct places places = { 0 };

	ck_assert_int_eq(ask(&places, &two, 0, 0, 1), 0);
	ck_assert_int_eq(ask(&places, &two, 1, 0, 1), 0);
	int64_t first = ask(&places, &two, 2, 0, 1), second = ask(&places, &two, 3, 0, 1);
	ck_assert_int_ge(first, PLACES_WAIT_LEAST_MS);
	ck_assert_int_gt(second, first); /* one after another, not both at once */
	ck_assert_int_eq(ask(&places, &two, 0, 0, 30000), 0);
	ck_assert_uint_eq(places_taken(&places), 2);
	ck_assert_uint_eq(places_waiting(&places), 2);
}
END_TEST

START_TEST(who_came_first_is_next)
{
	struct places places = { 0 };

	for (size_t node = 0; node < 5; node++)
		(void)ask(&places, &two, node, 0, 1);
	places_leave(&places, &nodes[0], 20000);
	ck_assert_int_gt(ask(&places, &two, 4, 0, 20000), 0);
	ck_assert_int_gt(ask(&places, &two, 3, 0, 20000), 0);
	ck_assert_int_gt(ask(&places, &two, 77, 0, 20000), 0);
	ck_assert_int_eq(ask(&places, &two, 2, 0, 20000), 0);
	places_leave(&places, &nodes[1], 25000);
	ck_assert_int_gt(ask(&places, &two, 77, 0, 25000), 0);
	ck_assert_int_eq(ask(&places, &two, 3, 0, 25000), 0);
}
END_TEST

START_TEST(who_stays_away_loses_its_place_and_its_number)
{
	struct places places = { 0 };

	for (size_t node = 0; node < 4; node++)
		(void)ask(&places, &two, node, 0, 1);
	ck_assert_int_eq(ask(&places, &two, 1, 0, 50000), 0);
	ck_assert_int_gt(ask(&places, &two, 3, 0, 60001), 0);
	/* Node 0 is gone; node 2 was told to come and still may. */
	ck_assert_int_gt(ask(&places, &two, 3, 0, 60002), 0);
	ck_assert_int_eq(ask(&places, &two, 1, 0, 100000), 0);
	ck_assert_int_eq(ask(&places, &two, 3, 0, 100000 + 60000), 0);
	ck_assert_int_eq(ask(&places, &two, 1, 0, 100000 + 60000), 0);
}
END_TEST

START_TEST(a_parent_has_a_limit_of_its_own)
{
	static const struct places_limits limits = { .link = 3, .parent = 1, .idle_ms = 60000 };
	struct places places = { 0 };

	ck_assert_int_eq(ask(&places, &limits, 0, 7, 1), 0);
	ck_assert_int_gt(ask(&places, &limits, 1, 7, 1), 0);
	ck_assert_int_eq(ask(&places, &limits, 2, 8, 1), 0); /* who waits for another parent keeps nobody up */
	ck_assert_int_eq(ask(&places, &limits, 3, 0, 1), 0); /* and who knows no parent has no such limit */
	places_leave(&places, &nodes[2], 2);
	ck_assert_int_gt(ask(&places, &limits, 4, 7, 2), 0);
	places_leave(&places, &nodes[0], 2);
	ck_assert_int_eq(ask(&places, &limits, 1, 7, 2), 0);
}
END_TEST

START_TEST(the_waits_follow_how_long_transfers_take)
{
	struct places places = { 0 };
	int64_t now = 1, wait;

	for (int i = 0; i < 20; i++, now += 400000) {
		ck_assert_int_eq(ask(&places, &two, 0, 0, now), 0);
		places_leave(&places, &nodes[0], now + 400000);
	}
	(void)ask(&places, &two, 1, 0, now);
	(void)ask(&places, &two, 2, 0, now);
	wait = ask(&places, &two, 3, 0, now);
	ck_assert_int_ge(wait, 190000);
	ck_assert_int_le(wait, 210000);
}
END_TEST

START_TEST(a_crowd_is_bounded_and_everybody_is_served)
{
	struct places places = { 0 };
	bool served[PLACES_MAX + 1] = { false };
	int64_t comes_ms[PLACES_MAX + 1] = { 0 };
	size_t left = PLACES_MAX + 1;

	/* Each fetches for 10 s and is gone; all others come when they were told. */
	for (int64_t now = 1; left > 0 && now < 6 * 3600 * 1000; now += 1000) {
		for (size_t node = 0; node <= PLACES_MAX; node++) {
			if (served[node] || comes_ms[node] > now)
				continue;
			int64_t wait = ask(&places, &two, node, 0, now);
			comes_ms[node] = now + (wait ? wait : 1000);
			ck_assert_uint_le(places_taken(&places), 2);
		}
		for (size_t i = 0; i < places.count; i++) {
			if (!places.list[i].taken || now - places.list[i].since_ms < 10000)
				continue;
			served[(const char *)places.list[i].who - nodes] = true;
			left--;
			places_leave(&places, places.list[i].who, now);
			break;
		}
	}
	ck_assert_uint_eq(left, 0);
}
END_TEST

TEST_SUITE(places, so_many_have_a_place_and_the_others_wait, who_came_first_is_next,
	who_stays_away_loses_its_place_and_its_number, a_parent_has_a_limit_of_its_own,
	the_waits_follow_how_long_transfers_take, a_crowd_is_bounded_and_everybody_is_served)
