#include "drivers/coap_nodes.h"
#include "drivers/coap_server.h"
#include "drivers/image_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REPORTS_MAX 64

/* A gateway whose mood, and the time, follow from the input. */
struct world {
	int64_t now_ms;
	uint8_t mood;
	struct reading_report reports[REPORTS_MAX];
	size_t report_count;
	struct coap_nodes *nodes;
};

static struct world world;
static struct image_source image;

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	static const int results[] = { 0, 0, -EACCES, -ENOBUFS };

	answer->next_s = world.mood;
	if (world.mood & 4)
		(void)coap_nodes_offer(world.nodes,
			&(struct driver_offer){ contact->node, &image, { .fetch_until_ms = world.now_ms + 9 } });
	return results[world.mood & 3];
}

static void finish_reports(void)
{
	static const int results[] = { 0, -EALREADY, -EACCES, -ENOSPC };

	while (world.report_count > 0) {
		const struct reading_report *report = &world.reports[--world.report_count];
		report->done(report->context, results[world.mood & 3], world.mood);
	}
}

static void on_report(void *context, const struct reading_report *report)
{
	if (world.report_count == REPORTS_MAX)
		finish_reports();
	world.reports[world.report_count++] = *report;
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	if (progress->offset > image.size_bytes && !progress->said)
		abort();
}

static struct image_source *on_image(void *context, const char *name, const char *node)
{
	return name[0] == '0' ? &image : NULL;
}

static void on_replied(void *context, const struct command_reply *reply)
{
	if (!reply->result.data && reply->result.size > 0)
		abort();
}

static void on_event(void *context, enum driver_level level, const char *line)
{
}

static int read_image(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	if (offset + size > source->size_bytes)
		abort();
	memset(buffer, 'i', size);
	return world.mood & 8 ? -EAGAIN : (int)size;
}

static void destroy_image(struct image_source *source)
{
}

static bool may_speak(void *context, const char *node, bool proven)
{
	return proven || node[0] != '!';
}

static int64_t now_ms(void *context)
{
	return world.now_ms;
}

static int64_t wall_us(void *context)
{
	return 1700000000000000;
}

/* Whatever is sent must be a well-formed message. */
static void on_send(void *context, const struct coap_peer *peer, const void *data, size_t size)
{
	struct coap_message message;

	if (coap_message_parse(&message, data, size) < 0)
		abort();
}

/* The input is a row of steps: a mood, a peer, a size, and the datagram. */
static void play(struct coap_server *server, struct reader *in)
{
	while (reader_left(in) >= 3) {
		world.mood = read_u8(in);
		uint8_t from = read_u8(in);
		size_t size = read_u8(in);
		if (size > reader_left(in))
			size = reader_left(in);
		struct coap_arrival arrival = {
			.peer.port = from & 3,
			.identity = from & 4 ? "proven" : NULL,
			.data = read_bytes(in, size),
			.size = size,
			.cut = from & 8,
			.multicast = (from & 0x70) == 0x70,
		};
		coap_server_receive(server, &arrival);
		world.now_ms += world.mood * 20;
		coap_server_tick(server);
		if (world.mood & 16)
			finish_reports();
		if (world.mood & 32)
			coap_server_retry(server);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_source_ops ops = { read_image, destroy_image };
	const struct driver_host host = { NULL, on_contact, on_report, on_progress, on_image, on_event,
		.replied = on_replied };
	const struct coap_nodes_config config = {
		.host = &host,
		.nodes_max = 3,
		.szx = 6,
		.may_speak = may_speak,
		.monotonic_ms = now_ms,
		.wall_us = wall_us,
	};
	const struct coap_transport transport = { NULL, on_send, now_ms, false };
	struct coap_server *server;
	struct reader in;

	memset(&world, 0, sizeof(world));
	image = (struct image_source){ .ops = &ops, .references = 1, .size_bytes = 3000, .name = "0123456789abcdef" };
	if (coap_nodes_open(&world.nodes, &config) < 0 ||
		coap_server_open(&server, 4, &transport, coap_nodes_resources(world.nodes)) < 0)
		abort();
	reader_init(&in, data, size);
	play(server, &in);
	finish_reports();
	coap_server_close(server);
	coap_nodes_close(world.nodes);
	if (image.references != 1)
		abort();
	return 0;
}
