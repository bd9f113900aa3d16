#include "gateway/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "drivers/driver.h"
#include "drivers/uplink.h"
#include "gateway/gaps.h"
#include "gateway/general.h"
#include "gateway/telemetry_settings.h"
#include "protocols/segment.h"
#include "protocols/senml.h"

#define LEVEL 3
#define HEAD_ROOM 640 /* before the records: the array's head and the record that names the batch */
#define TAIL_ROOM 16
#define GAP_RECORD_MAX 256
#define PREFIX_MAX (NODE_ID_MAX + 1)

struct batch {
	struct batch_options options;
	enum token_format format;
	uint8_t *buffer, *packed;
	size_t packed_room;
	ZSTD_CCtx *context;
	struct writer out;
	struct senml_writer senml;
	size_t count;
	/* The prefix that the SenML writer last wrote and room for another. */
	char prefixes[2][PREFIX_MAX];
	struct span prefix;
	char base_name[GENERAL_ID_MAX + 2];
};

static const char *const content_types[2][2] = {
	[BATCH_JSON] = { "application/senml+json", "application/senml+json;encoding=zstd" },
	[BATCH_CBOR] = { "application/senml+cbor", "application/senml+cbor;encoding=zstd" },
};

static int open_buffers(struct batch *batch)
{
	size_t bytes = HEAD_ROOM + batch->options.bytes + TAIL_ROOM;
	size_t gap_bytes = HEAD_ROOM + GAPS_MAX * GAP_RECORD_MAX + TAIL_ROOM;

	if (bytes < gap_bytes)
		bytes = gap_bytes;
	batch->buffer = malloc(bytes);
	if (!batch->buffer)
		return -ENOMEM;
	if (batch->options.compression == BATCH_PLAIN)
		return 0;
	batch->packed_room = ZSTD_compressBound(bytes);
	batch->packed = malloc(batch->packed_room);
	batch->context = ZSTD_createCCtx();
	return batch->packed && batch->context ? 0 : -ENOMEM;
}

int batch_open(struct batch **out, const struct batch_options *options)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return -ENOMEM;
	batch->options = *options;
	batch->format = options->format == BATCH_JSON ? FORMAT_JSON : FORMAT_CBOR;
	snprintf(batch->base_name, sizeof(batch->base_name), "%s/", options->gateway);
	if (open_buffers(batch) < 0) {
		batch_close(batch);
		return -ENOMEM;
	}
	batch_begin(batch);
	*out = batch;
	return 0;
}

void batch_close(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->buffer);
	free(batch->packed);
	ZSTD_freeCCtx(batch->context);
	free(batch);
}

/*
 * The records go behind HEAD_ROOM, because what stands before them is known last. The array's head is written there
 * for the writer's sake: one byte in both formats, which batch_finish() writes over.
 */
void batch_begin(struct batch *batch)
{
	writer_init(&batch->out, batch->buffer + HEAD_ROOM, batch->options.bytes - HEAD_ROOM);
	senml_writer_init(&batch->senml, batch->format, &batch->out);
	token_array(&batch->senml.tokens, 0);
	batch->count = 0;
	batch->prefix = (struct span){ 0 };
}

size_t batch_count(const struct batch *batch)
{
	return batch->count;
}

/* NODE/ in the one of the two places that the SenML writer does not refer to. */
static struct span node_prefix(struct batch *batch, struct span node)
{
	char *place = batch->prefixes[batch->prefix.data == batch->prefixes[0]];

	assert(node.size < PREFIX_MAX);
	if (batch->prefix.size == node.size + 1 && memcmp(batch->prefix.data, node.data, node.size) == 0)
		return batch->prefix;
	memcpy(place, node.data, node.size);
	place[node.size] = '/';
	return (struct span){ place, node.size + 1 };
}

int batch_add(struct batch *batch, const struct segment_entry *entry)
{
	struct writer out = batch->out;
	struct senml_writer senml = batch->senml;
	struct span prefix = node_prefix(batch, entry->node);
	struct reading reading = entry->reading;

	if (!reading.has_time) {
		reading.has_time = true;
		reading.time_us = entry->received_ms * 1000;
	}
	senml_write_reading(&batch->senml, prefix, &reading);
	if (batch->out.failed) {
		batch->out = out;
		batch->senml = senml;
		return -ENOBUFS;
	}
	batch->prefix = prefix;
	batch->count++;
	return 0;
}

static void write_label(struct token_writer *tokens, const char *base_name, const char *name, const char *value)
{
	static const struct {
		const char *name;
		int8_t label;
	} keys[] = { { "bn", -2 }, { "n", 0 }, { "vs", 3 } };
	const char *values[] = { base_name, name, value };
	size_t from = base_name ? 0 : 1;

	token_map(tokens, 3 - from);
	for (size_t i = from; i < 3; i++) {
		if (tokens->format == FORMAT_CBOR)
			token_integer(tokens, keys[i].label);
		else
			token_string(tokens, keys[i].name);
		token_string(tokens, values[i]);
	}
	token_close(tokens);
}

/* Puts the array's head and the first record right before the other records; where the message begins. */
static const uint8_t *write_head(struct batch *batch, const char *label)
{
	uint8_t head[HEAD_ROOM];
	struct token_writer tokens;
	struct writer out;

	writer_init(&out, head, sizeof(head));
	token_writer_init(&tokens, batch->format, &out);
	token_array(&tokens, batch->count + 1);
	write_label(&tokens, batch->base_name, "batch", label);
	if (batch->format == FORMAT_JSON)
		write_u8(&out, ',');
	assert(!out.failed);
	uint8_t *start = batch->buffer + HEAD_ROOM + 1 - writer_size(&out);
	memcpy(start, head, writer_size(&out));
	return start;
}

static void deliver(struct batch *batch, const uint8_t *start, struct uplink_message *out)
{
	size_t size = (size_t)(batch->out.at - start);

	out->payload = start;
	out->size = size;
	if (batch->options.compression == BATCH_ZSTD) {
		size_t packed =
			ZSTD_compressCCtx(batch->context, batch->packed, batch->packed_room, start, size, LEVEL);
		assert(!ZSTD_isError(packed));
		out->payload = batch->packed;
		out->size = packed;
	}
	out->content_type = content_types[batch->options.format][batch->options.compression];
}

void batch_finish(struct batch *batch, const struct batch_label *label, struct uplink_message *out)
{
	char text[96];

	assert(batch->count > 0);
	snprintf(text, sizeof(text), "boot=%u first=%llu last=%llu", label->boot, (unsigned long long)label->first,
		(unsigned long long)(label->first + batch->count - 1));
	batch->out.end += TAIL_ROOM;
	token_close(&batch->senml.tokens);
	deliver(batch, write_head(batch, text), out);
}

void batch_write_gaps(struct batch *batch, const struct gap *gaps, size_t count, struct uplink_message *out)
{
	struct token_writer tokens;

	writer_init(&batch->out, batch->buffer, HEAD_ROOM + GAPS_MAX * GAP_RECORD_MAX);
	token_writer_init(&tokens, batch->format, &batch->out);
	token_array(&tokens, count);
	for (size_t i = 0; i < count; i++) {
		char text[128];

		snprintf(text, sizeof(text), "first=%llu last=%llu lost=%llu reason=%s",
			(unsigned long long)gaps[i].first, (unsigned long long)gaps[i].last,
			(unsigned long long)gaps[i].lost, gap_reason_name(gaps[i].reason));
		write_label(&tokens, i == 0 ? batch->base_name : NULL, "gap", text);
	}
	token_close(&tokens);
	assert(!batch->out.failed);
	deliver(batch, batch->buffer, out);
}
