/* wakegate image import-index: the images of a local folder, as its index.json describes them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/field.h"
#include "gateway/cli/image_upload.h"
#include "gateway/cli/mapped_file.h"
#include "gateway/cli/zigbee_index.h"

#define INDEX_MAX (16 * 1024 * 1024) /* bytes */
#define PATH_SIZE 4096
#define IMAGE_NAME_SHOWN 64 /* bytes of a file's name that an image keeps */

struct importing {
	struct cli *cli;
	const char *folder;
	bool dry;
	struct zigbee_index_entry *entries; /* those that were not understood have no name */
	size_t count;
	int64_t imported, here, absent, failed;
	json_t *images;
};

static int fail_entry(struct importing *importing, const char *why)
{
	importing->failed++;
	return cli_fail(importing->cli, CLI_FAILED, "%s", why);
}

static const json_t *image_of(const json_t *result)
{
	return json_object_get(result, "image");
}

static void note_image(struct importing *importing, const json_t *result, const char *only_for)
{
	const char *word = "imported";

	if (field_boolean(result, "exists")) {
		/* For whom an image is was said when it came; an index that says otherwise is not obeyed silently. */
		if (strcmp(field_text(image_of(result), "only_for"), only_for) != 0) {
			(void)fail_entry(importing, "it is here already, but for other nodes; remove it first");
			return;
		}
		importing->here++;
		word = "is here";
	} else {
		importing->imported++;
	}
	(void)json_array_append(importing->images, json_object_get(result, "image"));
	if (!importing->cli->json)
		printf("%-8s  %.8s  %s %s  %s\n", word, field_text(image_of(result), "image"),
			field_text(image_of(result), "hardware"), field_text(image_of(result), "version"),
			field_text(image_of(result), "name"));
}

static int upload_entry(struct importing *importing, const struct zigbee_index_entry *entry, const char *path)
{
	char only_for[ZIGBEE_FIT_MAX], name[IMAGE_NAME_SHOWN + 1];
	json_t *result;

	if (zigbee_fit_write(only_for, &entry->fit) < 0)
		return fail_entry(importing, "it names too many models and makers");
	if (importing->dry) {
		importing->imported++;
		return CLI_OK;
	}
	(void)snprintf(name, sizeof(name), "%s", entry->file_name);
	const struct image_upload upload = { .path = path, .name = name, .only_for = *only_for ? only_for : NULL };
	int code = image_upload(importing->cli, &upload, &result);
	if (code != CLI_OK) {
		importing->failed++;
		return code;
	}
	note_image(importing, result, only_for);
	json_decref(result);
	return CLI_OK;
}

static int import_entry(struct importing *importing, size_t index)
{
	const struct zigbee_index_entry *entry = &importing->entries[index];
	struct mapped_file file;
	char path[PATH_SIZE];
	const char *fault = NULL;

	if (zigbee_index_find(entry, importing->folder, path, sizeof(path)) < 0) {
		importing->absent++;
		return CLI_OK;
	}
	if (zigbee_index_is_vague(importing->entries, importing->count, index))
		return fail_entry(importing, "others of its manufacturer and image type are for certain models, but it "
					     "does not say for which it is");
	int code = mapped_file_open(importing->cli, path, IMAGE_UPLOAD_MAX, &file);
	if (code != CLI_OK) {
		importing->failed++;
		return code;
	}
	int checked = zigbee_index_check(entry, file.data, file.size, &fault);
	mapped_file_close(&file);
	return checked < 0 ? fail_entry(importing, fault) : upload_entry(importing, entry, path);
}

/* All entries before any image, since one may say what another is not for. */
static void read_entries(struct importing *importing, const json_t *index)
{
	const json_t *value;
	size_t i;

	json_array_foreach (index, i, value) {
		const char *name = json_string_value(json_object_get(value, "fileName")), *fault = NULL;
		char subject[80];
		if (zigbee_index_read(&importing->entries[i], value, &fault) == 0)
			continue;
		(void)snprintf(subject, sizeof(subject), "entry %zu (%.40s)", i + 1, name ? name : "no name");
		importing->cli->subject = subject;
		(void)fail_entry(importing, fault);
		importing->cli->subject = NULL;
	}
}

static int print_sums(struct importing *importing)
{
	const char *done = importing->dry ? "could be imported" : "imported";

	if (importing->cli->json)
		return cli_print_json(importing->cli,
			json_pack("{s:I, s:I, s:I, s:I, s:O}", "imported", (json_int_t)importing->imported, "here",
				(json_int_t)importing->here, "absent", (json_int_t)importing->absent, "failed",
				(json_int_t)importing->failed, "images", importing->images));
	printf("%" PRId64 " %s, %" PRId64 " were here, %" PRId64 " are not in the folder, %" PRId64 " failed\n",
		importing->imported, done, importing->here, importing->absent, importing->failed);
	return CLI_OK;
}

static int import_all(struct importing *importing, const json_t *index)
{
	importing->count = json_array_size(index);
	importing->entries = calloc(importing->count + 1, sizeof(*importing->entries));
	importing->images = json_array();
	if (!importing->entries || !importing->images)
		return cli_fail(importing->cli, CLI_FAILED, "out of memory");
	read_entries(importing, index);
	int code = CLI_OK;
	for (size_t i = 0; i < importing->count && code != CLI_UNREACHABLE; i++) {
		if (!importing->entries[i].file_name)
			continue;
		importing->cli->subject = importing->entries[i].file_name;
		code = import_entry(importing, i);
		importing->cli->subject = NULL;
	}
	if (code == CLI_UNREACHABLE)
		return code;
	code = print_sums(importing);
	return importing->failed > 0 ? CLI_FAILED : code;
}

static int load_index(struct cli *cli, const char *folder, json_t **index)
{
	struct mapped_file file;
	json_error_t error;
	char path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/index.json", folder) >= (int)sizeof(path))
		return cli_fail(cli, CLI_USAGE, "the folder's name is too long");
	int code = mapped_file_open(cli, path, INDEX_MAX, &file);
	if (code != CLI_OK)
		return code;
	*index = json_loadb((const char *)file.data, file.size, JSON_REJECT_DUPLICATES, &error);
	mapped_file_close(&file);
	if (!*index)
		return cli_fail(cli, CLI_FAILED, "%s, line %d: %s", path, error.line, error.text);
	if (json_is_array(*index) && json_array_size(*index) <= ZIGBEE_INDEX_ENTRIES_MAX)
		return CLI_OK;
	json_decref(*index);
	return cli_fail(cli, CLI_FAILED, "%s is not a list of at most %d entries", path, ZIGBEE_INDEX_ENTRIES_MAX);
}

static int run_import_index(struct cli *cli)
{
	struct importing importing = { .cli = cli, .folder = cli->arguments[0], .dry = cli_given(cli, "dry-run") };
	json_t *index;
	int code = load_index(cli, importing.folder, &index);

	if (code != CLI_OK)
		return code;
	code = import_all(&importing, index);
	free(importing.entries);
	json_decref(importing.images);
	json_decref(index);
	return code;
}

static const struct cli_option import_index_options[] = {
	{ 0, "dry-run", NULL, "check index and files, import nothing" },
	{ 0 },
};

const struct cli_command command_image_import_index = {
	.verb = "import-index",
	.arguments = "FOLDER",
	.least = 1,
	.most = 1,
	.summary = "bring in the Zigbee images of a folder with an index",
	.help = "FOLDER holds an index.json in the form of zigbee-OTA's, and the files that it names,\n"
		"beside it or where they are in that repository; entries whose file is not there are\n"
		"passed over. A file is imported if its size, SHA-512, manufacturer, image type and\n"
		"version are those of its entry. For which models, makers, hardware and versions an\n"
		"image is stays with it, and nodes that are others do not get it. Such images are\n"
		"unsigned: images.unsigned_hardware has to list their hardware type, e.g. 117c-4203.\n"
		"\n"
		"Example:\n"
		"  wakegate image import-index zigbee-OTA --dry-run\n",
	.options = import_index_options,
	.run = run_import_index,
};
