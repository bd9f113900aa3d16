#include "gateway/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "drivers/uplink.h"
#include "gateway/batch_form.h"
#include "gateway/batch_record.h"
#include "gateway/gaps.h"
#include "gateway/general.h"
#include "gateway/telemetry_settings.h"

struct batch {
	struct batch_options options;
	const struct batch_form_ops *ops;
	struct batch_form *form;
	size_t count;
	uint8_t *gaps; /* a message of gaps */
	uint8_t *packed;
	size_t packed_room;
	ZSTD_CCtx *context;
};

static const struct batch_form_ops *const forms[] = {
	[BATCH_JSON] = &batch_json,
	[BATCH_CBOR] = &batch_cbor,
	[BATCH_COLUMNS] = &batch_columns,
	[BATCH_SPARKPLUG] = &batch_sparkplug,
};

static int open_compressor(struct batch *batch, size_t largest)
{
	if (batch->options.compression == BATCH_PLAIN)
		return 0;
	batch->packed_room = ZSTD_compressBound(largest);
	batch->packed = malloc(batch->packed_room);
	batch->context = ZSTD_createCCtx();
	return batch->packed && batch->context ? 0 : -ENOMEM;
}

static int open_parts(struct batch *batch)
{
	size_t gap_bytes = batch_record_gaps_bound(GAPS_MAX);
	size_t bytes = batch->options.bytes;

	batch->ops = forms[batch->options.format];
	batch->gaps = malloc(gap_bytes);
	if (!batch->gaps || batch->ops->open(&batch->form, &batch->options) < 0)
		return -ENOMEM;
	return open_compressor(batch, bytes > gap_bytes ? bytes : gap_bytes);
}

int batch_open(struct batch **out, const struct batch_options *options)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return -ENOMEM;
	batch->options = *options;
	if (open_parts(batch) < 0) {
		batch_close(batch);
		return -ENOMEM;
	}
	*out = batch;
	return 0;
}

void batch_close(struct batch *batch)
{
	if (!batch)
		return;
	if (batch->form)
		batch->ops->close(batch->form);
	free(batch->gaps);
	free(batch->packed);
	ZSTD_freeCCtx(batch->context);
	free(batch);
}

void batch_begin(struct batch *batch)
{
	batch->ops->begin(batch->form);
	batch->count = 0;
}

void batch_mark_historical(struct batch *batch)
{
	if (batch->ops->mark_historical)
		batch->ops->mark_historical(batch->form);
}

size_t batch_count(const struct batch *batch)
{
	return batch->count;
}

int batch_add(struct batch *batch, const struct segment_entry *entry)
{
	int result = batch->ops->add(batch->form, entry);

	batch->count += result == 0;
	return result;
}

static void deliver(
	struct batch *batch, const struct batch_form_ops *ops, struct span message, struct uplink_message *out)
{
	out->payload = message.data;
	out->size = message.size;
	out->content_type = ops->content_type;
	if (batch->options.compression == BATCH_PLAIN)
		return;
	size_t packed = ZSTD_compressCCtx(
		batch->context, batch->packed, batch->packed_room, message.data, message.size, ops->zstd_level);
	assert(!ZSTD_isError(packed));
	out->payload = batch->packed;
	out->size = packed;
	out->content_type = ops->content_type_zstd;
}

int batch_announce(struct batch *batch)
{
	return batch->ops->announce ? batch->ops->announce(batch->form) : 0;
}

void batch_finish(struct batch *batch, const struct batch_label *label, struct uplink_message *out)
{
	assert(batch->count > 0);
	deliver(batch, batch->ops, batch->ops->finish(batch->form, label, batch->count, out), out);
}

void batch_sent(struct batch *batch)
{
	if (batch->ops->sent)
		batch->ops->sent(batch->form);
}

/* SenML says gaps in every format. */
void batch_write_gaps(struct batch *batch, const struct gap *gaps, size_t count, struct uplink_message *out)
{
	const struct batch_form_ops *ops = batch->ops == &batch_cbor ? &batch_cbor : &batch_json;
	char base_name[GENERAL_ID_MAX + 2];
	struct token_writer tokens;
	struct writer writer;

	snprintf(base_name, sizeof(base_name), "%s/", batch->options.gateway);
	writer_init(&writer, batch->gaps, batch_record_gaps_bound(GAPS_MAX));
	token_writer_init(&tokens, ops == &batch_cbor ? FORMAT_CBOR : FORMAT_JSON, &writer);
	batch_record_write_gaps(&tokens, base_name, gaps, count);
	assert(!writer.failed);
	deliver(batch, ops, (struct span){ (const char *)batch->gaps, writer_size(&writer) }, out);
}
