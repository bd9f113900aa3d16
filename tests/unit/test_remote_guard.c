#include "drivers/remote_guard.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct remote_limits limits = { .silence_ms = 10000, .messages_per_s = 3, .bytes_per_s = 1000 };
static struct remote_guard guard;
static char why[160];

static int take(size_t bytes, int64_t now_ms)
{
	return remote_guard_take(&guard, bytes, now_ms, why, sizeof(why));
}

static int look(int64_t now_ms)
{
	return remote_guard_look(&guard, now_ms, why, sizeof(why));
}

/* Looks every two seconds up to then. */
static int look_until(int64_t from_ms, int64_t until_ms)
{
	int result = 0;

	for (int64_t now_ms = from_ms; now_ms <= until_ms && !result; now_ms += 2000)
		result = look(now_ms);
	return result;
}

START_TEST(more_messages_in_a_second_than_allowed_are_a_flood)
{
	remote_guard_init(&guard, &limits, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(take(1, 500), 0);
	ck_assert_int_eq(take(1, 999), -EDQUOT);
	ck_assert_str_eq(why, "it floods: more than 3 messages in a second");
	ck_assert_int_eq(take(1, 1500), 0);
}
END_TEST

START_TEST(more_bytes_in_a_second_than_allowed_are_a_flood)
{
	remote_guard_init(&guard, &limits, 0);
	ck_assert_int_eq(take(1000, 10), 0);
	ck_assert_int_eq(take(1, 20), -EDQUOT);
	ck_assert_ptr_nonnull(strstr(why, "1000 bytes"));
}
END_TEST

START_TEST(who_is_not_heard_of_is_given_up)
{
	remote_guard_init(&guard, &limits, 0);
	ck_assert_int_eq(look_until(2000, 10000), 0);
	ck_assert_int_eq(look(10001), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(why, "not heard of"));
}
END_TEST

START_TEST(who_speaks_but_does_not_read_is_given_up)
{
	int result = 0;

	remote_guard_init(&guard, &limits, 0);
	(void)remote_guard_beat(&guard, 1);
	for (int64_t now_ms = 2000; now_ms <= 14000 && !result; now_ms += 2000) {
		(void)take(1, now_ms);
		result = look(now_ms);
	}
	ck_assert_int_eq(result, -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(why, "not read for"));
}
END_TEST

START_TEST(too_many_bytes_that_are_not_read_are_not_waited_for)
{
	remote_guard_init(&guard, &limits, 0);
	ck_assert(!remote_guard_sent(&guard, REMOTE_BEAT_BYTES - 1));
	ck_assert(remote_guard_sent(&guard, 1));
	uint32_t beat = remote_guard_beat(&guard, 1);
	(void)remote_guard_sent(&guard, REMOTE_UNREAD_MAX);
	ck_assert_int_eq(look(2), -ETIMEDOUT);
	ck_assert_int_eq(remote_guard_came(&guard, beat, 2), 0);
	ck_assert_int_eq(look(3), 0);
}
END_TEST

START_TEST(who_is_told_much_at_once_and_reads_on_is_waited_for)
{
	uint32_t beats[64];

	remote_guard_init(&guard, &limits, 0);
	for (size_t i = 0; i < 64; i++) {
		(void)remote_guard_sent(&guard, REMOTE_BEAT_BYTES);
		beats[i] = remote_guard_beat(&guard, 1);
	}
	for (size_t i = 0; i < 63; i++) {
		ck_assert_int_eq(remote_guard_came(&guard, beats[i], 2000 + 2 * (int64_t)i), 0);
		ck_assert_int_eq(look(2001 + 2 * (int64_t)i), 0);
	}
	ck_assert_int_eq(look(2200), -ETIMEDOUT);
	ck_assert_int_eq(remote_guard_came(&guard, beats[63], 2300), 0);
	ck_assert_int_eq(look(2400), 0);
}
END_TEST

START_TEST(a_beat_comes_back_once_and_only_if_it_was_sent)
{
	remote_guard_init(&guard, &limits, 0);
	ck_assert_int_eq(remote_guard_came(&guard, 1, 1), -EBADMSG);
	uint32_t first = remote_guard_beat(&guard, 1), second = remote_guard_beat(&guard, 2);
	ck_assert_int_eq(remote_guard_came(&guard, first, 3), 0);
	ck_assert_int_eq(remote_guard_came(&guard, first, 4), -EBADMSG);
	ck_assert_int_eq(remote_guard_came(&guard, second, 5), 0);
	ck_assert_int_eq(guard.unanswered_ms, 0);
}
END_TEST

START_TEST(where_the_gateway_stood_still_nobody_is_blamed)
{
	remote_guard_init(&guard, &limits, 0);
	(void)remote_guard_beat(&guard, 1);
	ck_assert_int_eq(look(60000), 0);
	ck_assert_int_eq(look_until(62000, 70000), 0);
	ck_assert_int_eq(look(72000), -ETIMEDOUT);
}
END_TEST

TEST_SUITE(remote_guard, more_messages_in_a_second_than_allowed_are_a_flood,
	more_bytes_in_a_second_than_allowed_are_a_flood, who_is_not_heard_of_is_given_up,
	who_speaks_but_does_not_read_is_given_up, too_many_bytes_that_are_not_read_are_not_waited_for,
	who_is_told_much_at_once_and_reads_on_is_waited_for, a_beat_comes_back_once_and_only_if_it_was_sent,
	where_the_gateway_stood_still_nobody_is_blamed)
