#include "config/prose.h"

#include <string.h>

static size_t width_of(const char *margin)
{
	size_t width = 0;

	for (; *margin; margin++)
		width += *margin == '\t' ? 8 : 1;
	return width;
}

void prose_print(FILE *out, size_t columns, const char *margin, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");
		if (column == 0)
			column = width_of(margin) + (size_t)fprintf(out, "%s%.*s", margin, (int)word, text) -
				 strlen(margin);
		else
			column += (size_t)fprintf(out, " %.*s", (int)word, text);
		text += word;
		text += strspn(text, " ");
		if (*text && column + 1 + strcspn(text, " ") > columns) {
			fputc('\n', out);
			column = 0;
		}
	}
	fputc('\n', out);
}
