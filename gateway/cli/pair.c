#include "gateway/cli/pair.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/wrap.h"

#define TITLE_COLUMNS 12

void pair_print(const struct cli *cli, const char *title, const char *text)
{
	if (strcmp(text, "-") == 0)
		return;
	printf("%s%-*s%s", tone_begin(TONE_TITLE, cli->terminal.colour), TITLE_COLUMNS, title,
		tone_end(TONE_TITLE, cli->terminal.colour));
	size_t width = cli->terminal.width;
	wrap_print(stdout, text, width > TITLE_COLUMNS ? width - TITLE_COLUMNS : 0, TITLE_COLUMNS, width);
	putchar('\n');
}
