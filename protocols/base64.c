#include "protocols/base64.h"

#include <errno.h>

static int digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+' || digit == '-')
		return 62;
	return digit == '/' || digit == '_' ? 63 : -1;
}

/* Characters before the padding, or -EBADMSG. Padding must complete the last group of four. */
static int unpadded_size(const char *text, size_t size)
{
	size_t padding = 0;

	while (padding < size && padding < 2 && text[size - padding - 1] == '=')
		padding++;
	if (padding && size % 4)
		return -EBADMSG;
	size -= padding;
	return size % 4 == 1 ? -EBADMSG : (int)size;
}

int base64_parse(uint8_t *out, size_t room, const char *text, size_t text_size)
{
	int digits = text_size > INT32_MAX ? -EBADMSG : unpadded_size(text, text_size);
	uint32_t bits = 0;
	size_t size = 0;

	if (digits < 0)
		return digits;
	if ((size_t)digits * 3 / 4 > room)
		return -ENOBUFS;
	for (int i = 0; i < digits; i++) {
		int value = digit_value(text[i]);

		if (value < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4)
			out[size++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* A canonical text leaves no bits set beyond its last byte (RFC 4648 section 3.5). */
	uint32_t spare = digits % 4 == 2 ? 0xf : digits % 4 == 3 ? 0x3 : 0;
	return bits & spare ? -EBADMSG : (int)size;
}

void base64_write(char *out, const uint8_t *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)data[i] << 16;

		bits |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= left > 2 ? data[i + 2] : 0;
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
}
