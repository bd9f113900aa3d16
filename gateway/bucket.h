/*
 * bucket: a token bucket: how much may be sent at a rate, by the time that has passed.
 *
 * Tokens run in at the rate, at most BUCKET_BURST_MS worth of them are saved up. Whoever finds it open may send a
 * message of any size, which is taken out as a whole: what it takes too much keeps the bucket shut until that is paid
 * for, so the rate holds in the long run whatever the messages' sizes. Counts thousandths: no fraction is lost. A plain
 * value; knows no clock.
 */
#ifndef WAKEGATE_GATEWAY_BUCKET_H
#define WAKEGATE_GATEWAY_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_BURST_MS 1000 /* a loop that comes late by less loses nothing of the rate */
#define BUCKET_RATE_MAX (INT64_C(1) << 40)

struct bucket {
	int64_t rate;        /* units a second; 0: no cap */
	int64_t thousandths; /* of units that may be sent; negative: to be paid for */
	int64_t at_ms;       /* when it was filled last */
};

/* Empty, with no cap until bucket_fill() names one. `now_ms` is monotonic. */
void bucket_init(struct bucket *bucket, int64_t now_ms);

/* Lets in what came since the last call, at `rate`, 0 to BUCKET_RATE_MAX. */
void bucket_fill(struct bucket *bucket, int64_t rate, int64_t now_ms);

bool bucket_is_open(const struct bucket *bucket);

/* So many units were sent; at most INT32_MAX. */
void bucket_take(struct bucket *bucket, int64_t units);

/* Milliseconds from the last filling until it is open; 0: it is. */
int64_t bucket_wait_ms(const struct bucket *bucket);

#endif
