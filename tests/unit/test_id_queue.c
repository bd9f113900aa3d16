#include "drivers/id_queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct id_queue queue;

static void assert_taken(const char *id)
{
	char taken[NODE_ID_MAX + 1];

	ck_assert(id_queue_take(&queue, taken));
	ck_assert_str_eq(taken, id);
}

START_TEST(identities_leave_in_the_order_in_which_they_came)
{
	char taken[NODE_ID_MAX + 1];

	id_queue_init(&queue);
	ck_assert_int_eq(id_queue_add(&queue, "b"), 0);
	ck_assert_int_eq(id_queue_add(&queue, "a"), 0);
	assert_taken("b");
	ck_assert_int_eq(id_queue_add(&queue, "c"), 0);
	assert_taken("a");
	assert_taken("c");
	ck_assert(!id_queue_take(&queue, taken));
	id_queue_finish(&queue);
}
END_TEST

START_TEST(one_that_waits_keeps_its_place)
{
	char taken[NODE_ID_MAX + 1];

	id_queue_init(&queue);
	ck_assert_int_eq(id_queue_add(&queue, "a"), 0);
	ck_assert_int_eq(id_queue_add(&queue, "b"), 0);
	ck_assert_int_eq(id_queue_add(&queue, "a"), 0);
	assert_taken("a");
	assert_taken("b");
	ck_assert(!id_queue_take(&queue, taken));
	ck_assert_int_eq(id_queue_add(&queue, "a"), 0);
	assert_taken("a");
	id_queue_finish(&queue);
}
END_TEST

START_TEST(what_is_no_identity_does_not_wait)
{
	char text[NODE_ID_MAX + 2];

	memset(text, 'x', NODE_ID_MAX + 1);
	text[NODE_ID_MAX + 1] = '\0';
	id_queue_init(&queue);
	ck_assert_int_eq(id_queue_add(&queue, text), -EINVAL);
	ck_assert_int_eq(id_queue_add(&queue, text + 1), 0);
	id_queue_finish(&queue);
}
END_TEST

START_TEST(many_may_wait)
{
	char id[16];

	id_queue_init(&queue);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(id, sizeof(id), "n%d", i);
		ck_assert_int_eq(id_queue_add(&queue, id), 0);
	}
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(id, sizeof(id), "n%d", i);
		assert_taken(id);
	}
	id_queue_finish(&queue);
}
END_TEST

TEST_SUITE(id_queue, identities_leave_in_the_order_in_which_they_came, one_that_waits_keeps_its_place,
	what_is_no_identity_does_not_wait, many_may_wait)
