#include "gateway/tellings.h"

#include <errno.h>

#include "protocols/segment.h"
#include "tests/unit/suite.h"

static struct segment_writer writer;
static struct tellings tellings;
static size_t told, order[4 * TELLINGS_EACH_TURN];
static int last_result;
static uint32_t last_retry_s;
static struct commit *to_add; /* by the first who is told */

static void on_done(void *context, int result, uint32_t retry_s)
{
	order[told++] = (size_t)context;
	last_result = result;
	last_retry_s = retry_s;
	if (!to_add)
		return;
	struct commit *commit = to_add;
	to_add = NULL;
	tellings_add(&tellings, commit, -EBUSY, 1);
}

/* With waiters from this number on. */
static struct commit *make_commit(size_t first, size_t count)
{
	struct commit *commit = commit_new(&writer);

	for (size_t i = first; i < first + count; i++)
		ck_assert_int_eq(commit_attach(commit, &(struct commit_waiter){ on_done, (void *)i }), 0);
	return commit;
}

static void begin(void)
{
	tellings_init(&tellings);
	told = 0;
}

static void check_order(size_t count)
{
	ck_assert_uint_eq(told, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(order[i], i);
}

START_TEST(every_waiter_is_told_once)
{
	struct commit *commit = make_commit(0, 101);

	begin();
	tellings_add(&tellings, commit, -ENOSPC, 60);
	check_order(101);
	ck_assert_int_eq(last_result, -ENOSPC);
	ck_assert_uint_eq(last_retry_s, 60);
	ck_assert(!tellings_wait(&tellings));
	tellings_add(&tellings, commit, 0, 0);
	tellings_go_on(&tellings);
	ck_assert_uint_eq(told, 101);
	commit_free(commit);
}
END_TEST

/* Also when their commit is gone. */
START_TEST(many_are_told_in_turns)
{
	struct commit *commit = make_commit(0, 2 * TELLINGS_EACH_TURN + 1);

	begin();
	tellings_add(&tellings, commit, 0, 0);
	commit_free(commit);
	check_order(TELLINGS_EACH_TURN);
	ck_assert(tellings_wait(&tellings));
	tellings_go_on(&tellings);
	check_order(2 * TELLINGS_EACH_TURN);
	ck_assert(tellings_wait(&tellings));
	tellings_go_on(&tellings);
	check_order(2 * TELLINGS_EACH_TURN + 1);
	ck_assert(!tellings_wait(&tellings));
}
END_TEST

START_TEST(who_comes_later_is_told_later)
{
	struct commit *large = make_commit(0, TELLINGS_EACH_TURN + 10);
	struct commit *small = make_commit(TELLINGS_EACH_TURN + 10, 5);

	begin();
	tellings_add(&tellings, large, 0, 0);
	tellings_add(&tellings, small, -ENOSPC, 0);
	check_order(TELLINGS_EACH_TURN);
	ck_assert_int_eq(last_result, 0);
	tellings_go_on(&tellings);
	check_order(TELLINGS_EACH_TURN + 15);
	ck_assert_int_eq(last_result, -ENOSPC);
	commit_free(large);
	commit_free(small);
}
END_TEST

START_TEST(who_is_told_may_make_others_be_told)
{
	struct commit *first = make_commit(0, 3), *second = make_commit(3, 2);

	begin();
	to_add = second;
	tellings_add(&tellings, first, 0, 0);
	check_order(5);
	ck_assert_int_eq(last_result, -EBUSY);
	commit_free(first);
	commit_free(second);
}
END_TEST

START_TEST(at_the_end_all_are_told)
{
	struct commit *commit = make_commit(0, 3 * TELLINGS_EACH_TURN);

	begin();
	tellings_add(&tellings, commit, 0, 0);
	tellings_finish(&tellings);
	check_order(3 * TELLINGS_EACH_TURN);
	ck_assert(!tellings_wait(&tellings));
	commit_free(commit);
}
END_TEST

TEST_SUITE(tellings, every_waiter_is_told_once, many_are_told_in_turns, who_comes_later_is_told_later,
	who_is_told_may_make_others_be_told, at_the_end_all_are_told)
