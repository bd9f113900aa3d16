#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/human.h"
#include "gateway/cli/image_upload.h"
#include "gateway/cli/listing.h"
#include "gateway/cli/pair.h"

#define NAME_SHOWN 8 /* digits of an image's digest */

static const struct table_column columns[] = {
	{ "IMAGE", false, false },
	{ "HARDWARE", false, true },
	{ "VERSION", false, true },
	{ "SIZE", true, false },
	{ "FORMAT", false, false },
	{ "SIGNED BY", false, true },
	{ "NODES", true, false },
	{ "FILE", false, true },
};

static void add_image(struct table *table, const json_t *image, int64_t now_ms)
{
	bool complete = field_boolean(image, "complete");
	char size[HUMAN_SIZE];

	table_cell(table, TONE_PLAIN, "%.*s", NAME_SHOWN, field_text(image, "image"));
	table_cell(table, TONE_PLAIN, "%s", field_text(image, "hardware"));
	table_cell(table, TONE_PLAIN, "%s", field_text(image, "version"));
	if (complete)
		table_cell(table, TONE_PLAIN, "%s", human_size(size, (uint64_t)field_number(image, "size_bytes")));
	else
		table_cell(table, TONE_BUSY, "%d %% of %s",
			(int)(field_number(image, "stored_bytes") * 100 / (field_number(image, "size_bytes") + 1)),
			human_size(size, (uint64_t)field_number(image, "size_bytes")));
	table_cell(table, TONE_PLAIN, "%s", field_text(image, "format"));
	table_cell(table, TONE_PLAIN, "%s", field_text(image, "signer"));
	table_cell(table, TONE_PLAIN, "%" PRId64, field_number(image, "nodes"));
	table_cell(table, TONE_PLAIN, "%s", field_text(image, "name"));
}

static const struct listing listing = {
	.member = "images",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.add = add_image,
	.none = "There is no image here; \"wakegate image add FILE\" brings one.",
};

static int run_list(struct cli *cli)
{
	json_t *result;
	int code = ask(cli, json_pack("{s:s}", "command", "image.list"), &result);

	return code == CLI_OK ? listing_print(cli, &listing, result) : code;
}

const struct cli_command command_image_list = {
	.verb = "list",
	.summary = "the firmware images here",
	.help = "NODES is how many nodes say that they run the image. Other commands take an image by\n"
		"the head of its digest (IMAGE, four digits at least), its FILE name, or\n"
		"HARDWARE@VERSION.\n",
	.run = run_list,
};

static void print_image(const struct cli *cli, const json_t *image)
{
	int64_t stored = field_number(image, "stored_bytes"), size = field_number(image, "size_bytes");
	char size_text[HUMAN_SIZE], time[HUMAN_SIZE], text[128];

	pair_print(cli, "image", field_text(image, "image"));
	pair_print(cli, "file", field_text(image, "name"));
	pair_print(cli, "format", field_text(image, "format"));
	pair_print(cli, "hardware", field_text(image, "hardware"));
	pair_print(cli, "version", field_text(image, "version"));
	if (*field_text(image, "requires"))
		pair_print(cli, "requires", field_text(image, "requires"));
	if (*field_text(image, "only_for"))
		pair_print(cli, "only for", field_text(image, "only_for"));
	pair_print(cli, "signed by", field_text(image, "signer"));
	if (stored < size)
		snprintf(text, sizeof(text), "%s, %" PRId64 " %% are here", human_size(size_text, (uint64_t)size),
			stored * 100 / size);
	else
		snprintf(text, sizeof(text), "%s (%" PRId64 " bytes)", human_size(size_text, (uint64_t)size), size);
	pair_print(cli, "size", text);
	pair_print(cli, "sha256", field_text(image, "sha256"));
	snprintf(text, sizeof(text), "%s, from %s", human_time(time, field_number(image, "added_ms")),
		field_text(image, "origin"));
	pair_print(cli, "added", text);
	if (!json_object_get(image, "nodes"))
		return;
	snprintf(text, sizeof(text), "%" PRId64 " run it%s", field_number(image, "nodes"),
		field_boolean(image, "wanted") ? ", others are to get it" : "");
	pair_print(cli, "nodes", text);
}

static int run_show(struct cli *cli)
{
	json_t *result;
	json_t *request = json_pack("{s:s, s:s}", "command", "image.show", "image", cli->arguments[0]);
	int code = ask(cli, request, &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	print_image(cli, json_object_get(result, "image"));
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_image_show = {
	.verb = "show",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.summary = "all that is known of an image",
	.run = run_show,
};

static const struct cli_option add_options[] = {
	{ 0, "hardware", "TYPE", "the type of node it is for, where the image does not say it" },
	{ 0, "version", "VERSION", "its version, likewise" },
	{ 0, "requires", "VERSION", "nodes must run this version at least before they get it" },
	{ 0, "only-for", "JSON", "for which Zigbee nodes (see import-index)" },
	{ 0, "signature", "FILE", "a detached signature (FILE.sig, if it is there)" },
	{ 0, "name", "NAME", "what to call it (the file's name)" },
	{ 0 },
};

static int run_add(struct cli *cli)
{
	const struct image_upload upload = {
		.path = cli->arguments[0],
		.name = cli_value(cli, "name"),
		.hardware = cli_value(cli, "hardware"),
		.requires = cli_value(cli, "requires"),
		.only_for = cli_value(cli, "only-for"),
		.version = cli_value(cli, "version"),
		.signature_path = cli_value(cli, "signature"),
	};
	json_t *result;
	int code = image_upload(cli, &upload, &result);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, result);
	if (field_boolean(result, "exists"))
		puts("This image is here already:");
	print_image(cli, json_object_get(result, "image"));
	json_decref(result);
	return CLI_OK;
}

const struct cli_command command_image_add = {
	.verb = "add",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.summary = "bring a firmware image into the gateway",
	.help = "The gateway verifies the image: MCUboot images by the signature they carry, all others\n"
		"by a detached one. It keeps only what a trusted key signed, unless the config lets\n"
		"this hardware type run unsigned images. An upload that was cut goes on where it ended.\n"
		"\n"
		"Examples:\n"
		"  wakegate image add app.signed.bin --hardware sensor-a\n"
		"  wakegate image add app.bin --hardware esp-node --signature app.sig\n",
	.options = add_options,
	.run = run_add,
};

static const struct cli_option remove_options[] = {
	{ 0, "force", NULL, "even if nodes run it or are to get it" },
	{ 0 },
};

static int run_remove(struct cli *cli)
{
	const char *image = cli->arguments[0];
	bool force = cli_given(cli, "force");
	json_t *request = json_pack("{s:s, s:s, s:b}", "command", "image.remove", "image", image, "force", (int)force);
	int code = cli_confirm(cli, "Remove the image %s%s?", image, force ? ", even if nodes need it" : "");

	if (code != CLI_OK) {
		json_decref(request);
		return code;
	}
	code = ask(cli, request, NULL);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s}", "removed", image));
	printf("%s is removed\n", image);
	return CLI_OK;
}

const struct cli_command command_image_remove = {
	.verb = "remove",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.summary = "remove an image from the gateway",
	.help = "Images that nodes run (their way back) or are to get stay, unless --force is given.\n",
	.options = remove_options,
	.run = run_remove,
};
