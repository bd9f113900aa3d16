/*
 * fuzz_unpi: a stream of bytes, also in pieces; each frame found must come back the same when written, wherever the
 * stream was cut.
 */
#include "protocols/unpi.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t check(const struct unpi_frame *frame)
{
	uint8_t wire[UNPI_FRAME_MAX];
	struct unpi_parser parser;
	struct unpi_frame back;
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	unpi_frame_write(&out, frame);
	struct bytes in = { wire, writer_size(&out) };
	unpi_parser_init(&parser);
	if (out.failed || unpi_parser_take(&parser, &in, &back) != 0 || back.command != frame->command ||
		back.data.size != frame->data.size ||
		(frame->data.size > 0 && memcmp(back.data.data, frame->data.data, frame->data.size) != 0))
		abort();
	return frame->command;
}

/* A number that follows from the frames found. */
static uint32_t read_stream(const uint8_t *data, size_t size, size_t piece)
{
	struct unpi_parser parser;
	struct unpi_frame frame;
	uint32_t found = 1;

	unpi_parser_init(&parser);
	for (size_t at = 0; at < size; at += piece) {
		struct bytes in = { data + at, size - at < piece ? size - at : piece };
		while (unpi_parser_take(&parser, &in, &frame) == 0)
			found = found * 31 + check(&frame);
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t found = read_stream(data, size, size ? size : 1);

	if (read_stream(data, size, 1) != found || read_stream(data, size, 7) != found)
		abort();
	return 0;
}
