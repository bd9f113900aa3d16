#include "gateway/soak_start.h"

#include <math.h>
#include <stdio.h>

#include "gateway/node_record.h"
#include "tests/unit/suite.h"

#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1790000000000)

static struct moment at_day(int64_t day)
{
	return (struct moment){ .monotonic_ms = 5 + day * DAY_MS, .wall_ms = START_MS + day * DAY_MS };
}

static struct node_record node_of(const char *id)
{
	return (struct node_record){
		.id = id, .battery_percent = 80, .battery_s = 5, .bytes_in = 1000, .bytes_out = 4000
	};
}

static struct soak_start *start_with(const struct node_record *record, bool is_online)
{
	struct soak_start *start = soak_start_open(1, at_day(0));

	soak_start_add(start, record, is_online);
	soak_start_seal(start);
	return start;
}

START_TEST(what_changed_since_is_told)
{
	struct node_record node = node_of("n1");
	struct soak_start *start = start_with(&node, true);

	node.bytes_in += 300;
	node.bytes_out += 100;
	node.battery_percent = 77;
	node.battery_s += 2 * 86400;
	struct node_change change = soak_start_change(start, &node, true, at_day(2));
	ck_assert(change.away == 0);
	ck_assert_double_eq_tol((double)change.traffic, 200, 0.01);
	ck_assert_double_eq_tol((double)change.battery_loss, 3, 0.001);
	ck_assert(soak_start_change(start, &node, false, at_day(2)).away == 1);
	soak_start_close(start);
}
END_TEST

START_TEST(a_node_that_was_away_before_cannot_go_away)
{
	struct node_record node = node_of("n1");
	struct soak_start *start = start_with(&node, false);

	ck_assert(isnan(soak_start_change(start, &node, false, at_day(1)).away));
	ck_assert(!isnan(soak_start_change(start, &node, false, at_day(1)).traffic));
	soak_start_close(start);
}
END_TEST

START_TEST(a_battery_that_is_not_told_is_not_compared)
{
	struct node_record node = node_of("n1");

	node.battery_percent = -1;
	struct soak_start *start = start_with(&node, true);
	node.battery_percent = 50;
	node.battery_s += 86400;
	ck_assert(isnan(soak_start_change(start, &node, true, at_day(1)).battery_loss));
	soak_start_close(start);
}
END_TEST

/* All say it every other day, at other hours. */
START_TEST(a_battery_is_measured_by_the_time_between_two_words_of_it)
{
	struct node_record node = node_of("n1");
	struct soak_start *start = soak_start_open(1, at_day(2));

	soak_start_add(start, &node, true);
	soak_start_seal(start);
	ck_assert(isnan(soak_start_change(start, &node, true, at_day(3)).battery_loss)); /* nothing new */
	node.battery_percent -= 4;
	node.battery_s = 2 * 86400 + 3600; /* an hour after the soak began, it last said it two days before */
	struct node_change change = soak_start_change(start, &node, true, at_day(3));
	ck_assert_double_eq_tol((double)change.battery_loss, 4 * 86400.0 / (2 * 86400 + 3595), 0.001);
	/* Where that is not known, since the gateway has started, the soak's begin stands for it, and an hour is short.
	 */
	soak_start_close(start);
	node.battery_s = 0;
	start = soak_start_open(1, at_day(2));
	soak_start_add(start, &node, true);
	soak_start_seal(start);
	node.battery_percent--;
	node.battery_s = 2 * 86400 + 3600;
	ck_assert(isnan(soak_start_change(start, &node, true, at_day(3)).battery_loss));
	node.battery_s = 2 * 86400 + 43200 + 6;
	change = soak_start_change(start, &node, true, at_day(3));
	ck_assert_double_eq_tol((double)change.battery_loss, 2, 0.001);
	soak_start_close(start);
}
END_TEST

START_TEST(a_node_that_joined_since_has_no_past)
{
	struct node_record node = node_of("n1"), other = node_of("n2");
	struct soak_start *start = start_with(&node, true);

	ck_assert(isnan(soak_start_change(start, &other, true, at_day(1)).traffic));
	node.first_seen_ms = START_MS + DAY_MS / 2; /* removed, and back under its name */
	ck_assert(isnan(soak_start_change(start, &node, true, at_day(1)).traffic));
	soak_start_close(start);
}
END_TEST

START_TEST(a_counter_may_pass_what_is_kept_of_it)
{
	struct node_record node = node_of("n1");

	node.bytes_in = UINT32_MAX - 1000;
	struct soak_start *start = start_with(&node, true);
	node.bytes_in += 5000;
	ck_assert_double_eq_tol((double)soak_start_change(start, &node, true, at_day(1)).traffic, 5000, 0.01);
	soak_start_close(start);
}
END_TEST

START_TEST(each_of_many_nodes_is_found)
{
	struct soak_start *start = soak_start_open(5000, at_day(0));
	char id[16];

	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof(id), "node-%d", i);
		struct node_record node = node_of(id);
		node.bytes_in = (uint64_t)i;
		soak_start_add(start, &node, true);
	}
	soak_start_seal(start);
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof(id), "node-%d", i);
		struct node_record node = node_of(id);
		node.bytes_in = (uint64_t)i + 7;
		ck_assert_double_eq_tol((double)soak_start_change(start, &node, true, at_day(1)).traffic, 7, 0.01);
	}
	soak_start_close(start);
}
END_TEST

TEST_SUITE(soak_start, what_changed_since_is_told, a_node_that_was_away_before_cannot_go_away,
	a_battery_that_is_not_told_is_not_compared, a_battery_is_measured_by_the_time_between_two_words_of_it,
	a_node_that_joined_since_has_no_past, a_counter_may_pass_what_is_kept_of_it, each_of_many_nodes_is_found)
