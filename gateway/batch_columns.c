#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/batch.h"
#include "gateway/batch_form.h"
#include "gateway/general.h"
#include "gateway/telemetry_settings.h"
#include "protocols/columns.h"

#define HEAD_MAX (2 + GENERAL_ID_MAX + 3 * 10)

struct batch_form {
	const char *gateway;
	size_t bytes;
	uint8_t *buffer;
	void *memory; /* of the writer */
	struct columns_writer *columns;
};

static void begin(struct batch_form *form)
{
	columns_begin(form->columns);
}

static void close_form(struct batch_form *form)
{
	if (!form)
		return;
	free(form->buffer);
	free(form->memory);
	free(form);
}

static int open_form(struct batch_form **out, const struct batch_options *options)
{
	struct columns_limits limits = { BATCH_COUNT_MAX, options->bytes, options->bytes - HEAD_MAX };
	struct batch_form *form = calloc(1, sizeof(*form));

	if (!form)
		return -ENOMEM;
	if (limits.text_bytes > COLUMNS_TEXT_BYTES_MAX)
		limits.text_bytes = COLUMNS_TEXT_BYTES_MAX;
	form->gateway = options->gateway;
	form->bytes = options->bytes;
	form->buffer = malloc(options->bytes);
	form->memory = malloc(columns_writer_memory(&limits));
	if (!form->buffer || !form->memory) {
		close_form(form);
		return -ENOMEM;
	}
	form->columns = columns_writer_init(form->memory, &limits);
	*out = form;
	return 0;
}

static int add(struct batch_form *form, const struct segment_entry *entry)
{
	return columns_add(form->columns, entry);
}

static struct span finish(
	struct batch_form *form, const struct batch_label *label, size_t count, struct uplink_message *out)
{
	size_t gateway_size = strlen(form->gateway);
	struct writer writer;

	writer_init(&writer, form->buffer, form->bytes);
	write_u8(&writer, BATCH_COLUMNS_MAGIC);
	write_varint(&writer, gateway_size);
	write_bytes(&writer, form->gateway, gateway_size);
	write_varint(&writer, label->boot);
	write_varint(&writer, label->first);
	write_varint(&writer, label->first + count - 1);
	columns_write(form->columns, &writer);
	assert(!writer.failed);
	return (struct span){ (const char *)form->buffer, writer_size(&writer) };
}

const struct batch_form_ops batch_columns = {
	.content_type = "application/vnd.wakegate.columns",
	.content_type_zstd = "application/vnd.wakegate.columns;encoding=zstd",
	.zstd_level = 13, /* a twelfth of the bytes of JSON: it takes no longer than that at level 3 */
	.open = open_form,
	.close = close_form,
	.begin = begin,
	.add = add,
	.finish = finish,
};
