#include "protocols/hex.h"

#include <errno.h>

void hex_print(char *out, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[from[i] >> 4];
		*out++ = digits[from[i] & 15];
	}
	*out = '\0';
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int hex_parse(void *out, const char *text, size_t digits)
{
	uint8_t *to = out;

	if (digits % 2 != 0)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		if (digit_value(text[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < digits; i += 2)
		*to++ = (uint8_t)(digit_value(text[i]) << 4 | digit_value(text[i + 1]));
	return 0;
}
