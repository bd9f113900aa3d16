#include "tests/sim/ncp/air_clock.h"

static int64_t machine_us(const struct air_clock *clock)
{
	return (int64_t)((double)(uv_hrtime() - clock->started_ns) / 1000 * clock->speed);
}

static void on_timer(uv_timer_t *timer)
{
	air_clock_run(timer->data);
}

static void arm(struct air_clock *clock)
{
	int64_t next_us = site_events_next_ms(&clock->events);

	if (next_us == INT64_MAX) {
		uv_timer_stop(&clock->timer);
		return;
	}
	double wait_ms = (double)(next_us - clock->now_us) / clock->speed / 1000;
	uv_update_time(clock->timer.loop);
	uv_timer_start(&clock->timer, on_timer, wait_ms > 0 ? (uint64_t)(wait_ms + 0.999) : 0, 0);
}

void air_clock_open(struct air_clock *clock, uv_loop_t *loop, double speed)
{
	*clock = (struct air_clock){ .speed = speed, .started_ns = uv_hrtime() };
	uv_timer_init(loop, &clock->timer);
	clock->timer.data = clock;
}

void air_clock_close(struct air_clock *clock)
{
	site_events_finish(&clock->events);
	uv_close((uv_handle_t *)&clock->timer, NULL);
}

void air_clock_run(struct air_clock *clock)
{
	int64_t until_us = machine_us(clock);
	struct site_event event;

	while (site_events_take(&clock->events, until_us, &event)) {
		clock->now_us = event.at_ms;
		event.call(event.context, event.argument);
	}
	if (until_us > clock->now_us)
		clock->now_us = until_us;
	arm(clock);
}

void air_clock_after(struct air_clock *clock, int64_t delay_us, void (*call)(void *context, uint64_t argument),
	void *context, uint64_t argument)
{
	site_events_add(&clock->events,
		(struct site_event){
			.at_ms = clock->now_us + delay_us, .call = call, .context = context, .argument = argument });
}
