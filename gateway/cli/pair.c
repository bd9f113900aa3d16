#include "gateway/cli/pair.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"

void pair_print(const struct cli *cli, const char *title, const char *text)
{
	if (strcmp(text, "-") == 0)
		return;
	printf("%s%-12s%s%s\n", tone_begin(TONE_TITLE, cli->terminal.colour), title,
		tone_end(TONE_TITLE, cli->terminal.colour), text);
}
