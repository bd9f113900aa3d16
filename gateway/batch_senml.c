#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/batch.h"
#include "gateway/batch_form.h"
#include "gateway/batch_record.h"
#include "gateway/general.h"
#include "protocols/segment.h"
#include "protocols/senml.h"

#define TAIL_ROOM 16
#define PREFIX_MAX (NODE_ID_MAX + 1)

struct batch_form {
	enum token_format format;
	size_t bytes;
	uint8_t *buffer;
	struct writer out;
	struct senml_writer senml;
	/* The prefix that the SenML writer last wrote and room for another. */
	char prefixes[2][PREFIX_MAX];
	struct span prefix;
	char base_name[GENERAL_ID_MAX + 2];
};

/*
 * The records go behind room for what stands before them, which is known last. The array's head is written there for
 * the writer's sake: one byte in both formats, which finish() writes over.
 */
static void begin(struct batch_form *form)
{
	writer_init(&form->out, form->buffer + BATCH_RECORD_MAX, form->bytes - BATCH_RECORD_MAX);
	senml_writer_init(&form->senml, form->format, &form->out);
	token_array(&form->senml.tokens, 0);
	form->prefix = (struct span){ 0 };
}

static void close_form(struct batch_form *form)
{
	if (!form)
		return;
	free(form->buffer);
	free(form);
}

static int open_form(struct batch_form **out, const struct batch_options *options, enum token_format format)
{
	struct batch_form *form = calloc(1, sizeof(*form));

	if (!form)
		return -ENOMEM;
	form->format = format;
	form->bytes = options->bytes;
	form->buffer = malloc(options->bytes + TAIL_ROOM);
	if (!form->buffer) {
		close_form(form);
		return -ENOMEM;
	}
	snprintf(form->base_name, sizeof(form->base_name), "%s/", options->gateway);
	begin(form);
	*out = form;
	return 0;
}

static int open_json(struct batch_form **out, const struct batch_options *options)
{
	return open_form(out, options, FORMAT_JSON);
}

static int open_cbor(struct batch_form **out, const struct batch_options *options)
{
	return open_form(out, options, FORMAT_CBOR);
}

/* NODE/ in the one of the two places that the SenML writer does not refer to. */
static struct span node_prefix(struct batch_form *form, struct span node)
{
	char *place = form->prefixes[form->prefix.data == form->prefixes[0]];

	assert(node.size < PREFIX_MAX);
	if (form->prefix.size == node.size + 1 && memcmp(form->prefix.data, node.data, node.size) == 0)
		return form->prefix;
	memcpy(place, node.data, node.size);
	place[node.size] = '/';
	return (struct span){ place, node.size + 1 };
}

static int add(struct batch_form *form, const struct segment_entry *entry)
{
	struct writer out = form->out;
	struct senml_writer senml = form->senml;
	struct span prefix = node_prefix(form, entry->node);
	struct reading reading = entry->reading;

	if (!reading.has_time) {
		reading.has_time = true;
		reading.time_us = entry->received_ms * 1000;
	}
	senml_write_reading(&form->senml, prefix, &reading);
	if (form->out.failed) {
		form->out = out;
		form->senml = senml;
		return -ENOBUFS;
	}
	form->prefix = prefix;
	return 0;
}

/* Puts the array's head and the first record right before the other records; where the message begins. */
static const uint8_t *write_head(struct batch_form *form, const char *label, size_t count)
{
	uint8_t head[BATCH_RECORD_MAX];
	struct token_writer tokens;
	struct writer out;

	writer_init(&out, head, sizeof(head));
	token_writer_init(&tokens, form->format, &out);
	token_array(&tokens, count + 1);
	batch_record_write(&tokens, form->base_name, "batch", label);
	if (form->format == FORMAT_JSON)
		write_u8(&out, ',');
	assert(!out.failed);
	uint8_t *start = form->buffer + BATCH_RECORD_MAX + 1 - writer_size(&out);
	memcpy(start, head, writer_size(&out));
	return start;
}

static struct span finish(
	struct batch_form *form, const struct batch_label *label, size_t count, struct uplink_message *out)
{
	char text[96];

	snprintf(text, sizeof(text), "boot=%u first=%llu last=%llu", label->boot, (unsigned long long)label->first,
		(unsigned long long)(label->first + count - 1));
	form->out.end += TAIL_ROOM;
	token_close(&form->senml.tokens);
	const uint8_t *start = write_head(form, text, count);
	return (struct span){ (const char *)start, (size_t)(form->out.at - start) };
}

const struct batch_form_ops batch_json = {
	.content_type = "application/senml+json",
	.content_type_zstd = "application/senml+json;encoding=zstd",
	.zstd_level = 3,
	.open = open_json,
	.close = close_form,
	.begin = begin,
	.add = add,
	.finish = finish,
};

const struct batch_form_ops batch_cbor = {
	.content_type = "application/senml+cbor",
	.content_type_zstd = "application/senml+cbor;encoding=zstd",
	.zstd_level = 3,
	.open = open_cbor,
	.close = close_form,
	.begin = begin,
	.add = add,
	.finish = finish,
};
