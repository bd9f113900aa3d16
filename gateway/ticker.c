#include "gateway/ticker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#define LONGEST_MS (60 * 1000)

struct ticker {
	const struct clock *clock;
	uv_prepare_t before_wait;
	uv_timer_t timer;
	int open_handles;
	size_t count;
	struct tick ticks[TICKS_MAX];
	int64_t due_ms[TICKS_MAX]; /* monotonic */
};

/* The timer only ends the wait: what is due is found before the next one. */
static void on_timer(uv_timer_t *timer)
{
}

int64_t ticker_run(struct ticker *ticker)
{
	struct moment now = clock_moment(ticker->clock);
	int64_t next_ms = LONGEST_MS;

	for (size_t i = 0; i < ticker->count; i++) {
		const struct tick *tick = &ticker->ticks[i];
		if (tick->eager || now.monotonic_ms >= ticker->due_ms[i])
			ticker->due_ms[i] = now.monotonic_ms + tick->call(tick->context, now);
		if (ticker->due_ms[i] - now.monotonic_ms < next_ms)
			next_ms = ticker->due_ms[i] - now.monotonic_ms;
	}
	return next_ms > 0 ? next_ms : 0;
}

static void before_wait(uv_prepare_t *handle)
{
	struct ticker *ticker = handle->data;
	int64_t next_ms = ticker_run(ticker);

	uv_update_time(ticker->timer.loop);
	uv_timer_start(&ticker->timer, on_timer, (uint64_t)next_ms, 0);
}

int ticker_open(struct ticker **out, struct uv_loop_s *loop, const struct clock *clock)
{
	struct ticker *ticker = calloc(1, sizeof(*ticker));

	if (!ticker)
		return -ENOMEM;
	ticker->clock = clock;
	ticker->open_handles = 2;
	uv_timer_init(loop, &ticker->timer);
	uv_prepare_init(loop, &ticker->before_wait);
	ticker->timer.data = ticker->before_wait.data = ticker;
	uv_prepare_start(&ticker->before_wait, before_wait);
	*out = ticker;
	return 0;
}

void ticker_add(struct ticker *ticker, const struct tick *tick)
{
	assert(ticker->count < TICKS_MAX);
	ticker->due_ms[ticker->count] = INT64_MIN;
	ticker->ticks[ticker->count++] = *tick;
}

static void on_closed(uv_handle_t *handle)
{
	struct ticker *ticker = handle->data;

	if (--ticker->open_handles == 0)
		free(ticker);
}

void ticker_close(struct ticker *ticker)
{
	if (!ticker)
		return;
	uv_close((uv_handle_t *)&ticker->before_wait, on_closed);
	uv_close((uv_handle_t *)&ticker->timer, on_closed);
}
