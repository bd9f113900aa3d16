#include "gateway/drain_window.h"

/* Small writes wait for acknowledgements of TCP at both ends (Nagle), which are delayed by 40 ms or a round trip. */
#define STRETCH 2
#define SLACK_MS 150

void drain_window_init(struct drain_window *window)
{
	*window = (struct drain_window){ .size = DRAIN_WINDOW_FIRST, .narrowed_ms = INT64_MIN };
}

static void widen(struct drain_window *window)
{
	window->landed++;
	if (window->careful && window->landed < window->size)
		return;
	window->landed = 0;
	window->size++;
}

static void narrow(struct drain_window *window, int64_t took_ms, int64_t now_ms)
{
	/* With so few on their way none waits for another: the line has become as slow as that. */
	window->careful = window->size > DRAIN_WINDOW_LEAST;
	if (!window->careful)
		window->fastest_ms = took_ms;
	window->landed = 0;
	window->size = window->size / 2 > DRAIN_WINDOW_LEAST ? window->size / 2 : DRAIN_WINDOW_LEAST;
	window->narrowed_ms = now_ms;
}

void drain_window_note(struct drain_window *window, int64_t sent_ms, int64_t now_ms, bool full)
{
	int64_t took_ms = now_ms - sent_ms;

	if (!window->known || took_ms < window->fastest_ms)
		window->fastest_ms = took_ms;
	window->known = true;
	bool slow = took_ms > STRETCH * window->fastest_ms + SLACK_MS;
	if (!slow && full)
		widen(window);
	if (slow && sent_ms >= window->narrowed_ms) /* else it was sent when there were too many */
		narrow(window, took_ms, now_ms);
}
