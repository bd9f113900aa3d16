#include "gateway/bucket.h"

#include "gateway/random.h"
#include "tests/unit/suite.h"

/* Sends messages of `size` whenever the bucket is open, asking again when it says; units sent by `until_ms`. */
static int64_t send_for(struct bucket *bucket, int64_t rate, int64_t size, int64_t until_ms)
{
	int64_t sent = 0;

	for (int64_t now_ms = bucket->at_ms; now_ms <= until_ms;) {
		bucket_fill(bucket, rate, now_ms);
		if (bucket_is_open(bucket)) {
			bucket_take(bucket, size);
			sent += size;
		}
		now_ms += bucket_wait_ms(bucket) ? bucket_wait_ms(bucket) : 1;
	}
	return sent;
}

START_TEST(the_rate_holds_whatever_the_size_of_messages)
{
	static const int64_t rates[] = { 1, 7, 333, 65536, 100000000 };
	static const int64_t sizes[] = { 1, 10, 1000, 1000000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			struct bucket bucket;
			int64_t size = sizes[k] * (1 + rates[i] / 1000);
			int64_t seconds = 20 * (size / rates[i] + 1) + 100;

			bucket_init(&bucket, 5000);
			int64_t sent = send_for(&bucket, rates[i], size, 5000 + seconds * 1000);
			ck_assert_int_le(sent, rates[i] * seconds + size);
			ck_assert_int_ge(sent, rates[i] * seconds * 95 / 100);
		}
}
END_TEST

START_TEST(what_is_saved_up_is_bounded)
{
	struct bucket bucket;

	bucket_init(&bucket, 0);
	bucket_fill(&bucket, 100, 3600 * 1000);
	int sent = 0;
	while (bucket_is_open(&bucket)) {
		bucket_take(&bucket, 1);
		sent++;
	}
	ck_assert_int_eq(sent, 100 * BUCKET_BURST_MS / 1000);
	ck_assert_int_eq(bucket_wait_ms(&bucket), 1);
	bucket_fill(&bucket, BUCKET_RATE_MAX, INT64_MAX / 2);
	ck_assert(bucket_is_open(&bucket));
}
END_TEST

START_TEST(a_large_message_is_paid_for_before_the_next)
{
	struct bucket bucket;

	bucket_init(&bucket, 0);
	ck_assert(bucket_is_open(&bucket));
	bucket_fill(&bucket, 1000, 1);
	ck_assert(bucket_is_open(&bucket));
	bucket_take(&bucket, 5001);
	ck_assert_int_eq(bucket_wait_ms(&bucket), 5001);
	bucket_fill(&bucket, 1000, 5001);
	ck_assert(!bucket_is_open(&bucket));
	bucket_fill(&bucket, 1000, 5002);
	ck_assert(bucket_is_open(&bucket));
}
END_TEST

START_TEST(a_slow_rate_loses_no_fraction)
{
	struct random random;
	struct bucket bucket;
	int64_t sent = 0, now_ms = 0;

	random_init(&random, 3);
	bucket_init(&bucket, 0);
	while (now_ms < 1000 * 1000) {
		bucket_fill(&bucket, 3, now_ms);
		while (bucket_is_open(&bucket)) {
			bucket_take(&bucket, 1);
			sent++;
		}
		now_ms += 1 + (int64_t)random_below(&random, 40);
	}
	ck_assert_int_ge(sent, 2998);
	ck_assert_int_le(sent, 3001);
}
END_TEST

START_TEST(no_rate_is_no_cap_and_leaves_no_debt)
{
	struct bucket bucket;

	bucket_init(&bucket, 0);
	bucket_fill(&bucket, 0, 10);
	bucket_take(&bucket, 1000000);
	ck_assert(bucket_is_open(&bucket));
	ck_assert_int_eq(bucket_wait_ms(&bucket), 0);
	bucket_fill(&bucket, 0, 20);
	bucket_fill(&bucket, 10, 120);
	ck_assert(bucket_is_open(&bucket));
}
END_TEST

TEST_SUITE(bucket, the_rate_holds_whatever_the_size_of_messages, what_is_saved_up_is_bounded,
	a_large_message_is_paid_for_before_the_next, a_slow_rate_loses_no_fraction,
	no_rate_is_no_cap_and_leaves_no_debt)
