#include <stdio.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/listing.h"

static const struct table_column columns[] = {
	{ "IMAGE", false, false },
	{ "HARDWARE", false, true },
	{ "VERSION", false, true },
	{ "SIZE", true, false },
	{ "HERE", true, false },
	{ "STATE", false, false },
	{ "REASON", false, false, true },
};

static enum tone tone_of(const char *state)
{
	return *state == 'c' ? TONE_GOOD : *state == 'f' && state[1] == 'a' ? TONE_BAD : TONE_BUSY;
}

static void add_download(struct table *table, const json_t *download, int64_t now_ms)
{
	int64_t size = field_number(download, "size_bytes"), stored = field_number(download, "stored_bytes");
	const char *state = field_text(download, "state");
	char text[HUMAN_SIZE];

	table_cell(table, TONE_PLAIN, "%.8s", field_text(download, "sha256"));
	table_cell(table, TONE_PLAIN, "%s", field_text(download, "hardware"));
	table_cell(table, TONE_PLAIN, "%s", field_text(download, "version"));
	table_cell(table, TONE_PLAIN, "%s", human_size(text, (uint64_t)size));
	table_cell(table, TONE_PLAIN, "%d %%", size ? (int)(stored * 100 / size) : 0);
	table_cell(table, tone_of(state), "%s", state);
	table_cell(table, TONE_PLAIN, "%s", field_text(download, "message"));
}

static const struct listing listing = {
	.member = "downloads",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_download,
	.none = "No manifest told of an image.",
};

static int run_list(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s}", "command", "download.list"), &result);

	return code == CLI_OK ? listing_print(cli, &listing, result) : code;
}

const struct cli_command command_download_list = {
	.verb = "list",
	.summary = "images that manifests from upstream told of",
	.help = "A manifest arrives on the topic ota/GATEWAY; the image it names is fetched, verified\n"
		"and kept as if it had been added here.\n",
	.run = run_list,
};

static int run_cancel(struct cli *cli)
{
	const char *sha256 = cli->arguments[0];
	int code = ask(cli, json_pack("{s:s, s:s}", "command", "download.cancel", "sha256", sha256), NULL);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s}", "cancelled", sha256));
	puts("The download is given up.");
	return CLI_OK;
}

const struct cli_command command_download_cancel = {
	.verb = "cancel",
	.arguments = "SHA256",
	.least = 1,
	.most = 1,
	.summary = "give up a download and what is stored of it",
	.help = "SHA256 is the whole digest, as \"wakegate download list --json\" shows it.\n",
	.run = run_cancel,
};
