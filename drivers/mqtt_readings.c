/* Readings of nodes behind a broker: parsed, reported, and acknowledged to the broker once they are durable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/mqtt_driver.h"
#include "protocols/fingerprint.h"
#include "protocols/node_json.h"

#define RETRY_S 60 /* where the host names no time */

/* A report from its arrival until it is durable or given up. */
struct mqtt_held {
	struct mqtt_held *next; /* while it waits to be tried again */
	struct driver *driver;
	uint64_t ticket; /* 0: at quality 0, it is not tried again */
	uint16_t id;
	uint64_t exchange, former; /* as in struct reading_report */
	bool fresh;
	int64_t received_us;
	int64_t due_ms;
	char node[NODE_ID_MAX + 1];
	size_t count;
	size_t size; /* of the message, for another try */
	char bytes[];
};

static int64_t wall_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* JSON of our own, or a SenML pack in JSON or CBOR: each begins in a way of its own. */
static int parse(struct senml_pack *pack, struct span *device_id, struct span message, int64_t now_us)
{
	struct senml_source source = { .format = FORMAT_JSON, .data = message, .now_us = now_us };
	size_t blanks = 0;

	while (blanks < message.size && memchr(" \t\r\n", message.data[blanks], 4))
		blanks++;
	uint8_t first = blanks < message.size ? (uint8_t)message.data[blanks] : 0;
	if (first == '{')
		return node_json_parse(pack, device_id, message);
	if (first != '[')
		source.format = FORMAT_CBOR;
	return senml_parse(pack, &source);
}

static struct senml_pack pack_of(struct driver *driver)
{
	return (struct senml_pack){
		.readings = driver->readings,
		.capacity = READINGS_MAX,
		.scratch = driver->scratch,
		.scratch_size = sizeof(driver->scratch),
	};
}

static bool all_dated(const struct senml_pack *pack)
{
	for (size_t i = 0; i < pack->count; i++)
		if (!pack->readings[i].is_dated)
			return false;
	return pack->count > 0;
}

static void on_done(void *context, int result, uint32_t retry_s);

static uint64_t former_exchange(void *context)
{
	const struct mqtt_held *held = context;

	return held->former;
}

static void submit(struct driver *driver, struct mqtt_held *held, const struct senml_pack *pack)
{
	driver->host->report(driver->host->context, &(struct reading_report){
							    .node = held->node,
							    .readings = pack->readings,
							    .count = pack->count,
							    .exchange = held->exchange,
							    .told = fingerprint_lasts(held->exchange),
							    .former = former_exchange,
							    .fresh = held->fresh,
							    .done = on_done,
							    .context = held,
						    });
}

/* Once more, from the message as it came: what had no time of its own was taken when it came. */
static void submit_again(struct driver *driver, struct mqtt_held *held)
{
	struct senml_pack pack = pack_of(driver);
	struct span device_id, message = { held->bytes, held->size };

	if (!mqtt_link_is_waiting(driver->link, held->ticket) ||
		parse(&pack, &device_id, message, held->received_us) < 0) {
		free(held); /* the broker delivers it again */
		return;
	}
	for (size_t i = 0; i < pack.count; i++) {
		if (pack.readings[i].has_time)
			continue;
		pack.readings[i].has_time = true;
		pack.readings[i].time_us = held->received_us;
	}
	submit(driver, held, &pack);
}

static void watch_held(struct driver *driver);

static void on_retry(uv_timer_t *timer)
{
	struct driver *driver = timer->data;
	int64_t now_ms = (int64_t)uv_now(driver->loop);
	struct mqtt_held *list = driver->held;

	/* Those that cannot be kept yet come back to the list from within. */
	driver->held = NULL;
	driver->held_last = &driver->held;
	driver->counters.held_now = 0;
	while (list) {
		struct mqtt_held *held = list;

		list = held->next;
		if (held->due_ms <= now_ms) {
			submit_again(driver, held);
			continue;
		}
		held->next = NULL;
		*driver->held_last = held;
		driver->held_last = &held->next;
		driver->counters.held_now++;
	}
	watch_held(driver);
}

static void watch_held(struct driver *driver)
{
	int64_t next_ms = INT64_MAX, now_ms = (int64_t)uv_now(driver->loop);

	for (const struct mqtt_held *held = driver->held; held; held = held->next)
		next_ms = held->due_ms < next_ms ? held->due_ms : next_ms;
	if (driver->held)
		uv_timer_start(driver->retry, on_retry, next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 0, 0);
}

/* It cannot be kept now. The broker has it too, and while it is not acknowledged sends no more than it may. */
static void hold(struct driver *driver, struct mqtt_held *held, uint32_t retry_s)
{
	held->due_ms = (int64_t)uv_now(driver->loop) + (int64_t)(retry_s ? retry_s : RETRY_S) * 1000;
	held->next = NULL;
	*driver->held_last = held;
	driver->held_last = &held->next;
	if (driver->counters.held_now++ == 0)
		watch_held(driver);
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct mqtt_held *held = context;
	struct driver *driver = held->driver;
	struct mqtt_counters *counters = &driver->counters;

	if (result == 0 || result == -EALREADY) {
		counters->reports += result == 0;
		counters->readings += result == 0 ? held->count : 0;
		counters->repeated += result != 0;
		mqtt_repeats_keep(&driver->repeats, held->id, held->exchange);
	} else if (result == -EACCES) {
		mqtt_refuse(driver, MQTT_REFUSED_NODE, held->node);
	} else if (held->ticket) {
		hold(driver, held, retry_s);
		return;
	} else {
		counters->unkept_lost++;
	}
	if (driver->link)
		mqtt_link_acknowledge(driver->link, held->ticket);
	free(held);
}

static uint64_t exchange_of(const char *node, const struct senml_pack *pack, uint64_t message)
{
	uint64_t told = fingerprint_of_report((struct span){ node, strlen(node) }, pack->readings, pack->count);

	if (message == 0)
		return 0;
	return told ? told : fingerprint_of_message(message);
}

/* A copy of the message with what is known of it, or NULL: no memory. */
static struct mqtt_held *keep_message(
	struct driver *driver, const char *node, const struct mqtt_arrival *arrival, const struct senml_pack *pack)
{
	struct span payload = arrival->message.payload;
	size_t size = arrival->ticket ? payload.size : 0;
	uint64_t message = mqtt_repeats_exchange(&driver->repeats, node, arrival, all_dated(pack));
	struct mqtt_held *held = malloc(sizeof(*held) + size);

	if (!held)
		return NULL;
	*held = (struct mqtt_held){
		.driver = driver,
		.ticket = arrival->ticket,
		.id = arrival->id,
		.exchange = exchange_of(node, pack, message),
		.former = message,
		/* DUP clear: equal bytes without dates are other readings (MQTT 3.1.1 section 3.3.1.1). */
		.fresh = !arrival->message.repeated && !all_dated(pack),
		.received_us = wall_us(),
		.count = pack->count,
		.size = size,
	};
	strcpy(held->node, node); /* its size was checked */
	if (size > 0)
		memcpy(held->bytes, payload.data, size);
	return held;
}

/* Whether the message is one to take, with its readings in the pack. */
static bool take_message(
	struct driver *driver, const char *node, const struct mqtt_arrival *arrival, struct senml_pack *pack)
{
	struct span device_id = { 0 };
	struct node_contact contact = { .node = node, .hardware = "", .version = "", .battery_percent = -1 };

	if (arrival->message.retain) {
		driver->counters.retained_ignored++;
		return false;
	}
	if (parse(pack, &device_id, arrival->message.payload, wall_us()) < 0) {
		mqtt_refuse(driver, MQTT_REFUSED_MALFORMED, node);
		return false;
	}
	if (device_id.data && (device_id.size != strlen(node) || memcmp(device_id.data, node, device_id.size) != 0)) {
		mqtt_refuse(driver, MQTT_REFUSED_IDENTITY, node);
		return false;
	}
	return mqtt_greet(driver, &contact, arrival->message.topic.size + arrival->message.payload.size);
}

void mqtt_on_telemetry(struct driver *driver, const char *node, const struct mqtt_arrival *arrival)
{
	struct senml_pack pack = pack_of(driver);

	if (!take_message(driver, node, arrival, &pack)) {
		/* Refused for good: not acknowledged it would come again for ever. */
		mqtt_link_acknowledge(driver->link, arrival->ticket);
		return;
	}
	struct mqtt_held *held = keep_message(driver, node, arrival, &pack);
	/* Without memory it stays with the broker, until the next connection. */
	if (!held)
		return;
	if (mqtt_repeats_is_kept(&driver->repeats, arrival, held->exchange))
		on_done(held, -EALREADY, 0);
	else
		submit(driver, held, &pack);
}

void mqtt_readings_finish(struct driver *driver)
{
	while (driver->held) {
		struct mqtt_held *held = driver->held;

		driver->held = held->next;
		free(held);
	}
}
