/* Readings of Zigbee nodes: a frame that was heard twice counts once, what the gateway cannot keep yet waits here, and
 * a report is acknowledged once it is durable. */
#include "drivers/zigbee_reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/zigbee_driver.h"
#include "protocols/cursor.h"
#include "protocols/fingerprint.h"
#include "protocols/siphash.h"

#define FRAME_MAX 300
#define RETRY_S 30         /* where the gateway does not say when */
#define AGAIN_AT_ONCE 20   /* of those that waited, so that they do not come as a flood */
#define AGAIN_PAUSE_MS 100 /* between two such turns */

/* A report until it is durable. */
struct zigbee_held {
	struct zigbee_held *next; /* of those that wait */
	struct driver *driver;
	uint64_t eui64, hash;
	size_t count;
	bool fresh;
	int64_t heard_ms;              /* by the wall's clock */
	int64_t due_ms;                /* when it is tried again */
	struct zigbee_message message; /* as it came; its payload and the frame's are in `data` */
	struct zcl_frame frame;
	char data[];
};

/* The same in every run, so that a report which was durable before a restart is known after it. */
static uint64_t hash_of(const struct zigbee_node *node, const struct zigbee_message *message)
{
	static const struct siphash_key key = { 0x77616b6567617465, 0x7a69676265650000 };
	uint8_t bytes[FRAME_MAX];
	struct writer out;

	writer_init(&out, bytes, sizeof(bytes));
	write_le64(&out, node->eui64);
	write_u8(&out, message->peer_endpoint);
	write_le16(&out, message->cluster);
	write_bytes(&out, message->payload.data, message->payload.size);
	return siphash(&key, bytes, writer_size(&out));
}

/* ---- those that wait ---- */

static bool wait_for_room(struct zigbee_held *held, uint32_t retry_s)
{
	struct driver *driver = held->driver;
	struct zigbee_unkept *unkept = &driver->unkept;

	if (driver->closing || driver->counters.unkept_now >= ZIGBEE_UNKEPT_MAX)
		return false;
	driver->counters.unkept_now++;
	held->due_ms = zigbee_now(driver) + (int64_t)(retry_s ? retry_s : RETRY_S) * 1000;
	held->next = NULL;
	if (unkept->last)
		unkept->last->next = held;
	else
		unkept->first = held;
	unkept->last = held;
	zigbee_wake(driver);
	return true;
}

static struct zigbee_held *take_waiting(struct driver *driver)
{
	struct zigbee_held *held = driver->unkept.first;

	driver->unkept.first = held->next;
	if (!held->next)
		driver->unkept.last = NULL;
	driver->counters.unkept_now--;
	return held;
}

void zigbee_reports_finish(struct driver *driver)
{
	while (driver->unkept.first)
		free(take_waiting(driver));
}

/* ---- to the gateway ---- */

static void end(struct zigbee_held *held, bool kept)
{
	struct driver *driver = held->driver;
	struct zigbee_node *node = zigbee_nodes_find(&driver->nodes, held->eui64);

	driver->counters.unkept_lost += !kept;
	zigbee_repeats_settle(&driver->repeats, held->hash, kept ? FRAME_DURABLE : FRAME_LOST);
	if (node && held->frame.command == ZCL_REPORT && !driver->closing)
		zigbee_reply_status(driver, &(struct zigbee_heard){ node, &held->message }, &held->frame,
			kept ? ZCL_SUCCESS : ZCL_INSUFFICIENT_SPACE);
	free(held);
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct zigbee_held *held = context;
	struct zigbee_counters *counters = &held->driver->counters;
	bool later = result == -ENOSPC || result == -ENOBUFS;

	counters->reports += result == 0;
	counters->readings += result == 0 ? held->count : 0;
	if (!later || !wait_for_room(held, retry_s))
		end(held, result == 0 || result == -EALREADY);
}

/* What is in driver->readings. */
static void report(struct zigbee_held *held, const struct zigbee_node *node)
{
	struct driver *driver = held->driver;

	held->count = driver->readings.count;
	driver->host->report(driver->host->context, &(struct reading_report){
							    .node = node->id,
							    .readings = driver->readings.list,
							    .count = driver->readings.count,
							    .exchange = fingerprint_of_message(held->hash),
							    .fresh = held->fresh,
							    .done = on_done,
							    .context = held,
						    });
}

static void report_again(struct zigbee_held *held)
{
	struct driver *driver = held->driver;
	struct zigbee_readings *readings = &driver->readings;
	struct zigbee_node *node = zigbee_nodes_find(&driver->nodes, held->eui64);

	if (!node) {
		end(held, false);
		return;
	}
	(void)zigbee_readings_take(readings, node, held->message.peer_endpoint, held->message.cluster, &held->frame);
	for (size_t i = 0; i < readings->count; i++) {
		readings->list[i].has_time = true;
		readings->list[i].time_us = held->heard_ms * 1000;
	}
	report(held, node);
}

int64_t zigbee_reports_turn(struct driver *driver)
{
	int64_t now_ms = zigbee_now(driver);
	const struct zigbee_unkept *unkept = &driver->unkept;

	for (int i = 0; i < AGAIN_AT_ONCE && unkept->first && unkept->first->due_ms <= now_ms; i++)
		report_again(take_waiting(driver));
	if (!unkept->first)
		return INT64_MAX;
	return unkept->first->due_ms > now_ms ? unkept->first->due_ms : now_ms + AGAIN_PAUSE_MS;
}

static struct zigbee_held *copy_report(
	struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame, uint64_t hash)
{
	const struct zigbee_message *message = heard->message;
	struct zigbee_held *held = malloc(sizeof(*held) + message->payload.size);

	if (!held)
		return NULL;
	*held = (struct zigbee_held){ .driver = driver,
		.eui64 = heard->node->eui64,
		.hash = hash,
		/* Repetitions do not come this far, but for those of what this process does not know. */
		.fresh = zigbee_repeats_reach(&driver->repeats, zigbee_now(driver)),
		.heard_ms = driver->clock.wall_ms(driver->clock.context),
		.message = *message,
		.frame = *frame };
	memcpy(held->data, message->payload.data, message->payload.size);
	held->message.payload.data = held->data;
	held->frame.payload.data = (const uint8_t *)held->data + (message->payload.size - frame->payload.size);
	return held;
}

void zigbee_on_report(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	const struct zigbee_message *message = heard->message;
	struct zigbee_node *node = heard->node;
	uint64_t hash = hash_of(node, message);
	enum zigbee_frame_fate fate = zigbee_repeats_fate(&driver->repeats, hash, zigbee_now(driver));

	if (fate != FRAME_NONE) {
		driver->counters.repeated++;
		if (fate == FRAME_DURABLE)
			zigbee_reply_status(driver, heard, frame, ZCL_SUCCESS);
		return;
	}
	zigbee_repeats_note(&driver->repeats, hash, zigbee_now(driver));
	if (zigbee_readings_take(&driver->readings, node, message->peer_endpoint, message->cluster, frame) < 0)
		driver->counters.messages_malformed++;
	if (driver->readings.count == 0) {
		zigbee_repeats_settle(&driver->repeats, hash, FRAME_DURABLE);
		zigbee_reply_status(driver, heard, frame, ZCL_SUCCESS);
		return;
	}
	struct zigbee_held *held = copy_report(driver, heard, frame, hash);
	if (held) {
		report(held, node);
		return;
	}
	zigbee_repeats_settle(&driver->repeats, hash, FRAME_LOST);
	driver->counters.unkept_lost++;
}
