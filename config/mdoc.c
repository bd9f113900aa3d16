#include "config/mdoc.h"

#include <stdbool.h>
#include <string.h>

#include "config/prose.h"

#define COLUMNS 72

static bool is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* One character of running text; a word that looks like a request is shielded. */
static void put_escaped(FILE *out, const char *text, const char *c)
{
	bool begins_word = c == text || is_blank(c[-1]);

	if (begins_word && (*c == '.' || *c == '\''))
		fputs("\\&", out);
	if (*c == '\\')
		fputs("\\e", out);
	else
		fputc(is_blank(*c) ? ' ' : *c, out);
}

void mdoc_print_text(FILE *out, const char *text)
{
	char sentence[512] = "";
	FILE *buffer = fmemopen(sentence, sizeof(sentence) - 1, "w");

	for (const char *c = text; buffer && *c; c++) {
		put_escaped(buffer, text, c);
		if (c[1] && !(*c == '.' && is_blank(c[1])))
			continue;
		fflush(buffer);
		prose_print(out, COLUMNS, "", sentence);
		memset(sentence, 0, sizeof(sentence));
		rewind(buffer);
		c += is_blank(c[1]);
	}
	if (buffer)
		fclose(buffer);
}

void mdoc_print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputs("\\(dq", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
	fputs("\"\n", out);
}
