/*
 * fuzz_ash: a stream of bytes, also in pieces; each frame found must come back the same when written, wherever the
 * stream was cut.
 */
#include "protocols/ash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t check(const struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct ash_parser parser;
	struct ash_frame back;
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	struct bytes in = { wire, writer_size(&out) };
	ash_parser_init(&parser);
	if (out.failed || ash_parser_take(&parser, &in, &back) != 0 || in.size != 0 || back.kind != frame->kind ||
		back.number != frame->number || back.acknowledged != frame->acknowledged ||
		back.repeated != frame->repeated || back.not_ready != frame->not_ready ||
		back.version != frame->version || back.code != frame->code || back.data.size != frame->data.size ||
		(frame->data.size > 0 && memcmp(back.data.data, frame->data.data, frame->data.size) != 0))
		abort();
	return (uint32_t)frame->kind << 8 | frame->number;
}

/* A number that follows from the frames found. */
static uint32_t read_stream(const uint8_t *data, size_t size, size_t piece)
{
	struct ash_parser parser;
	struct ash_frame frame;
	uint32_t found = 1;
	int result;

	ash_parser_init(&parser);
	for (size_t at = 0; at < size; at += piece) {
		struct bytes in = { data + at, size - at < piece ? size - at : piece };
		while ((result = ash_parser_take(&parser, &in, &frame)) != -EAGAIN)
			found = found * 31 + (result == 0 ? check(&frame) : 1);
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
