#include "protocols/token_writer.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocols/base64.h"
#include "protocols/number.h"

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

void token_writer_init(struct token_writer *writer, enum token_format format, struct writer *out)
{
	*writer = (struct token_writer){ .out = out, .format = format };
}

/* JSON: the comma or colon before a token, and what the token after it will need. */
static void separate(struct token_writer *writer)
{
	bool in_map = writer->depth > 0 && (writer->maps >> writer->depth & 1);

	if (writer->separate)
		write_u8(writer->out, writer->after_key ? ':' : ',');
	writer->after_key = in_map && !writer->after_key;
	writer->separate = true;
}

static void write_head(struct token_writer *writer, enum major major, uint64_t argument)
{
	uint8_t top = (uint8_t)(major << 5);

	if (argument < 24) {
		write_u8(writer->out, (uint8_t)(top | argument));
	} else if (argument <= UINT8_MAX) {
		write_u8(writer->out, top | 24);
		write_u8(writer->out, (uint8_t)argument);
	} else if (argument <= UINT16_MAX) {
		write_u8(writer->out, top | 25);
		write_be16(writer->out, (uint16_t)argument);
	} else if (argument <= UINT32_MAX) {
		write_u8(writer->out, top | 26);
		write_be32(writer->out, (uint32_t)argument);
	} else {
		write_u8(writer->out, top | 27);
		write_be64(writer->out, argument);
	}
}

static void open_nest(struct token_writer *writer, enum major major, uint64_t argument)
{
	assert(writer->depth < TOKENS_DEPTH_MAX);
	if (writer->format == FORMAT_CBOR) {
		write_head(writer, major, argument);
		return;
	}
	separate(writer);
	write_u8(writer->out, major == MAP ? '{' : '[');
	writer->depth++;
	writer->maps &= ~(1u << writer->depth);
	writer->maps |= (major == MAP ? 1u : 0u) << writer->depth;
	writer->separate = false;
	writer->after_key = false;
}

void token_map(struct token_writer *writer, uint64_t pairs)
{
	open_nest(writer, MAP, pairs);
}

void token_array(struct token_writer *writer, uint64_t items)
{
	open_nest(writer, ARRAY, items);
}

void token_close(struct token_writer *writer)
{
	if (writer->format == FORMAT_CBOR)
		return;
	assert(writer->depth > 0);
	write_u8(writer->out, writer->maps >> writer->depth & 1 ? '}' : ']');
	writer->depth--;
	writer->separate = true;
	writer->after_key = false;
}

static void write_escaped(struct writer *out, uint8_t byte)
{
	char text[8];

	if (byte == '"' || byte == '\\') {
		write_u8(out, '\\');
		write_u8(out, byte);
		return;
	}
	snprintf(text, sizeof(text), "\\u%04x", byte);
	write_bytes(out, text, 6);
}

static void write_json_text(struct writer *out, struct span text)
{
	size_t begin = 0;

	write_u8(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = (uint8_t)text.data[i];

		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		write_bytes(out, text.data + begin, i - begin);
		write_escaped(out, byte);
		begin = i + 1;
	}
	if (begin < text.size)
		write_bytes(out, text.data + begin, text.size - begin);
	write_u8(out, '"');
}

void token_text(struct token_writer *writer, struct span text)
{
	if (writer->format == FORMAT_CBOR) {
		write_head(writer, TEXT, text.size);
		write_bytes(writer->out, text.data, text.size);
		return;
	}
	separate(writer);
	write_json_text(writer->out, text);
}

void token_string(struct token_writer *writer, const char *text)
{
	token_text(writer, (struct span){ text, strlen(text) });
}

void token_integer(struct token_writer *writer, int64_t value)
{
	struct number number = number_from_integer(value);

	token_number(writer, &number);
}

/* The half precision bits of a float that is exact in them, or -1. RFC 8949 appendix D turned around. */
static int half_bits(float single)
{
	uint32_t bits = 0;

	memcpy(&bits, &single, sizeof(bits));
	uint32_t sign = bits >> 16 & 0x8000;
	int exponent = (int)(bits >> 23 & 0xff) - 127;
	uint32_t mantissa = bits & 0x7fffff;
	if ((bits & 0x7fffffff) == 0)
		return (int)sign;
	if (exponent >= -14 && exponent <= 15 && (mantissa & 0x1fff) == 0)
		return (int)(sign | (uint32_t)(exponent + 15) << 10 | mantissa >> 13);
	uint32_t shift = (uint32_t)(-1 - exponent); /* of a subnormal: units of 2^-24 */
	if (exponent < -24 || exponent >= -14 || ((mantissa | 0x800000) & ((1u << shift) - 1)) != 0)
		return -1;
	return (int)(sign | (mantissa | 0x800000) >> shift);
}

/* The shortest float that says the same (RFC 8949 section 4.2.1). */
static void write_float(struct token_writer *writer, double real)
{
	float single = fabs(real) <= (double)3.4028234663852886e38f ? (float)real : 0;
	uint32_t bits32 = 0;
	uint64_t bits64 = 0;

	memcpy(&bits32, &single, sizeof(bits32));
	memcpy(&bits64, &real, sizeof(bits64));
	if ((double)single < real || (double)single > real) {
		write_u8(writer->out, SIMPLE << 5 | 27);
		write_be64(writer->out, bits64);
	} else if (half_bits(single) < 0) {
		write_u8(writer->out, SIMPLE << 5 | 26);
		write_be32(writer->out, bits32);
	} else {
		write_u8(writer->out, SIMPLE << 5 | 25);
		write_be16(writer->out, (uint16_t)half_bits(single));
	}
}

static void write_integer(struct token_writer *writer, int64_t value)
{
	if (value < 0)
		write_head(writer, NEGATIVE, (uint64_t)(-1 - value));
	else
		write_head(writer, UNSIGNED, (uint64_t)value);
}

static void write_cbor_number(struct token_writer *writer, const struct number *number)
{
	if (number->is_double) {
		write_float(writer, number->real);
		return;
	}
	if (number->exponent != 0) {
		write_head(writer, TAG, 4);
		write_head(writer, ARRAY, 2);
		write_integer(writer, number->exponent);
	}
	write_integer(writer, number->mantissa);
}

void token_number(struct token_writer *writer, const struct number *number)
{
	char text[NUMBER_TEXT_MAX];

	if (writer->format == FORMAT_CBOR) {
		write_cbor_number(writer, number);
		return;
	}
	separate(writer);
	write_bytes(writer->out, text, number_print(number, text));
}

void token_boolean(struct token_writer *writer, bool value)
{
	if (writer->format == FORMAT_CBOR) {
		write_u8(writer->out, (uint8_t)(SIMPLE << 5 | (value ? 21 : 20)));
		return;
	}
	separate(writer);
	write_bytes(writer->out, value ? "true" : "false", value ? 4 : 5);
}

void token_null(struct token_writer *writer)
{
	if (writer->format == FORMAT_CBOR) {
		write_u8(writer->out, (uint8_t)(SIMPLE << 5 | 22));
		return;
	}
	separate(writer);
	write_bytes(writer->out, "null", 4);
}

static void write_cbor_bytes(struct token_writer *writer, struct span bytes)
{
	write_head(writer, BYTES, bytes.size);
	write_bytes(writer->out, bytes.data, bytes.size);
}

void token_base64(struct token_writer *writer, struct span bytes)
{
	char text[BASE64_TEXT_SIZE(3)];

	if (writer->format == FORMAT_CBOR) {
		write_cbor_bytes(writer, bytes);
		return;
	}
	separate(writer);
	write_u8(writer->out, '"');
	for (size_t i = 0; i < bytes.size; i += 3) {
		base64_write(text, (const uint8_t *)bytes.data + i, bytes.size - i < 3 ? bytes.size - i : 3);
		for (const char *at = text; *at && *at != '='; at++)
			write_u8(writer->out, (uint8_t)(*at == '+' ? '-' : *at == '/' ? '_' : *at));
	}
	write_u8(writer->out, '"');
}

void token_hex(struct token_writer *writer, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";

	if (writer->format == FORMAT_CBOR) {
		write_cbor_bytes(writer, bytes);
		return;
	}
	separate(writer);
	write_u8(writer->out, '"');
	for (size_t i = 0; i < bytes.size; i++) {
		write_u8(writer->out, (uint8_t)digits[(uint8_t)bytes.data[i] >> 4]);
		write_u8(writer->out, (uint8_t)digits[(uint8_t)bytes.data[i] & 15]);
	}
	write_u8(writer->out, '"');
}
