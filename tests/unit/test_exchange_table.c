#include "gateway/exchange_table.h"

#include <stdbool.h>

#include "gateway/random.h"
#include "tests/unit/suite.h"

static void add(struct exchange_table *table, uint64_t exchange, int64_t kept_at_ms)
{
	exchange_add(table, exchange, kept_at_ms, EXCHANGE_DURABLE);
}

START_TEST(an_empty_table_knows_nothing)
{
	struct exchange_table table;

	exchange_table_init(&table);
	ck_assert_ptr_null(exchange_find(&table, 1));
	exchange_remove(&table, 1);
	exchange_forget_before(&table, 1);
	exchange_table_finish(&table);
}
END_TEST

START_TEST(messages_are_known_until_they_are_forgotten)
{
	struct exchange_table table;

	exchange_table_init(&table);
	for (uint64_t i = 1; i <= 5000; i++)
		add(&table, i, (int64_t)i * 1000);
	exchange_forget_before(&table, 3001 * 1000);
	ck_assert_ptr_null(exchange_find(&table, 3000));
	for (uint64_t i = 3001; i <= 5000; i++)
		ck_assert_ptr_nonnull(exchange_find(&table, i));
	exchange_table_finish(&table);
}
END_TEST

START_TEST(none_is_forgotten_too_early)
{
	struct exchange_table table;

	exchange_table_init(&table);
	add(&table, 1, -1500); /* the machine started since */
	add(&table, 2, 2001);
	exchange_forget_before(&table, -1500);
	ck_assert_ptr_nonnull(exchange_find(&table, 1));
	exchange_forget_before(&table, 2001);
	ck_assert_ptr_null(exchange_find(&table, 1));
	ck_assert_ptr_nonnull(exchange_find(&table, 2));
	exchange_forget_before(&table, 3001);
	ck_assert_ptr_null(exchange_find(&table, 2));
	exchange_table_finish(&table);
}
END_TEST

START_TEST(beyond_the_bound_the_oldest_go)
{
	struct exchange_table table;

	exchange_table_init(&table);
	for (uint64_t i = 1; i <= EXCHANGES_MAX + 10; i++)
		add(&table, i, 0);
	ck_assert_uint_eq(table.count, EXCHANGES_MAX);
	ck_assert_ptr_null(exchange_find(&table, 10));
	ck_assert_ptr_nonnull(exchange_find(&table, 11));
	ck_assert_ptr_nonnull(exchange_find(&table, EXCHANGES_MAX + 10));
	exchange_table_finish(&table);
}
END_TEST

/* Against a plain array, with fingerprints close enough to collide. */
START_TEST(random_changes_keep_the_table_true)
{
	static bool known[500];
	struct exchange_table table;
	struct random random;
	int64_t now_ms = 0;

	random_init(&random, 5);
	exchange_table_init(&table);
	for (int step = 0; step < 100000; step++) {
		uint64_t exchange = 1 + random_below(&random, 499);

		ck_assert_int_eq(exchange_find(&table, exchange << 40) != NULL, known[exchange]);
		if (known[exchange]) {
			exchange_remove(&table, exchange << 40);
			known[exchange] = false;
		} else {
			add(&table, exchange << 40, now_ms++);
			known[exchange] = true;
		}
	}
	exchange_table_finish(&table);
}
END_TEST

/* After 2^32 exchanges what chains begin with may look as if it was in the ring. */
START_TEST(numbers_that_wrap_around_are_told_apart)
{
	struct exchange_table table;
	struct random random;

	random_init(&random, 6);
	exchange_table_init(&table);
	add(&table, 1, 0);
	exchange_remove(&table, 1);
	for (size_t head = 0; head < 2 * table.room; head++)
		table.heads[head] = (uint32_t)random_below(&random, 300) - 100;
	table.end = UINT32_MAX - 99;
	table.count = 0;
	for (uint64_t i = 1; i <= 200; i++) {
		ck_assert_ptr_null(exchange_find(&table, i << 40));
		add(&table, i << 40, 0);
	}
	ck_assert_uint_eq(table.count, 200);
	for (uint64_t i = 1; i <= 200; i++)
		ck_assert_uint_eq(exchange_find(&table, i << 40)->exchange, i << 40);
	exchange_table_finish(&table);
}
END_TEST

TEST_SUITE(exchange_table, an_empty_table_knows_nothing, messages_are_known_until_they_are_forgotten,
	none_is_forgotten_too_early, beyond_the_bound_the_oldest_go, random_changes_keep_the_table_true,
	numbers_that_wrap_around_are_told_apart)
