#include "gateway/link_budget.h"

#include "tests/unit/suite.h"

static const char nodes[8];

static int64_t fetch(struct link_budget *budget, size_t node, uint32_t bytes, int64_t now_ms)
{
	return link_budget_fetch(budget, &(struct link_fetch){ .who = &nodes[node], .bytes = bytes }, now_ms);
}

START_TEST(without_limits_everything_goes)
{
	static const struct link_settings settings = { .idle_ms = 60000 };
	struct link_budget budget;

	link_budget_init(&budget, &settings);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(fetch(&budget, (size_t)i % 8, 1024, 1), 0);
	ck_assert_uint_eq(budget.put_off_bytes + budget.put_off_places, 0);
}
END_TEST

/* Firmware, asked for whenever it may be, for a minute; the bytes that it got. */
static int64_t fetch_for_a_minute(struct link_budget *budget, int64_t from_ms, uint32_t telemetry_bytes)
{
	int64_t got = 0, next_ms = from_ms;

	for (int64_t now = from_ms; now < from_ms + 60000; now += 10) {
		if (now % 1000 == 0)
			link_budget_spend(budget, telemetry_bytes, now);
		if (now < next_ms)
			continue;
		int64_t wait = fetch(budget, 0, 100, now);
		got += wait ? 0 : 100;
		next_ms = now + wait;
	}
	return got;
}

START_TEST(firmware_gets_what_telemetry_leaves)
{
	static const struct link_settings settings = { .idle_ms = 60000, .rate_bytes = 1000 };
	static const uint32_t telemetry[] = { 0, 300, 900 };

	for (size_t i = 0; i < 3; i++) {
		struct link_budget budget;
		link_budget_init(&budget, &settings);
		(void)fetch_for_a_minute(&budget, 1000, telemetry[i]); /* what was saved up is spent */
		int64_t got = fetch_for_a_minute(&budget, 61000, telemetry[i]), left = 60 * (1000 - telemetry[i]);
		ck_assert_int_ge(got, left - 5500);
		ck_assert_int_le(got, left + 5500);
		ck_assert_uint_gt(budget.put_off_bytes, 0);
	}
}
END_TEST

START_TEST(telemetry_beyond_the_budget_is_not_held_against_firmware_for_ever)
{
	static const struct link_settings settings = { .idle_ms = 60000, .rate_bytes = 1000 };
	struct link_budget budget;

	link_budget_init(&budget, &settings);
	link_budget_spend(&budget, UINT32_MAX, 1000);
	int64_t wait = fetch(&budget, 0, 100, 1000);
	ck_assert_int_gt(wait, LINK_BURST_MS);
	ck_assert_int_le(wait, 2 * LINK_BURST_MS);
	ck_assert_int_eq(fetch(&budget, 0, 100, 1000 + wait), 0);
}
END_TEST

START_TEST(a_node_that_is_refused_comes_back_to_half_of_what_can_be_saved)
{
	static const struct link_settings settings = { .idle_ms = 60000, .rate_bytes = 1000 };
	struct link_budget budget;
	int64_t wait = 0;

	link_budget_init(&budget, &settings);
	while (wait == 0)
		wait = fetch(&budget, 0, 100, 1000);
	ck_assert_int_ge(wait, 5000);
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(fetch(&budget, 0, 100, 1000 + wait), 0);
}
END_TEST

START_TEST(places_are_given_back_at_the_end)
{
	static const struct link_settings settings = { .transfers = 1, .idle_ms = 60000 };
	struct link_budget budget;

	link_budget_init(&budget, &settings);
	ck_assert_int_eq(fetch(&budget, 0, 100, 1000), 0);
	ck_assert_int_gt(fetch(&budget, 1, 100, 1000), 0);
	ck_assert_uint_eq(budget.taken, 1);
	ck_assert_uint_eq(budget.waiting, 1);
	link_budget_end(&budget, &nodes[0], 5000);
	ck_assert_int_eq(fetch(&budget, 1, 100, 6000), 0);
	ck_assert_uint_eq(budget.put_off_places, 1);
}
END_TEST

TEST_SUITE(link_budget, without_limits_everything_goes, firmware_gets_what_telemetry_leaves,
	telemetry_beyond_the_budget_is_not_held_against_firmware_for_ever,
	a_node_that_is_refused_comes_back_to_half_of_what_can_be_saved, places_are_given_back_at_the_end)
