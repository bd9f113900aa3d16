#include "protocols/coap.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define VERSION 1
#define HEADER_SIZE 4
#define PAYLOAD_MARKER 0xff

/* Values of the two nibbles that start an option (RFC 7252 section 3.1). */
enum { NIBBLE_8_BITS = 13, NIBBLE_16_BITS = 14, NIBBLE_RESERVED = 15, BASE_8_BITS = 13, BASE_16_BITS = 269 };

static uint32_t read_extended(struct reader *in, uint8_t nibble)
{
	if (nibble == NIBBLE_8_BITS)
		return BASE_8_BITS + read_u8(in);
	if (nibble == NIBBLE_16_BITS)
		return BASE_16_BITS + read_be16(in);
	if (nibble == NIBBLE_RESERVED)
		in->failed = true;
	return nibble;
}

/* The next option; false at the payload marker, the end, or with `in` failed. */
static bool read_option(struct reader *in, uint32_t *number, struct coap_option *out)
{
	if (reader_left(in) == 0 || *in->at == PAYLOAD_MARKER)
		return false;
	uint8_t first = read_u8(in);
	*number += read_extended(in, first >> 4);
	uint32_t size = read_extended(in, first & 0x0f);
	const uint8_t *value = read_bytes(in, size);
	if (*number > UINT16_MAX)
		in->failed = true;
	if (in->failed)
		return false;
	*out = (struct coap_option){ (uint16_t)*number, value, size };
	return true;
}

/* Everything after the header. An empty message (0.00) is a header and nothing else (section 4.1). */
static int parse_body(struct coap_message *message, struct reader *in)
{
	struct coap_option option;
	uint32_t number = 0;

	if (message->token_size > COAP_TOKEN_MAX || (message->code == COAP_EMPTY && message->token_size > 0))
		return -EBADMSG;
	const uint8_t *token = read_bytes(in, message->token_size);
	message->options = in->at;
	while (read_option(in, &number, &option))
		;
	if (in->failed)
		return -EBADMSG;
	memcpy(message->token, token, message->token_size);
	message->options_size = (size_t)(in->at - message->options);
	if (reader_left(in) == 0)
		return message->code == COAP_EMPTY && message->options_size > 0 ? -EBADMSG : 0;
	(void)read_u8(in); /* the marker, as read_option() stopped at nothing else */
	message->payload_size = reader_left(in);
	message->payload = in->at;
	return message->payload_size == 0 || message->code == COAP_EMPTY ? -EBADMSG : 0;
}

int coap_message_parse(struct coap_message *out, const void *data, size_t size)
{
	struct reader in;

	reader_init(&in, data, size);
	uint8_t first = read_u8(&in);
	uint8_t code = read_u8(&in);
	uint16_t id = read_be16(&in);
	if (in.failed || first >> 6 != VERSION)
		return -EPROTONOSUPPORT;
	*out = (struct coap_message){ .type = first >> 4 & 3, .code = code, .id = id, .token_size = first & 0x0f };
	return parse_body(out, &in);
}

void coap_options_start(struct coap_options *options, const struct coap_message *message)
{
	reader_init(&options->in, message->options, message->options_size);
	options->number = 0;
}

bool coap_options_next(struct coap_options *options, struct coap_option *out)
{
	return read_option(&options->in, &options->number, out);
}

int coap_option_uint(const struct coap_option *option, uint32_t *out)
{
	uint32_t value = 0;

	if (option->size > sizeof(value))
		return -EBADMSG;
	for (size_t i = 0; i < option->size; i++)
		value = value << 8 | option->value[i];
	*out = value;
	return 0;
}

int coap_block_parse(struct coap_block *out, const struct coap_option *option)
{
	uint32_t value;

	if (option->size > 3 || coap_option_uint(option, &value) < 0 || (value & 7) == 7)
		return -EBADMSG;
	*out = (struct coap_block){ .number = value >> 4, .more = value >> 3 & 1, .szx = value & 7 };
	return 0;
}

void coap_write_start(struct coap_writer *writer, void *buffer, size_t size, const struct coap_message *head)
{
	assert(head->token_size <= COAP_TOKEN_MAX);
	writer_init(&writer->out, buffer, size);
	writer->number = 0;
	write_u8(&writer->out, (uint8_t)(VERSION << 6 | head->type << 4 | head->token_size));
	write_u8(&writer->out, head->code);
	write_be16(&writer->out, head->id);
	write_bytes(&writer->out, head->token, head->token_size);
}

static uint8_t nibble_of(uint32_t value)
{
	if (value < BASE_8_BITS)
		return (uint8_t)value;
	return value < BASE_16_BITS ? NIBBLE_8_BITS : NIBBLE_16_BITS;
}

static void write_extended(struct writer *out, uint32_t value)
{
	if (value >= BASE_16_BITS)
		write_be16(out, (uint16_t)(value - BASE_16_BITS));
	else if (value >= BASE_8_BITS)
		write_u8(out, (uint8_t)(value - BASE_8_BITS));
}

void coap_write_option(struct coap_writer *writer, uint16_t number, const void *value, size_t size)
{
	assert(number >= writer->number);
	uint32_t delta = number - writer->number;
	if (size > UINT16_MAX) {
		writer->out.failed = true;
		return;
	}
	write_u8(&writer->out, (uint8_t)(nibble_of(delta) << 4 | nibble_of((uint32_t)size)));
	write_extended(&writer->out, delta);
	write_extended(&writer->out, (uint32_t)size);
	write_bytes(&writer->out, value, size);
	writer->number = number;
}

void coap_write_uint(struct coap_writer *writer, uint16_t number, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
		(uint8_t)value };
	size_t skip = 0;

	while (skip < sizeof(bytes) && bytes[skip] == 0)
		skip++;
	coap_write_option(writer, number, bytes + skip, sizeof(bytes) - skip);
}

void coap_write_text(struct coap_writer *writer, uint16_t number, const char *text)
{
	coap_write_option(writer, number, text, strlen(text));
}

void coap_write_block(struct coap_writer *writer, uint16_t number, const struct coap_block *block)
{
	assert(block->number <= COAP_BLOCK_NUMBER_MAX && block->szx < 7);
	coap_write_uint(writer, number, block->number << 4 | (uint32_t)block->more << 3 | block->szx);
}

int coap_write_payload(struct coap_writer *writer, const void *payload, size_t size)
{
	if (size > 0) {
		write_u8(&writer->out, PAYLOAD_MARKER);
		write_bytes(&writer->out, payload, size);
	}
	return writer->out.failed ? -ENOBUFS : (int)writer_size(&writer->out);
}
