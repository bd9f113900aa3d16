/* Readings of Zigbee nodes: a frame that was heard twice counts once, and is acknowledged once it is durable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/zigbee_driver.h"
#include "protocols/cursor.h"
#include "protocols/fingerprint.h"
#include "protocols/siphash.h"

#define REPEAT_MS 10000 /* in which an equal frame is a repetition: a sequence number comes again after 256 frames */
#define FRAME_MAX 300

/* A report until it is durable. */
struct zigbee_held {
	struct driver *driver;
	uint64_t eui64;
	size_t count;
	bool wants_answer;
	struct zigbee_message to; /* for the answer; its payload is not used */
	struct zcl_frame frame;   /* likewise */
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

/* Whether the frame was heard a moment ago; if not it is noted. */
static bool is_repeated(struct zigbee_node *node, uint64_t hash, int64_t now_ms)
{
	for (size_t i = 0; i < ZIGBEE_FRAMES_KNOWN; i++)
		if (node->seen[i].at_ms && node->seen[i].hash == hash && now_ms - node->seen[i].at_ms < REPEAT_MS)
			return true;
	node->seen[node->seen_next++ % ZIGBEE_FRAMES_KNOWN] = (struct zigbee_frame_seen){ hash, now_ms };
	return false;
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct zigbee_held *held = context;
	struct driver *driver = held->driver;
	struct zigbee_node *node = zigbee_nodes_find(&driver->nodes, held->eui64);
	bool kept = result == 0 || result == -EALREADY;

	driver->counters.reports += result == 0;
	driver->counters.readings += result == 0 ? held->count : 0;
	driver->counters.unkept_lost += !kept;
	if (held->wants_answer && node && !driver->closing)
		zigbee_reply_status(driver, &(struct zigbee_heard){ node, &held->to }, &held->frame,
			kept ? ZCL_SUCCESS : ZCL_INSUFFICIENT_SPACE);
	free(held);
}

static void report(struct driver *driver, const struct zigbee_heard *heard, struct zigbee_held *held, uint64_t hash)
{
	const struct driver_host *host = driver->host;
	struct zigbee_node *node = heard->node;
	bool is_first = !node->seen_any;

	held->count = driver->readings.count;
	node->seen_any = true;
	host->report(host->context, &(struct reading_report){
					    .node = node->id,
					    .readings = driver->readings.list,
					    .count = driver->readings.count,
					    .exchange = fingerprint_of_message(hash),
					    /* Repetitions do not come this far, but for those of a former process. */
					    .fresh = !is_first,
					    .done = on_done,
					    .context = held,
				    });
}

void zigbee_on_report(struct driver *driver, const struct zigbee_heard *heard, const struct zcl_frame *frame)
{
	const struct zigbee_message *message = heard->message;
	uint64_t hash = hash_of(heard->node, message);
	struct zigbee_held *held;

	if (is_repeated(heard->node, hash, zigbee_now(driver))) {
		driver->counters.repeated++;
		zigbee_reply_status(driver, heard, frame, ZCL_SUCCESS);
		return;
	}
	if (zigbee_readings_take(&driver->readings, heard->node, message->peer_endpoint, message->cluster, frame) < 0)
		driver->counters.messages_malformed++;
	if (driver->readings.count == 0) {
		zigbee_reply_status(driver, heard, frame, ZCL_SUCCESS);
		return;
	}
	held = malloc(sizeof(*held));
	if (!held) {
		driver->counters.unkept_lost++;
		return;
	}
	*held = (struct zigbee_held){ .driver = driver,
		.eui64 = heard->node->eui64,
		.wants_answer = frame->command == ZCL_REPORT,
		.to = *message,
		.frame = *frame };
	held->to.payload = (struct span){ NULL, 0 };
	held->frame.payload = (struct bytes){ NULL, 0 };
	report(driver, heard, held, hash);
}
