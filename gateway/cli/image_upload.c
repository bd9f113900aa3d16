#include "gateway/cli/image_upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/field.h"
#include "gateway/cli/mapped_file.h"
#include "gateway/cli/progress.h"
#include "gateway/control.h"
#include "gateway/digest.h"
#include "gateway/moment.h"
#include "gateway/signature.h"
#include "protocols/base64.h"
#include "protocols/hex.h"

#define PIECE_SIZE (128 * 1024)
#define SHA256_SIZE 32

/* Adds the signature to the request: the one named, or the one beside the image. */
static int add_signature(const struct cli *cli, const struct image_upload *upload, json_t *request)
{
	char beside[4096], text[BASE64_TEXT_SIZE(SIGNATURE_MAX)];
	const char *path = upload->signature_path;
	struct mapped_file file;

	if (!path) {
		int size = snprintf(beside, sizeof(beside), "%s.sig", upload->path);
		if (size >= (int)sizeof(beside) || access(beside, F_OK) < 0)
			return CLI_OK;
		path = beside;
	}
	int code = mapped_file_open(cli, path, SIGNATURE_MAX, &file);
	if (code != CLI_OK)
		return code;
	base64_write(text, file.data, file.size);
	(void)json_object_set_new(request, "signature", json_string(text));
	mapped_file_close(&file);
	return CLI_OK;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int begin(struct cli *cli, const struct image_upload *upload, const struct mapped_file *file, json_t **result)
{
	uint8_t sha256[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	digest_compute(DIGEST_SHA256, file->data, file->size, sha256);
	hex_print(hex, sha256, sizeof(sha256));
	json_t *request = json_pack("{s:s, s:s, s:I, s:s, s:s*, s:s*, s:s*, s:s*}", "command", "image.upload", "name",
		upload->name ? upload->name : file_name(upload->path), "size", (json_int_t)file->size, "sha256", hex,
		"hardware", upload->hardware, "version", upload->version, "requires", upload->requires, "only_for",
		upload->only_for);
	int code = add_signature(cli, upload, request);
	if (code == CLI_OK)
		return ask(cli, request, result);
	json_decref(request);
	return code;
}

/* Sends one piece and waits for the word that it was taken; *offset goes on. */
static int send_piece(struct cli *cli, const struct mapped_file *file, int64_t upload, size_t *offset)
{
	size_t left = file->size - *offset;
	const struct control_bytes piece = { file->data + *offset, left < PIECE_SIZE ? left : PIECE_SIZE };
	json_t *request = json_pack("{s:s, s:I, s:I}", "command", "image.upload.data", "upload", (json_int_t)upload,
		"offset", (json_int_t)*offset);
	json_t *result;
	int code = ask_with_bytes(cli, request, &piece, &result);

	if (code != CLI_OK)
		return code;
	*offset = (size_t)field_number(result, "offset");
	json_decref(result);
	return *offset <= file->size ? CLI_OK : cli_fail(cli, CLI_FAILED, "the daemon asks for more than there is");
}

static int64_t now_ms(void)
{
	return clock_moment(&machine_clock).monotonic_ms;
}

static int send_pieces(struct cli *cli, const struct mapped_file *file, int64_t upload, size_t offset)
{
	struct progress progress;
	bool shown = !cli->json;
	int code = CLI_OK;

	if (shown)
		progress_begin(&progress, "sending", offset, file->size, now_ms());
	while (code == CLI_OK && offset < file->size) {
		code = send_piece(cli, file, upload, &offset);
		if (shown)
			progress_show(&progress, offset, now_ms());
	}
	if (shown)
		progress_end(&progress, offset, now_ms());
	return code;
}

static int carry(struct cli *cli, const struct image_upload *upload, const struct mapped_file *file, json_t **result)
{
	json_t *begun;
	int code = begin(cli, upload, file, &begun);

	if (code != CLI_OK)
		return code;
	if (json_object_get(begun, "image")) {
		*result = begun; /* it is there already */
		return CLI_OK;
	}
	int64_t number = field_number(begun, "upload"), offset = field_number(begun, "offset");
	json_decref(begun);
	code = send_pieces(cli, file, number, (size_t)offset);
	if (code != CLI_OK)
		return code;
	return ask(
		cli, json_pack("{s:s, s:I}", "command", "image.upload.finish", "upload", (json_int_t)number), result);
}

int image_upload(struct cli *cli, const struct image_upload *upload, json_t **result)
{
	struct mapped_file file;
	int code = mapped_file_open(cli, upload->path, IMAGE_UPLOAD_MAX, &file);

	if (code != CLI_OK)
		return code;
	code = carry(cli, upload, &file, result);
	mapped_file_close(&file);
	return code;
}
