#include "gateway/wear.h"

#include <errno.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

#define GB (INT64_C(1) << 30)
#define HOUR_MS (INT64_C(3600) * 1000)
#define COMMIT_BYTES 12288 /* what a commit costs, and each report in it */
#define REPORT_BYTES 64
#define MINUTES (24 * 60)

/* A gateway in virtual time: reports come evenly, the first of a commit opens it. */
struct site {
	struct wear wear;
	int64_t now_ms;
	int64_t least_ms, most_ms; /* of the bounds since the last run began */
	uint64_t minutes[MINUTES]; /* what was written in each of the last 24 hours' minutes */
	int64_t minute;
	uint64_t last_day; /* the sum of them; the minute that is only partly among them is left out */
};

static void site_begin(struct site *site, int64_t budget)
{
	*site = (struct site){ .now_ms = 5000 };
	wear_init(&site->wear, budget, site->now_ms);
	site->minute = site->now_ms / 60000;
}

static void site_write(struct site *site, uint64_t bytes)
{
	int64_t minute = site->now_ms / 60000;

	for (; site->minute < minute; site->minute++) {
		site->last_day -= site->minutes[(site->minute + 1) % MINUTES];
		site->minutes[(site->minute + 1) % MINUTES] = 0;
	}
	site->minutes[minute % MINUTES] += bytes;
	site->last_day += bytes;
	wear_pass(&site->wear, bytes, site->now_ms);
}

static void note_bound(struct site *site, int64_t bound_ms)
{
	site->least_ms = bound_ms < site->least_ms ? bound_ms : site->least_ms;
	site->most_ms = bound_ms > site->most_ms ? bound_ms : site->most_ms;
}

/* `rate` reports a second for so long; below the longest bound the budget must hold at any moment. */
static void site_run(struct site *site, double rate, int64_t duration_ms)
{
	int64_t end_ms = site->now_ms + duration_ms;

	site->least_ms = INT64_MAX;
	site->most_ms = 0;
	while (site->now_ms < end_ms) {
		if (rate <= 0) {
			site->now_ms = end_ms;
			site_write(site, 0);
			return;
		}
		site->now_ms += (int64_t)(1000 / rate); /* for the first report */
		site_write(site, 0);
		int64_t bound_ms = wear_bound_ms(&site->wear);
		note_bound(site, bound_ms);
		site->now_ms += bound_ms;
		site_write(site, COMMIT_BYTES + (uint64_t)(1 + rate * (double)bound_ms / 1000) * REPORT_BYTES);
		if (wear_bound_ms(&site->wear) < WEAR_MOST_MS)
			ck_assert_uint_le(site->last_day, (uint64_t)site->wear.budget_bytes);
	}
}

START_TEST(a_steady_load_settles_at_one_bound)
{
	static const double rates[] = { 1, 10, 50, 100 };
	int64_t before_ms = 0;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct site site;

		site_begin(&site, 2 * GB);
		site_run(&site, rates[i], WEAR_DAY_MS);
		site_run(&site, rates[i], HOUR_MS);
		ck_assert_int_le(site.most_ms - site.least_ms, 15);
		ck_assert_int_ge(site.least_ms, before_ms);
		ck_assert_int_lt(site.most_ms, WEAR_MOST_MS);
		ck_assert(!wear_is_over(&site.wear));
		before_ms = site.least_ms;
	}
	ck_assert_int_gt(before_ms, 500);
}
END_TEST

START_TEST(the_budget_is_used_where_the_load_needs_it)
{
	struct site site;

	site_begin(&site, 2 * GB);
	site_run(&site, 100, 3 * WEAR_DAY_MS);
	ck_assert_uint_le(wear_last_day(&site.wear), 2 * GB);
	ck_assert_uint_ge(wear_last_day(&site.wear), 2 * GB * 8 / 10);
}
END_TEST

START_TEST(a_load_step_is_followed_without_swinging)
{
	struct site site;
	int64_t before_ms = 0;

	site_begin(&site, 2 * GB);
	site_run(&site, 10, 2 * WEAR_DAY_MS);
	for (int i = 0; i < 48; i++) {
		site_run(&site, 100, HOUR_MS / 2);
		ck_assert_int_ge(site.most_ms, before_ms - 1); /* a millisecond is where the integers step */
		before_ms = site.most_ms;
	}
	for (int i = 0; i < 48; i++) {
		site_run(&site, 10, HOUR_MS / 2);
		ck_assert_int_le(site.least_ms, before_ms + 1);
		before_ms = site.least_ms;
	}
}
END_TEST

START_TEST(little_load_is_acknowledged_at_once)
{
	struct site site;

	site_begin(&site, GB);
	site_run(&site, 0.1, WEAR_DAY_MS);
	ck_assert_int_lt(site.most_ms, 200);
	ck_assert_int_ge(site.least_ms, WEAR_LEAST_MS);
}
END_TEST

START_TEST(what_a_silent_night_saves_is_an_eighth_of_a_day)
{
	struct site site;

	site_begin(&site, 2 * GB);
	site_run(&site, 100, WEAR_DAY_MS);
	site_run(&site, 0, 10 * HOUR_MS);
	ck_assert_int_eq((int64_t)site.wear.account_bytes, 2 * GB / 8);
	ck_assert_int_eq(wear_bound_ms(&site.wear), WEAR_LEAST_MS);
	site_run(&site, 0, 30 * WEAR_DAY_MS);
	ck_assert_int_eq((int64_t)site.wear.account_bytes, 2 * GB / 8);
	site_run(&site, 1000, 60 * 1000); /* a burst is taken at once */
	ck_assert_int_lt(site.most_ms, 200);
}
END_TEST

START_TEST(a_load_beyond_the_budget_is_said_once)
{
	struct site site;
	int changes = 0;

	site_begin(&site, GB);
	for (int minute = 0; minute < 2 * MINUTES; minute++) {
		bool before = wear_is_over(&site.wear);

		site_run(&site, 1000, 60 * 1000);
		changes += wear_is_over(&site.wear) != before;
	}
	ck_assert(wear_is_over(&site.wear));
	ck_assert_int_eq(changes, 1);
	ck_assert_int_eq(wear_bound_ms(&site.wear), WEAR_MOST_MS);
	for (int minute = 0; minute < 3 * MINUTES; minute++) {
		bool before = wear_is_over(&site.wear);

		site_run(&site, 1, 60 * 1000);
		changes += wear_is_over(&site.wear) != before;
	}
	ck_assert(!wear_is_over(&site.wear));
	ck_assert_int_eq(changes, 2);
	ck_assert_int_lt(wear_bound_ms(&site.wear), WEAR_MOST_MS);
}
END_TEST

/* site_run() asserts what is claimed here, after every commit. */
START_TEST(while_the_bound_can_grow_no_day_exceeds_the_budget)
{
	static const double rates[] = { 0, 0, 0.05, 1, 10, 100, 300, 1000, 3000 };
	struct random random;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct site site;

		random_init(&random, seed);
		site_begin(&site, GB / 8 << (seed % 5));
		for (int step = 0; step < 40; step++) {
			double rate = rates[random_below(&random, sizeof(rates) / sizeof(rates[0]))];

			site_run(&site, rate, (int64_t)random_below(&random, 8 * 3600) * 1000 / (1 + step % 4));
			if (random_below(&random, 4) == 0) /* an image is stored */
				site_write(&site, random_below(&random, 64 << 20));
		}
	}
}
END_TEST

START_TEST(without_a_budget_it_only_counts)
{
	struct wear wear;

	wear_init(&wear, 0, 0);
	wear_pass(&wear, 5 * GB, 1000);
	ck_assert_uint_eq(wear.total_bytes, 5 * GB);
	ck_assert(!wear_is_over(&wear));
}
END_TEST

START_TEST(a_day_that_is_over_is_forgotten_and_the_total_is_not)
{
	struct wear wear;

	wear_init(&wear, GB, 0);
	wear_pass(&wear, 1000, 1);
	wear_pass(&wear, 500, 12 * HOUR_MS);
	ck_assert_uint_eq(wear_last_day(&wear), 1500);
	wear_pass(&wear, 0, 25 * HOUR_MS);
	ck_assert_uint_eq(wear_last_day(&wear), 500);
	wear_pass(&wear, 0, 60 * HOUR_MS);
	ck_assert_uint_eq(wear_last_day(&wear), 0);
	ck_assert_uint_eq(wear.total_bytes, 1500);
}
END_TEST

START_TEST(the_pace_is_known_after_ten_minutes)
{
	struct wear wear;

	wear_init(&wear, 0, 0);
	wear_pass(&wear, 1 << 20, 9 * 60 * 1000);
	ck_assert(wear_per_day(&wear) < 0);
	ck_assert(wear_life_years(&wear, 1000 * GB) < 0);
	wear_pass(&wear, 1 << 20, 12 * 60 * 1000);
	ck_assert_double_eq_tol(wear_per_day(&wear), 240.0 * (1 << 20), 1);
	ck_assert_double_eq_tol(wear_life_years(&wear, 240 * 3653 * INT64_C(1048576)), 10, 0.01);
	ck_assert(wear_life_years(&wear, 0) < 0);
	ck_assert_double_eq(wear_life_years(&wear, 1 << 20), 0);
	wear_pass(&wear, 0, 3 * WEAR_DAY_MS);
	ck_assert_double_eq(wear_life_years(&wear, 1000 * GB), 1000);
}
END_TEST

START_TEST(it_goes_on_after_a_restart_where_it_was)
{
	struct site site;
	struct wear loaded;
	uint8_t record[WEAR_RECORD_SIZE];

	site_begin(&site, 2 * GB);
	site_run(&site, 100, WEAR_DAY_MS / 2);
	wear_save(&site.wear, 1000000, record);
	wear_init(&loaded, 2 * GB, 77);
	ck_assert_int_eq(wear_load(&loaded, 1000000, record, sizeof(record)), 0);
	ck_assert_uint_eq(loaded.total_bytes, site.wear.total_bytes);
	ck_assert_uint_eq(wear_last_day(&loaded), wear_last_day(&site.wear));
	ck_assert_int_eq(wear_bound_ms(&loaded), wear_bound_ms(&site.wear));
	ck_assert_double_eq_tol(wear_per_day(&loaded), wear_per_day(&site.wear), 1);
	ck_assert_int_eq(loaded.at_ms, 77);
	/* It was off for a day and a half; then with a clock that is not set yet. */
	wear_init(&loaded, 2 * GB, 77);
	ck_assert_int_eq(wear_load(&loaded, 1000000 + WEAR_DAY_MS * 3 / 2, record, sizeof(record)), 0);
	ck_assert_uint_eq(wear_last_day(&loaded), 0);
	ck_assert_int_eq(wear_bound_ms(&loaded), WEAR_LEAST_MS);
	wear_init(&loaded, 2 * GB, 77);
	ck_assert_int_eq(wear_load(&loaded, 5, record, sizeof(record)), 0);
	ck_assert_int_eq(wear_bound_ms(&loaded), wear_bound_ms(&site.wear));
}
END_TEST

START_TEST(a_record_that_is_none_changes_nothing)
{
	uint8_t record[WEAR_RECORD_SIZE + 1] = { 0 };
	struct wear wear, before;

	wear_init(&wear, GB, 77);
	wear_save(&wear, 1000, record);
	before = wear;
	ck_assert_int_eq(wear_load(&wear, 1000, record, WEAR_RECORD_SIZE - 1), -EBADMSG);
	ck_assert_int_eq(wear_load(&wear, 1000, record, WEAR_RECORD_SIZE + 1), -EBADMSG);
	record[8] = 0x80; /* saved before 1970 */
	ck_assert_int_eq(wear_load(&wear, 1000, record, WEAR_RECORD_SIZE), -EBADMSG);
	record[8] = 0;
	record[0] = 9;
	ck_assert_int_eq(wear_load(&wear, 1000, record, WEAR_RECORD_SIZE), -EBADMSG);
	record[0] = 1;
	record[28] = 0x7f; /* half a billion milliseconds of an hour */
	ck_assert_int_eq(wear_load(&wear, 1000, record, WEAR_RECORD_SIZE), -EBADMSG);
	ck_assert_mem_eq(&wear, &before, sizeof(wear));
}
END_TEST

START_TEST(a_smaller_budget_holds_from_the_moment_it_is_set)
{
	struct wear wear;

	wear_init(&wear, 8 * GB, 0);
	wear_set_budget(&wear, GB);
	ck_assert_int_eq((int64_t)wear.account_bytes, GB / 8);
	wear_set_budget(&wear, 0);
	ck_assert(!wear_is_over(&wear));
}
END_TEST

TEST_SUITE(wear, a_steady_load_settles_at_one_bound, the_budget_is_used_where_the_load_needs_it,
	a_load_step_is_followed_without_swinging, little_load_is_acknowledged_at_once,
	what_a_silent_night_saves_is_an_eighth_of_a_day, a_load_beyond_the_budget_is_said_once,
	while_the_bound_can_grow_no_day_exceeds_the_budget, without_a_budget_it_only_counts,
	a_day_that_is_over_is_forgotten_and_the_total_is_not, the_pace_is_known_after_ten_minutes,
	it_goes_on_after_a_restart_where_it_was, a_record_that_is_none_changes_nothing,
	a_smaller_budget_holds_from_the_moment_it_is_set)
