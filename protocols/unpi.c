#include "protocols/unpi.h"

#include <errno.h>
#include <string.h>

#define START 0xfe
#define HEAD_SIZE 4 /* start, length, command */
#define TYPE_SHIFT 13
#define TYPE_MASK 0xe000

enum unpi_type unpi_type(uint16_t command)
{
	return (enum unpi_type)(command >> TYPE_SHIFT);
}

uint16_t unpi_response(uint16_t request)
{
	return (uint16_t)((request & ~TYPE_MASK) | UNPI_SRSP << TYPE_SHIFT);
}

static uint8_t checksum(const uint8_t *data, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum ^= data[i];
	return sum;
}

void unpi_frame_write(struct writer *out, const struct unpi_frame *frame)
{
	if (frame->data.size > UNPI_DATA_MAX) {
		out->failed = true;
		return;
	}
	write_u8(out, START);
	const uint8_t *summed = out->at;
	write_u8(out, (uint8_t)frame->data.size);
	write_be16(out, frame->command);
	write_bytes(out, frame->data.data, frame->data.size);
	if (!out->failed)
		write_u8(out, checksum(summed, (size_t)(out->at - summed)));
}

void unpi_parser_init(struct unpi_parser *parser)
{
	parser->size = parser->used = 0;
	parser->skipped = 0;
}

static void drop(struct unpi_parser *parser, size_t count)
{
	parser->size -= count;
	memmove(parser->buffer, parser->buffer + count, parser->size);
}

/* What is held begins with a start byte, or nothing is held. */
static void seek_start(struct unpi_parser *parser, size_t from)
{
	size_t at = from;

	while (at < parser->size && parser->buffer[at] != START)
		at++;
	parser->skipped += (uint32_t)at;
	drop(parser, at);
}

/* Bytes that the frame at the front still lacks; drops what cannot become one. */
static size_t missing(struct unpi_parser *parser)
{
	for (seek_start(parser, 0);; seek_start(parser, 1)) {
		if (parser->size < 2)
			return 2 - parser->size;
		size_t size = parser->buffer[1];
		if (size > UNPI_DATA_MAX)
			continue;
		size += HEAD_SIZE + 1;
		if (parser->size < size)
			return size - parser->size;
		if (checksum(parser->buffer + 1, size - 2) == parser->buffer[size - 1])
			return 0;
	}
}

static void fill(struct unpi_parser *parser, struct bytes *in, size_t wanted)
{
	size_t count = in->size < wanted ? in->size : wanted;

	memcpy(parser->buffer + parser->size, in->data, count);
	parser->size += count;
	in->data += count;
	in->size -= count;
}

int unpi_parser_take(struct unpi_parser *parser, struct bytes *in, struct unpi_frame *out)
{
	size_t wanted;

	drop(parser, parser->used);
	parser->used = 0;
	while ((wanted = missing(parser)) > 0) {
		if (in->size == 0)
			return -EAGAIN;
		fill(parser, in, wanted);
	}
	size_t size = parser->buffer[1];
	out->command = (uint16_t)(parser->buffer[2] << 8 | parser->buffer[3]);
	out->data = (struct bytes){ parser->buffer + HEAD_SIZE, size };
	parser->used = size + HEAD_SIZE + 1;
	return 0;
}
