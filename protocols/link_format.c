#include "protocols/link_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_text(struct writer *out, const char *text)
{
	write_bytes(out, text, strlen(text));
}

void link_format_resource(struct writer *out, const char *path)
{
	if (writer_size(out) > 0)
		write_text(out, ",");
	write_text(out, "<");
	write_text(out, path);
	write_text(out, ">");
}

void link_format_attribute(struct writer *out, const char *name, const char *value)
{
	write_text(out, ";");
	write_text(out, name);
	write_text(out, "=\"");
	write_text(out, value);
	write_text(out, "\"");
}

void link_format_number(struct writer *out, const char *name, uint32_t number)
{
	char digits[11];

	(void)snprintf(digits, sizeof(digits), "%" PRIu32, number);
	write_text(out, ";");
	write_text(out, name);
	write_text(out, "=");
	write_text(out, digits);
}
