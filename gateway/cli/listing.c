#include "gateway/cli/listing.h"

#include <stdio.h>

#include "gateway/cli/cli.h"
#include "gateway/moment.h"

int listing_print(struct cli *cli, const struct listing *listing, json_t *document)
{
	int64_t now_ms = clock_moment(&machine_clock).wall_ms;
	size_t i;
	json_t *item;

	if (cli->json)
		return cli_print_json(cli, document);
	struct table *table = table_open(listing->columns, listing->column_count);
	json_array_foreach (json_object_get(document, listing->member), i, item)
		listing->add(table, item, now_ms);
	table_print(table, stdout, cli->terminal.width, cli->terminal.colour);
	table_close(table);
	if (i == 0)
		puts(listing->none);
	json_decref(document);
	return CLI_OK;
}
