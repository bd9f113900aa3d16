/* The driver for a Zigbee network: puts stick, network, nodes and the operator's questions together. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/zigbee_driver.h"

#define LINE_SIZE 512
#define TURN_MS 1000 /* between two looks at what is due */

void zigbee_tell(const struct driver *driver, enum driver_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	driver->host->event(driver->host->context, level, line);
}

int64_t zigbee_now(const struct driver *driver)
{
	return driver->clock.monotonic_ms(driver->clock.context);
}

/* ---- time ---- */

static int64_t loop_ms(void *context)
{
	return (int64_t)uv_now(context);
}

static int64_t wall_ms(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void on_timer(uv_timer_t *timer)
{
	zigbee_turn(timer->data);
}

void zigbee_turn(struct driver *driver)
{
	int64_t due_ms = zigbee_coordinator_turn(driver);

	due_ms = earlier(due_ms, zigbee_removal_turn(driver));
	due_ms = earlier(due_ms, zigbee_fleet_turn(driver));
	due_ms = earlier(due_ms, zigbee_permit_turn(driver));
	due_ms = earlier(due_ms, zigbee_questions_turn(driver));
	due_ms = earlier(due_ms, zigbee_firmware_turn(driver));
	due_ms = earlier(due_ms, zigbee_reports_turn(driver));
	zigbee_outbox_turn(&driver->outbox, zigbee_now(driver));
	due_ms = earlier(due_ms, zigbee_outbox_due_ms(&driver->outbox));
	if (!driver->timer)
		return;
	int64_t wait_ms = earlier(due_ms - zigbee_now(driver), TURN_MS);
	uv_timer_start(driver->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 1, 0);
}

void zigbee_wake(struct driver *driver)
{
	if (driver->timer && !driver->closing)
		uv_timer_start(driver->timer, on_timer, 0, 0);
}

/* ---- opening and closing ---- */

struct counter_place {
	const char *name;
	size_t offset;
};

#define COUNTER(member)                                           \
	{                                                         \
#member, offsetof(struct zigbee_counters, member) \
	}

static void list_counters(struct driver *driver)
{
	static const struct counter_place places[] = { COUNTER(nodes_now), COUNTER(nodes_up_now),
		COUNTER(network_up_now), COUNTER(messages), COUNTER(messages_malformed), COUNTER(repeated),
		COUNTER(strangers), COUNTER(nodes_refused), COUNTER(joins), COUNTER(leaves), COUNTER(interviews),
		COUNTER(pings), COUNTER(lost), COUNTER(reports), COUNTER(readings), COUNTER(unkept_now),
		COUNTER(unkept_lost), COUNTER(sent), COUNTER(unsent) };
	_Static_assert(sizeof(places) / sizeof(places[0]) <= ZIGBEE_COUNTERS_MAX, "every counter has a place");

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		driver->counter_list[driver->counter_count++] = (struct driver_counter){
			places[i].name,
			(const uint64_t *)((const char *)&driver->counters + places[i].offset),
		};
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

static void zigbee_close(struct driver *driver)
{
	if (!driver)
		return;
	driver->closing = true;
	zigbee_close_stick(driver);
	(void)zigbee_questions_turn(driver);
	(void)zigbee_fleet_turn(driver);
	zigbee_upgrades_close(driver->upgrades);
	if (driver->timer)
		uv_close((uv_handle_t *)driver->timer, on_timer_closed);
	zigbee_reports_finish(driver);
	zigbee_nodes_finish(&driver->nodes);
	explicit_bzero(&driver->network, sizeof(driver->network));
	free(driver->keys);
	free(driver);
}

static uint16_t seconds_of(int64_t ms)
{
	return (uint16_t)(ms / 1000);
}

static void apply_settings(struct driver *driver, const struct zigbee_settings *settings)
{
	driver->settings = settings;
	driver->interview_rules = (struct zigbee_interview_rules){
		.own_eui64 = driver->interview_rules.own_eui64,
		.report_least_s = seconds_of(settings->report_least_ms),
		.report_most_s = seconds_of(settings->report_most_ms),
		.battery_most_s = seconds_of(settings->battery_most_ms),
	};
	driver->presence_rules = (struct zigbee_presence_rules){
		.ping_after_ms = settings->ping_after_ms,
		.sleeper_lost_ms = settings->sleeper_lost_ms,
		.report_most_ms = settings->report_most_ms,
		.battery_most_ms = settings->battery_most_ms,
	};
}

static int open_timer(struct driver *driver)
{
	driver->timer = malloc(sizeof(*driver->timer));
	if (!driver->timer)
		return -ENOMEM;
	(void)uv_timer_init(driver->loop, driver->timer);
	driver->timer->data = driver;
	return 0;
}

int zigbee_open_on(struct driver **out, const struct zigbee_stage *stage, const struct zigbee_settings *settings,
	const struct driver_host *host, char *why, size_t why_size)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	int error = driver ? 0 : -ENOMEM;

	(void)snprintf(why, why_size, "out of memory");
	if (error)
		return error;
	driver->loop = stage->loop;
	driver->sticks = stage->sticks;
	driver->clock = stage->clock;
	driver->host = host;
	apply_settings(driver, settings);
	zigbee_network_init(&driver->network);
	driver->state_since_ms = zigbee_now(driver);
	zigbee_trouble_init(&driver->trouble, driver->state_since_ms);
	zigbee_nodes_init(&driver->nodes);
	zigbee_outbox_init(&driver->outbox);
	zigbee_repeats_init(&driver->repeats, driver->state_since_ms);
	list_counters(driver);
	if (driver->loop)
		error = open_timer(driver);
	if (!error)
		error = zigbee_firmware_open(driver);
	if (!error)
		zigbee_recall(driver);
	if (!error)
		error = zigbee_open_stick(driver, why, why_size);
	if (error) {
		zigbee_close(driver);
		return error;
	}
	zigbee_wake(driver);
	*out = driver;
	return 0;
}

static int zigbee_open(struct driver **out, struct uv_loop_s *loop, const void *values, const struct driver_host *host,
	char *why, size_t why_size)
{
	static const struct stick_ops *const any[] = { &stick_znp, &stick_ezsp, NULL };
	const struct zigbee_settings *settings = values;
	const struct zigbee_stage stage = {
		.loop = loop,
		.sticks = any,
		.clock = { .monotonic_ms = loop_ms, .wall_ms = wall_ms, .context = loop },
	};

	return zigbee_open_on(out, &stage, settings, host, why, why_size);
}

static bool apart(const void *values)
{
	const struct zigbee_settings *settings = values;

	return settings->process;
}

static size_t zigbee_counters(const struct driver *driver, const struct driver_counter **out)
{
	*out = driver->counter_list;
	return driver->counter_count;
}

const struct driver_ops driver_zigbee = {
	.name = "zigbee",
	.settings = &zigbee_settings_table,
	.apart = apart,
	.open = zigbee_open,
	.offer = zigbee_offer,
	.withdraw = zigbee_withdraw,
	.ask = zigbee_ask,
	.images_ready = zigbee_images_ready,
	.counters = zigbee_counters,
	.close = zigbee_close,
};
