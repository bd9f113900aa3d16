#include "tests/sim/ncp/front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/zcl.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/coordinator.h"
#include "tests/sim/ncp/node_attributes.h"
#include "tests/sim/ncp/node_ota.h"
#include "tests/sim/ncp/ota_frames.h"

#define FRAME_HEAD 17 /* of a block response: ZCL 3, then 14 before the data */
#define IMAGE_VERSION_AT 14
#define PAGES_MAX 64
#define FULL_US (5 * AIR_MS)
#define HOME_AUTOMATION 0x0104

/* What a page request still wants. Free where there is no server. */
struct page {
	struct ideal *server;
	struct mesh_message to;
	uint8_t sequence, most;
	uint32_t offset, end;
	int64_t spacing_us;
};

/* A server of one image that takes no time at all, inside the stick: what a transfer takes then is the air's doing. */
struct ideal {
	struct front_site site;
	uint8_t *image;
	uint32_t size;
	struct page pages[PAGES_MAX];
};

static int send_frame(struct ideal *ideal, const struct mesh_message *to, const struct zcl_frame *frame)
{
	struct mesh_message message = *to;
	struct writer out;

	writer_init(&out, message.data, sizeof(message.data));
	zcl_frame_write(&out, frame);
	message.size = (uint8_t)writer_size(&out);
	return coordinator_send(ideal->site.coordinator, &message, 0);
}

static int send_answer(
	struct ideal *ideal, const struct mesh_message *to, uint8_t sequence, uint8_t command, struct bytes payload)
{
	struct zcl_frame frame = { .to_client = true,
		.no_default_response = true,
		.sequence = sequence,
		.command = command,
		.payload = payload };

	return send_frame(ideal, to, &frame);
}

/* Manufacturer, type and version, as they stand in the image. */
static void write_image(const struct ideal *ideal, struct writer *out)
{
	write_bytes(out, ideal->image + IMAGE_VERSION_AT - 4, 8);
}

static void answer_query(struct ideal *ideal, const struct mesh_message *to, uint8_t sequence)
{
	uint8_t room[16];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_u8(&out, ZCL_SUCCESS);
	write_image(ideal, &out);
	write_le32(&out, ideal->size);
	(void)send_answer(ideal, to, sequence, OTA_QUERY_RESPONSE, (struct bytes){ room, writer_size(&out) });
}

static void answer_end(struct ideal *ideal, const struct mesh_message *to, uint8_t sequence)
{
	uint8_t room[16];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_image(ideal, &out);
	write_le32(&out, 0);
	write_le32(&out, 0);
	(void)send_answer(ideal, to, sequence, OTA_END_RESPONSE, (struct bytes){ room, writer_size(&out) });
}

/* Bytes of a block at most, on the way to that node. */
static uint32_t block_room(const struct ideal *ideal, const struct mesh_message *to)
{
	struct coordinator *coordinator = ideal->site.coordinator;
	const struct node *node = coordinator_find(coordinator, to->target);
	unsigned relays = node && coordinator->mesh->source_routes ? mesh_depth(node) - 1 : 0;

	return MESH_ASDU_MAX - FRAME_HEAD - (relays ? 2 + 2 * relays : 0);
}

static int answer_block(
	struct ideal *ideal, const struct mesh_message *to, uint8_t sequence, uint32_t offset, uint32_t *most)
{
	uint8_t room[MESH_ASDU_MAX];
	struct writer out;
	uint32_t left = offset < ideal->size ? ideal->size - offset : 0;
	uint32_t limit = block_room(ideal, to);

	*most = *most < limit ? *most : limit;
	*most = *most < left ? *most : left;
	writer_init(&out, room, sizeof(room));
	write_u8(&out, ZCL_SUCCESS);
	write_image(ideal, &out);
	write_le32(&out, offset);
	write_u8(&out, (uint8_t)*most);
	write_bytes(&out, ideal->image + offset, *most);
	return send_answer(ideal, to, sequence, OTA_BLOCK_RESPONSE, (struct bytes){ room, writer_size(&out) });
}

static void on_page(void *context, uint64_t unused)
{
	struct page *page = context;
	struct ideal *ideal = page->server;
	uint32_t size = page->most < page->end - page->offset ? page->most : page->end - page->offset;
	int64_t again_us = page->spacing_us;

	(void)unused;
	if (answer_block(ideal, &page->to, page->sequence, page->offset, &size) == 0)
		page->offset += size;
	else
		again_us = FULL_US;
	if (size == 0 || page->offset >= page->end || page->offset >= ideal->size)
		page->server = NULL;
	else
		air_clock_after(ideal->site.clock, again_us, on_page, page, 0);
}

static void answer_page(struct ideal *ideal, const struct mesh_message *to, uint8_t sequence, struct reader *in)
{
	struct page page = { .server = ideal, .to = *to, .sequence = sequence, .offset = read_le32(in) };

	page.most = read_u8(in);
	page.end = page.offset + read_le16(in);
	page.spacing_us = read_le16(in) * AIR_MS;
	for (size_t i = 0; i < PAGES_MAX && !in->failed; i++) {
		if (ideal->pages[i].server)
			continue;
		ideal->pages[i] = page;
		on_page(&ideal->pages[i], 0);
		return;
	}
}

static void on_received(void *context, const struct node *from, const struct mesh_message *message)
{
	struct ideal *ideal = context;
	struct zcl_frame frame;
	struct reader in;
	struct mesh_message to = { .target = message->source,
		.profile = HOME_AUTOMATION,
		.cluster = CLUSTER_OTA,
		.source_endpoint = 1,
		.target_endpoint = message->source_endpoint };

	(void)from;
	if (message->cluster != CLUSTER_OTA || zcl_frame_parse(&frame, message->data, message->size) < 0 ||
		frame.is_global)
		return;
	reader_init(&in, frame.payload.data, frame.payload.size);
	(void)read_bytes(&in, 9);
	if (frame.command == OTA_QUERY)
		answer_query(ideal, &to, frame.sequence);
	else if (frame.command == OTA_END)
		answer_end(ideal, &to, frame.sequence);
	else if (frame.command == OTA_PAGE)
		answer_page(ideal, &to, frame.sequence, &in);
	else if (frame.command == OTA_BLOCK) {
		uint32_t offset = read_le32(&in), most = read_u8(&in);
		if (!in.failed)
			(void)answer_block(ideal, &to, frame.sequence, offset, &most);
	}
}

static void on_sent(void *context, uint64_t tag, enum mesh_outcome outcome)
{
	(void)context;
	(void)tag;
	(void)outcome;
}

static void on_member(void *context, const struct node *node)
{
	(void)context;
	(void)node;
}

static void power(void *front)
{
	struct ideal *ideal = front;
	struct coordinator_network network = { .eui64 = ideal->site.eui64, .pan = 0x1a62, .channel = 15 };

	coordinator_start(ideal->site.coordinator, &network);
}

static void take(void *front, struct bytes in)
{
	(void)front;
	(void)in;
}

static bool misbehave(void *front, const char *what, uint32_t times)
{
	(void)front;
	(void)what;
	(void)times;
	return false;
}

static void close_server(void *front)
{
	struct ideal *ideal = front;

	if (!ideal)
		return;
	free(ideal->image);
	free(ideal);
}

static int read_image(struct ideal *ideal, const char *path)
{
	FILE *file = path ? fopen(path, "rb") : NULL;

	if (!file)
		return path ? -errno : -EINVAL;
	ideal->image = malloc(NODE_OTA_IMAGE_MAX);
	if (ideal->image)
		ideal->size = (uint32_t)fread(ideal->image, 1, NODE_OTA_IMAGE_MAX, file);
	fclose(file);
	return ideal->size > FRAME_HEAD ? 0 : -EBADMSG;
}

static int open_server(void **out, const struct front_site *site)
{
	struct ideal *ideal = calloc(1, sizeof(*ideal));

	if (!ideal)
		return -ENOMEM;
	ideal->site = *site;
	int result = read_image(ideal, site->image);
	if (result < 0) {
		close_server(ideal);
		return result;
	}
	site->coordinator->host = (struct coordinator_host){ ideal, on_received, on_sent, on_member, on_member };
	*out = ideal;
	power(ideal);
	return 0;
}

const struct front_ops front_ideal = {
	.name = "ideal",
	.open = open_server,
	.take = take,
	.power = power,
	.misbehave = misbehave,
	.close = close_server,
};
