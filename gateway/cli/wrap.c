#include "gateway/cli/wrap.h"

#include <stdbool.h>

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t wrap_line(const char *text, size_t columns)
{
	size_t bytes = 0, used = 0, blank = 0;
	bool in_tone = false; /* an escape sequence takes no room */

	for (; text[bytes]; bytes++) {
		in_tone |= text[bytes] == '\033';
		used += !in_tone && begins_character(text[bytes]);
		in_tone &= text[bytes] != 'm';
		if (text[bytes] == ' ')
			blank = bytes;
		if (used > columns)
			return blank > 0 ? blank : bytes;
	}
	return bytes;
}

const char *wrap_rest(const char *text, size_t bytes)
{
	for (text += bytes; *text == ' '; text++)
		;
	return text;
}

void wrap_print(FILE *out, const char *text, size_t columns, size_t indent, size_t width)
{
	if (width == 0) {
		fputs(text, out);
		return;
	}
	while (*text) {
		size_t bytes = wrap_line(text, columns > 0 ? columns : 1);
		fprintf(out, "%.*s", (int)bytes, text);
		text = wrap_rest(text, bytes);
		columns = width > indent ? width - indent : 1;
		if (*text)
			fprintf(out, "\n%*s", (int)indent, "");
	}
}
