/*
 * upgrade_stage: an OTA Upgrade server with a stick that writes down what it is to send, a host that writes down what
 * it is told, and a clock that the test sets.
 */
#ifndef WAKEGATE_TESTS_UPGRADE_STAGE_H
#define WAKEGATE_TESTS_UPGRADE_STAGE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_upgrades.h"
#include "tests/unit/frame_bytes.h"
#include "tests/unit/upgrade_file.h"

#define STAGE_SENT_MAX 4096

struct upgrade_sent {
	uint16_t nwk;
	uint32_t tag;
	bool done, wants_ack, to_sleeper;
	size_t size;
	uint8_t data[128];
};

struct upgrade_stage {
	struct image_source image;
	struct image_source_ops ops;
	uint8_t file[UPGRADE_FILE_MAX];
	size_t prefix;
	struct upgrade_file_plan plan;
	bool absent; /* the image's bytes are being fetched */
	struct zigbee_upgrades_settings settings;
	struct zigbee_upgrades_port port;
	struct driver_host host;
	struct zigbee_upgrades *upgrades;
	int64_t now_ms, next_ms;
	uint32_t chance;
	struct upgrade_sent sent[STAGE_SENT_MAX];
	size_t sent_count, seen;
	bool stick_full, confirms; /* confirms: at once, as sent */
	int64_t fetch_ms;
	uint64_t fetched;
	char told[4096];
	bool withdraws; /* the host does, when it hears that the image runs */
};

static inline struct upgrade_stage *stage_of_image(struct image_source *image)
{
	return (struct upgrade_stage *)((char *)image - offsetof(struct upgrade_stage, image));
}

static int stage_read(struct image_source *image, uint32_t offset, void *buffer, size_t size)
{
	struct upgrade_stage *stage = stage_of_image(image);

	if (stage->absent)
		return -EAGAIN;
	if (offset >= image->size_bytes)
		return 0;
	if (size > image->size_bytes - offset)
		size = image->size_bytes - offset;
	memcpy(buffer, stage->file + offset, size);
	return (int)size;
}

static void stage_destroy(struct image_source *image)
{
	(void)image;
}

static int stage_send(void *context, const struct zigbee_message *message, uint32_t tag)
{
	struct upgrade_stage *stage = context;

	if (stage->stick_full)
		return -EAGAIN;
	ck_assert_uint_lt(stage->sent_count, STAGE_SENT_MAX);
	ck_assert_uint_eq(message->cluster, ZIGBEE_UPGRADE_CLUSTER);
	ck_assert_uint_le(message->payload.size, ZIGBEE_ASDU_MAX);
	struct upgrade_sent *sent = &stage->sent[stage->sent_count++];
	*sent = (struct upgrade_sent){ .nwk = message->peer,
		.tag = tag,
		.wants_ack = message->wants_ack,
		.to_sleeper = message->to_sleeper,
		.size = message->payload.size };
	memcpy(sent->data, message->payload.data, message->payload.size);
	return 0;
}

static void stage_note(struct upgrade_stage *stage, const char *line)
{
	size_t size = strlen(stage->told);

	(void)snprintf(stage->told + size, sizeof(stage->told) - size, "%s\n", line);
}

static void stage_runs(void *context, const char *node, const struct zigbee_upgrade *said, struct image_source *image)
{
	struct upgrade_stage *stage = context;
	char line[96];

	(void)snprintf(line, sizeof(line), "%s runs %08x%s", node, said->file.version, image ? " as offered" : "");
	stage_note(stage, line);
	if (image && stage->withdraws)
		zigbee_upgrades_withdraw(stage->upgrades, node, stage->now_ms);
}

static void stage_progress(void *context, const struct delivery_progress *progress)
{
	static const char *const names[] = { "downloading", "downloaded", "applying", "confirmed", "reverted", "failed",
		"unfit" };
	struct upgrade_stage *stage = context;
	char line[96];

	(void)snprintf(line, sizeof(line), "%s %s %u %d", progress->node, names[progress->state], progress->offset,
		progress->code);
	stage_note(stage, line);
}

static int64_t stage_fetch(void *context, const char *node, uint32_t bytes)
{
	struct upgrade_stage *stage = context;

	(void)node;
	if (stage->fetch_ms == 0)
		stage->fetched += bytes;
	return stage->fetch_ms;
}

static uint32_t stage_chance(void *context)
{
	return ((struct upgrade_stage *)context)->chance;
}

static inline void stage_confirm(struct upgrade_stage *stage, size_t index, enum stick_sent outcome)
{
	ck_assert(!stage->sent[index].done);
	stage->sent[index].done = true;
	zigbee_upgrades_on_sent(stage->upgrades, stage->sent[index].tag, outcome, stage->now_ms);
}

/* Lets all that is due happen at this moment. */
static inline void stage_run(struct upgrade_stage *stage)
{
	do {
		stage->next_ms = zigbee_upgrades_run(stage->upgrades, stage->now_ms);
		for (size_t i = 0; stage->confirms && i < stage->sent_count; i++)
			if (!stage->sent[i].done)
				stage_confirm(stage, i, STICK_SENT);
	} while (stage->next_ms <= stage->now_ms);
}

/* Time passes, with all that is due meanwhile. */
static inline void stage_pass(struct upgrade_stage *stage, int64_t ms)
{
	int64_t until_ms = stage->now_ms + ms;

	stage_run(stage);
	while (stage->next_ms <= until_ms) {
		stage->now_ms = stage->next_ms;
		stage_run(stage);
	}
	stage->now_ms = until_ms;
	stage_run(stage);
}

static inline void stage_open_with(struct upgrade_stage *stage, const struct upgrade_file_plan *plan)
{
	*stage = (struct upgrade_stage){
		.settings = { .transfers = 4, .sleepy_transfers = 20, .airtime_percent = 100, .block_most = 65 },
		.ops = { stage_read, stage_destroy },
		.plan = *plan,
		.prefix = plan->before,
		.confirms = true,
		.withdraws = true,
		.now_ms = 1000000
	};
	stage->host = (struct driver_host){ .context = stage, .progress = stage_progress, .fetch = stage_fetch };
	stage->port = (struct zigbee_upgrades_port){ stage, &stage->host, stage_send, stage_runs, stage_chance };
	stage->image = (struct image_source){ .ops = &stage->ops, .references = 1, .format = "zigbee-ota" };
	stage->image.size_bytes = (uint32_t)upgrade_file_make(stage->file, plan);
	memset(stage->image.sha256, 7, sizeof(stage->image.sha256));
	ck_assert_int_eq(zigbee_upgrades_open(&stage->upgrades, &stage->settings, &stage->port, stage->now_ms), 0);
}

static inline void stage_open(struct upgrade_stage *stage)
{
	stage_open_with(
		stage, &(struct upgrade_file_plan){
			       .manufacturer = 0x115f, .image_type = 0x4201, .version = 0x02000000, .payload = 1000 });
}

static inline void stage_close(struct upgrade_stage *stage)
{
	zigbee_upgrades_close(stage->upgrades);
	ck_assert_uint_eq(stage->image.references, 1);
}

static inline void stage_offer_at(struct upgrade_stage *stage, const char *node, struct offer_times times)
{
	const struct driver_offer offer = { node, &stage->image, times };

	ck_assert_int_eq(zigbee_upgrades_offer(stage->upgrades, &offer, stage->now_ms), 0);
}

static inline void stage_offer(struct upgrade_stage *stage, const char *node)
{
	stage_offer_at(stage, node, (struct offer_times){ 0 });
}

/* Node "n7" has the address 0x1007, "s…" sleeps. */
static inline struct zigbee_upgrade_peer stage_peer(const char *node)
{
	return (struct zigbee_upgrade_peer){ .node = node,
		.nwk = (uint16_t)(0x1000 + atoi(node + 1)),
		.profile = 0x0104,
		.endpoint = 1,
		.own_endpoint = 1,
		.sleeps = node[0] == 's' };
}

static inline void stage_hear(struct upgrade_stage *stage, const char *node, const void *data, size_t size)
{
	struct zigbee_upgrade_peer peer = stage_peer(node);
	struct zcl_frame frame;

	ck_assert_int_eq(zcl_frame_parse(&frame, data, size), 0);
	zigbee_upgrades_on_frame(stage->upgrades, &peer, &frame, stage->now_ms);
	stage_run(stage);
}

static inline void stage_hear_hex(struct upgrade_stage *stage, const char *node, const char *hex)
{
	struct frame_bytes frame = frame_bytes(hex);

	stage_hear(stage, node, frame.data, frame.size);
}

static inline void stage_ask(
	struct upgrade_stage *stage, const char *node, const struct zigbee_upgrade *message, uint8_t sequence)
{
	uint8_t data[128];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, message, sequence);
	ck_assert(!out.failed);
	stage_hear(stage, node, data, writer_size(&out));
}

static inline struct zigbee_upgrade_file stage_file(const struct upgrade_stage *stage)
{
	return (struct zigbee_upgrade_file){ stage->plan.manufacturer, stage->plan.image_type, stage->plan.version };
}

static inline void stage_ask_block(
	struct upgrade_stage *stage, const char *node, uint32_t offset, uint8_t most, uint8_t sequence)
{
	const struct zigbee_upgrade request = {
		.command = UPGRADE_BLOCK, .file = stage_file(stage), .offset = offset, .most = most
	};

	stage_ask(stage, node, &request, sequence);
}

static inline void stage_ask_next(struct upgrade_stage *stage, const char *node, uint32_t version)
{
	struct zigbee_upgrade request = { .command = UPGRADE_QUERY_NEXT, .file = stage_file(stage) };

	request.file.version = version;
	stage_ask(stage, node, &request, 1);
}

static inline void stage_say_end(struct upgrade_stage *stage, const char *node, uint8_t status)
{
	const struct zigbee_upgrade request = { .command = UPGRADE_END, .file = stage_file(stage), .status = status };

	stage_ask(stage, node, &request, 9);
}

/* The next frame that was sent and not looked at yet. */
static inline const struct upgrade_sent *stage_next(struct upgrade_stage *stage)
{
	ck_assert_msg(stage->seen < stage->sent_count, "nothing more was sent");
	return &stage->sent[stage->seen++];
}

static inline void stage_expect(struct upgrade_stage *stage, const char *hex)
{
	const struct upgrade_sent *sent = stage_next(stage);

	check_frame(sent->data, sent->size, hex);
}

static inline void stage_expect_silence(struct upgrade_stage *stage)
{
	ck_assert_uint_eq(stage->seen, stage->sent_count);
}

/* The next frame, a message of the cluster. */
static inline struct zigbee_upgrade stage_expect_command(struct upgrade_stage *stage, uint8_t command)
{
	const struct upgrade_sent *sent = stage_next(stage);
	struct zigbee_upgrade message;
	struct zcl_frame frame;

	ck_assert_int_eq(zcl_frame_parse(&frame, sent->data, sent->size), 0);
	ck_assert(!frame.is_global);
	ck_assert_int_eq(zigbee_upgrade_parse(&message, &frame), 0);
	ck_assert_uint_eq(message.command, command);
	return message;
}

/* The next frame: a block whose bytes are the file's. */
static inline struct zigbee_upgrade stage_expect_block(struct upgrade_stage *stage, uint32_t offset, size_t size)
{
	struct zigbee_upgrade message = stage_expect_command(stage, UPGRADE_BLOCK_RESPONSE);

	ck_assert_uint_eq(message.status, ZCL_SUCCESS);
	ck_assert_uint_eq(message.offset, offset);
	ck_assert_uint_eq(message.data.size, size);
	ck_assert_mem_eq(message.data.data, stage->file + stage->prefix + offset, size);
	return message;
}

static inline struct zigbee_upgrade stage_expect_wait(struct upgrade_stage *stage)
{
	struct zigbee_upgrade message = stage_expect_command(stage, UPGRADE_BLOCK_RESPONSE);

	ck_assert_uint_eq(message.status, ZCL_WAIT_FOR_DATA);
	ck_assert_uint_eq(message.current_s, 0);
	return message;
}

static inline void stage_expect_status(struct upgrade_stage *stage, uint8_t command, uint8_t status)
{
	ck_assert_uint_eq(stage_expect_command(stage, command).status, status);
}

static inline void stage_forget_sent(struct upgrade_stage *stage)
{
	stage->sent_count = stage->seen = 0;
}

#endif
