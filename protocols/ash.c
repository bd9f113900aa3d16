#include "protocols/ash.h"

#include <errno.h>
#include <string.h>

#define FLAG 0x7e
#define ESCAPE 0x7d
#define XON 0x11
#define XOFF 0x13
#define SUBSTITUTE 0x18 /* a UART puts it where it received a byte badly */
#define CANCEL 0x1a
#define ESCAPED_BIT 0x20

#define CONTROL_RST 0xc0
#define CONTROL_RSTACK 0xc1
#define CONTROL_ERROR 0xc2
#define CONTROL_ACK 0x80 /* 100pNaaa; NAK has one bit more: 101pNaaa */
#define CONTROL_NAK 0xa0
#define KIND_MASK 0xe0
#define REPEATED_BIT 0x08
#define NOT_READY_BIT 0x08
#define NUMBER_MASK (ASH_NUMBERS - 1)
#define CRC_SIZE 2

/* UG101, section 4.3: the data are XORed with this, from the start in each frame. */
static void randomise(uint8_t *data, size_t size)
{
	uint8_t noise = 0x42;

	for (size_t i = 0; i < size; i++) {
		data[i] ^= noise;
		noise = (uint8_t)(noise >> 1 ^ (noise & 1 ? 0xb8 : 0));
	}
}

static uint16_t checksum(const uint8_t *data, size_t size)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < size; i++) {
		crc = (uint16_t)(crc ^ data[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
	}
	return crc;
}

/* ---- writing ---- */

static uint8_t control_byte(const struct ash_frame *frame)
{
	unsigned next = frame->acknowledged & NUMBER_MASK;
	unsigned flag = frame->not_ready ? NOT_READY_BIT : 0;

	switch (frame->kind) {
	case ASH_DATA:
		return (uint8_t)((frame->number & NUMBER_MASK) << 4 | (frame->repeated ? REPEATED_BIT : 0) | next);
	case ASH_ACK:
		return (uint8_t)(CONTROL_ACK | flag | next);
	case ASH_NAK:
		return (uint8_t)(CONTROL_NAK | flag | next);
	case ASH_RST:
		return CONTROL_RST;
	case ASH_RSTACK:
		return CONTROL_RSTACK;
	case ASH_ERROR:
		return CONTROL_ERROR;
	}
	return CONTROL_ERROR;
}

static bool is_reserved(uint8_t byte)
{
	return byte == FLAG || byte == ESCAPE || byte == XON || byte == XOFF || byte == SUBSTITUTE || byte == CANCEL;
}

static void write_escaped(struct writer *out, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (is_reserved(data[i])) {
			write_u8(out, ESCAPE);
			write_u8(out, data[i] ^ ESCAPED_BIT);
		} else {
			write_u8(out, data[i]);
		}
	}
}

static void write_plain(struct writer *out, const struct ash_frame *frame)
{
	write_u8(out, control_byte(frame));
	if (frame->kind == ASH_DATA) {
		uint8_t *data = out->at;
		if (frame->data.size < ASH_DATA_MIN || frame->data.size > ASH_DATA_MAX)
			out->failed = true;
		write_bytes(out, frame->data.data, frame->data.size);
		if (!out->failed)
			randomise(data, frame->data.size);
	}
	if (frame->kind == ASH_RSTACK || frame->kind == ASH_ERROR) {
		write_u8(out, frame->version);
		write_u8(out, frame->code);
	}
}

void ash_frame_write(struct writer *out, const struct ash_frame *frame)
{
	uint8_t plain[ASH_FRAME_MAX];
	struct writer body;

	writer_init(&body, plain, sizeof(plain));
	write_plain(&body, frame);
	write_be16(&body, checksum(plain, writer_size(&body)));
	if (body.failed) {
		out->failed = true;
		return;
	}
	if (frame->kind == ASH_RST || frame->kind == ASH_RSTACK || frame->kind == ASH_ERROR)
		write_u8(out, CANCEL);
	write_escaped(out, plain, writer_size(&body));
	write_u8(out, FLAG);
}

/* ---- reading ---- */

void ash_parser_init(struct ash_parser *parser)
{
	parser->size = 0;
	parser->escaped = parser->spoilt = false;
}

static int parse_data(struct ash_frame *frame, uint8_t control, struct bytes body, uint8_t *clear)
{
	if (body.size < ASH_DATA_MIN)
		return -EBADMSG;
	randomise(clear, body.size);
	frame->kind = ASH_DATA;
	frame->number = control >> 4;
	frame->repeated = control & REPEATED_BIT;
	frame->acknowledged = control & NUMBER_MASK;
	frame->data = body;
	return 0;
}

static int parse_reset(struct ash_frame *frame, uint8_t control, struct bytes body)
{
	if (control == CONTROL_RST && body.size == 0) {
		frame->kind = ASH_RST;
		return 0;
	}
	if ((control != CONTROL_RSTACK && control != CONTROL_ERROR) || body.size != 2)
		return -EBADMSG;
	frame->kind = control == CONTROL_RSTACK ? ASH_RSTACK : ASH_ERROR;
	frame->version = body.data[0];
	frame->code = body.data[1];
	return 0;
}

static int parse_acknowledgement(struct ash_frame *frame, uint8_t control, struct bytes body)
{
	if (body.size != 0)
		return -EBADMSG;
	frame->kind = (control & KIND_MASK) == CONTROL_ACK ? ASH_ACK : ASH_NAK;
	frame->not_ready = control & NOT_READY_BIT;
	frame->acknowledged = control & NUMBER_MASK;
	return 0;
}

static int parse_frame(struct ash_frame *out, uint8_t *data, size_t size)
{
	struct ash_frame frame = { 0 };
	int result;

	if (size < 1 + CRC_SIZE)
		return -EBADMSG;
	size -= CRC_SIZE;
	if (checksum(data, size) != (data[size] << 8 | data[size + 1]))
		return -EBADMSG;
	struct bytes body = { data + 1, size - 1 };
	if (!(data[0] & 0x80))
		result = parse_data(&frame, data[0], body, data + 1);
	else if (data[0] < CONTROL_RST)
		result = parse_acknowledgement(&frame, data[0], body);
	else
		result = parse_reset(&frame, data[0], body);
	if (result == 0)
		*out = frame;
	return result;
}

/* A flag was read. Flags without anything between them are how a quiet line looks. */
static int end_frame(struct ash_parser *parser, struct ash_frame *out)
{
	size_t size = parser->size;
	bool spoilt = parser->spoilt || parser->escaped;

	ash_parser_init(parser);
	if (spoilt)
		return -EBADMSG;
	return size == 0 ? -EAGAIN : parse_frame(out, parser->buffer, size);
}

static void take_byte(struct ash_parser *parser, uint8_t byte)
{
	if (parser->spoilt)
		return;
	if (byte == ESCAPE) {
		parser->escaped = true;
		return;
	}
	if (parser->size == sizeof(parser->buffer)) {
		parser->spoilt = true;
		return;
	}
	parser->buffer[parser->size++] = parser->escaped ? byte ^ ESCAPED_BIT : byte;
	parser->escaped = false;
}

int ash_parser_take(struct ash_parser *parser, struct bytes *in, struct ash_frame *out)
{
	while (in->size > 0) {
		uint8_t byte = *in->data++;
		in->size--;
		if (byte == FLAG) {
			int result = end_frame(parser, out);
			if (result != -EAGAIN)
				return result;
		} else if (byte == CANCEL) {
			ash_parser_init(parser);
		} else if (byte == SUBSTITUTE) {
			parser->spoilt = true;
		} else if (byte != XON && byte != XOFF) {
			take_byte(parser, byte);
		}
	}
	return -EAGAIN;
}
