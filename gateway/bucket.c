#include "gateway/bucket.h"

void bucket_init(struct bucket *bucket, int64_t now_ms)
{
	bucket->rate = 0;
	bucket->thousandths = 0;
	bucket->at_ms = now_ms;
}

void bucket_fill(struct bucket *bucket, int64_t rate, int64_t now_ms)
{
	int64_t elapsed_ms = now_ms - bucket->at_ms;
	int64_t most = rate * BUCKET_BURST_MS;
	/* Debt is paid however long it took; what is saved up has its bound. */
	int64_t filling_ms = rate > 0 ? (most - bucket->thousandths) / rate + 1 : 0;

	bucket->rate = rate;
	bucket->at_ms = now_ms;
	if (rate == 0)
		bucket->thousandths = 0;
	else if (elapsed_ms >= filling_ms)
		bucket->thousandths = most;
	else
		bucket->thousandths += elapsed_ms * rate;
}

bool bucket_is_open(const struct bucket *bucket)
{
	return bucket->rate == 0 || bucket->thousandths > 0;
}

void bucket_take(struct bucket *bucket, int64_t units)
{
	bucket->thousandths -= units * 1000;
}

int64_t bucket_wait_ms(const struct bucket *bucket)
{
	return bucket_is_open(bucket) ? 0 : -bucket->thousandths / bucket->rate + 1;
}
