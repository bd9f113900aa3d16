#include "gateway/control_uploads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control_describe.h"
#include "gateway/control_log.h"
#include "gateway/control_request.h"
#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/signature.h"
#include "protocols/base64.h"
#include "protocols/hex.h"

#define ASKER_SIZE 16

/* One upload, between whose requests the client computes and reads. */
struct upload {
	struct control_uploads *owner;
	int64_t number;              /* 0: free */
	struct image_import *import; /* NULL: it is over */
	bool finishing;
	struct control_request *waiting; /* its answer depends on the import */
	uint8_t *piece;                  /* of `waiting`, not yet taken by the import */
	size_t piece_size;
	int64_t heard_ms;
	char asker[ASKER_SIZE];
	int result; /* where it is over and nobody has been told yet */
	char sentence[IMAGE_SENTENCE_SIZE];
};

struct control_uploads {
	struct control_uploads_parts parts;
	struct upload uploads[CONTROL_UPLOADS_MAX];
	int64_t last_number;
};

static void upload_free(struct upload *upload)
{
	free(upload->piece);
	*upload = (struct upload){ 0 };
}

static void drop_piece(struct upload *upload)
{
	free(upload->piece);
	upload->piece = NULL;
	upload->piece_size = 0;
}

/* Stops without a verdict; what is stored stays for the next upload of the same image. */
static void suspend(struct upload *upload)
{
	if (upload->import && upload->finishing)
		return; /* the import's own end frees it */
	if (upload->import)
		image_import_suspend(upload->import);
	upload_free(upload);
}

static void on_client_gone(void *context)
{
	struct upload *upload = context;

	upload->waiting = NULL;
	suspend(upload);
}

static void wait_for_import(struct upload *upload, struct control_request *request)
{
	upload->waiting = request;
	control_on_cancel(request, on_client_gone, upload);
}

static struct control_request *take_waiting(struct upload *upload)
{
	struct control_request *request = upload->waiting;

	upload->waiting = NULL;
	return request;
}

static void answer_offset(struct upload *upload)
{
	struct control_request *request = take_waiting(upload);

	if (request)
		control_done(request, json_pack("{s:I, s:I}", "upload", (json_int_t)upload->number, "offset",
					      (json_int_t)image_import_offset(upload->import)));
}

/* Hands the piece on; its request is answered when the import has taken it, or by on_done(). */
static void write_piece(struct upload *upload)
{
	if (image_import_write(upload->import, upload->piece, upload->piece_size) != 0)
		return; /* it says writable() when it can, or done() */
	drop_piece(upload);
	answer_offset(upload);
}

static void on_writable(void *context, struct image_import *import)
{
	struct upload *upload = context;

	if (upload->piece)
		write_piece(upload);
	else
		answer_offset(upload);
}

static void tell_end(struct upload *upload, const struct stored_image *image)
{
	struct control_request *request = take_waiting(upload);

	if (upload->result == 0)
		control_done(request, json_pack("{s:o}", "image", describe_image(image)));
	else
		control_fail(
			request, upload->result == -EKEYREJECTED ? -EACCES : upload->result, "%s", upload->sentence);
	upload_free(upload);
}

static void on_done(void *context, int result, const struct stored_image *image, const char *sentence)
{
	struct upload *upload = context;
	const struct control_uploads_parts *parts = &upload->owner->parts;

	upload->import = NULL;
	upload->result = result;
	snprintf(upload->sentence, sizeof(upload->sentence), "%s", sentence ? sentence : "");
	if (result == 0)
		control_note(parts->store, clock_moment(parts->clock), "image.added", image->name, upload->asker);
	if (upload->waiting)
		tell_end(upload, image);
	else if (upload->finishing)
		upload_free(upload);
	/* Otherwise the next request about it is told. */
}

static struct upload *find_upload(struct control_uploads *owner, int64_t number)
{
	for (size_t i = 0; i < CONTROL_UPLOADS_MAX; i++)
		if (owner->uploads[i].number == number)
			return &owner->uploads[i];
	return NULL;
}

static const struct control_argument upload_arguments[] = {
	{ "name", CONTROL_TEXT, true, "the file's name" },
	{ "size", CONTROL_INTEGER, true, "bytes" },
	{ "sha256", CONTROL_TEXT, true, "64 hexadecimal digits" },
	{ "hardware", CONTROL_TEXT, false, "the type of node it is for" },
	{ "version", CONTROL_TEXT, false, "its version" },
	{ "requires", CONTROL_TEXT, false, "version that a node must run at least before it gets the image" },
	{ "only_for", CONTROL_TEXT, false, "for which Zigbee nodes of that type, a JSON object as text" },
	{ "signature", CONTROL_TEXT, false, "a detached signature over the file, in base64" },
	{ 0 },
};

/* Reads what the request claims; `signature` has SIGNATURE_MAX bytes. 0, or -EINVAL, having answered. */
static int read_claim(struct control_request *request, struct image_claim *claim, uint8_t *signature)
{
	const char *digest = control_text(request, "sha256"), *text = control_text(request, "signature");
	int64_t size = control_integer(request, "size", 0);
	int signature_size = text ? base64_parse(signature, SIGNATURE_MAX, text, strlen(text)) : 0;

	*claim = (struct image_claim){
		.size_bytes = (uint32_t)size,
		.name = control_text(request, "name"),
		.version = control_text(request, "version"),
		.hardware = control_text(request, "hardware"),
		.requires = control_text(request, "requires"),
		.only_for = control_text(request, "only_for"),
		.signature = text ? signature : NULL,
		.origin = "file",
	};
	if (strlen(digest) != 64 || hex_parse(claim->sha256, digest, 64) < 0) {
		control_fail(request, -EINVAL, "\"sha256\" must be 64 hexadecimal digits");
		return -EINVAL;
	}
	if (size < 1 || size > UINT32_MAX) {
		control_fail(request, -EFBIG, "an image has 1 to %u bytes, not %lld", UINT32_MAX, (long long)size);
		return -EINVAL;
	}
	if (signature_size < 0) {
		control_fail(request, -EINVAL, "\"signature\" must be base64 of at most %d bytes", SIGNATURE_MAX);
		return -EINVAL;
	}
	claim->signature_size = (size_t)signature_size;
	return 0;
}

static void begin_upload(struct control_uploads *owner, struct upload *upload, struct control_request *request,
	const struct image_claim *claim)
{
	struct moment now = clock_moment(owner->parts.clock);
	const struct import_observer observer = { .context = upload, .writable = on_writable, .done = on_done };
	char why[IMAGE_SENTENCE_SIZE];

	*upload = (struct upload){ .owner = owner, .heard_ms = now.monotonic_ms, .number = ++owner->last_number };
	snprintf(upload->asker, sizeof(upload->asker), "%s", control_asker_name(request));
	int result = image_import_begin(owner->parts.imports, claim, &observer, now, &upload->import, why);
	if (result == 0) {
		wait_for_import(upload, request);
		return;
	}
	upload_free(upload);
	const struct stored_image *there = image_cache_find(owner->parts.images, claim->sha256);
	if (result == -EEXIST && there)
		control_done(request, json_pack("{s:o, s:b}", "image", describe_image(there), "exists", 1));
	else
		control_fail(request, result, "%s", why);
}

static void handle_upload(void *context, struct control_request *request)
{
	struct control_uploads *owner = context;
	struct upload *upload = find_upload(owner, 0);
	uint8_t signature[SIGNATURE_MAX];
	struct image_claim claim;

	if (read_claim(request, &claim, signature) < 0)
		return;
	if (!upload) {
		control_fail(request, -EBUSY, "%d uploads are under way already", CONTROL_UPLOADS_MAX);
		return;
	}
	begin_upload(owner, upload, request, &claim);
}

/* The upload that the request goes on with, or NULL, having answered. */
static struct upload *go_on(struct control_uploads *owner, struct control_request *request)
{
	int64_t number = control_integer(request, "upload", 0);
	struct upload *upload = number > 0 ? find_upload(owner, number) : NULL;

	if (!upload) {
		control_fail(request, -ENOENT, "there is no upload %lld", (long long)number);
		return NULL;
	}
	if (upload->waiting || upload->finishing) {
		control_fail(request, -EBUSY, "the request before about this upload is not answered yet");
		return NULL;
	}
	upload->heard_ms = clock_moment(owner->parts.clock).monotonic_ms;
	if (upload->import)
		return upload;
	upload->waiting = request;
	tell_end(upload, NULL);
	return NULL;
}

static const struct control_argument data_arguments[] = {
	{ "upload", CONTROL_INTEGER, true, "as answered to image.upload" },
	{ "offset", CONTROL_INTEGER, true, "where the bytes belong: as answered last" },
	{ 0 },
};

static void handle_data(void *context, struct control_request *request)
{
	struct upload *upload = go_on(context, request);
	struct control_bytes bytes = control_request_bytes(request);

	if (!upload)
		return;
	if (bytes.size == 0 || bytes.size > CONTROL_UPLOAD_PIECE_MAX) {
		control_fail(request, -EINVAL, "a piece has 1 to %d bytes", CONTROL_UPLOAD_PIECE_MAX);
		return;
	}
	if (control_integer(request, "offset", 0) != image_import_offset(upload->import)) {
		control_fail(
			request, -EINVAL, "the next piece belongs at offset %u", image_import_offset(upload->import));
		return;
	}
	upload->piece = malloc(bytes.size);
	if (!upload->piece) {
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	memcpy(upload->piece, bytes.data, bytes.size);
	upload->piece_size = bytes.size;
	wait_for_import(upload, request);
	write_piece(upload);
}

static const struct control_argument number_arguments[] = {
	{ "upload", CONTROL_INTEGER, true, "as answered to image.upload" },
	{ 0 },
};

static void handle_finish(void *context, struct control_request *request)
{
	struct upload *upload = go_on(context, request);

	if (!upload)
		return;
	upload->finishing = true;
	wait_for_import(upload, request);
	image_import_finish(upload->import);
}

static void handle_cancel(void *context, struct control_request *request)
{
	struct upload *upload = go_on(context, request);

	if (!upload)
		return;
	upload->finishing = true; /* nobody waits for its end */
	image_import_cancel(upload->import);
	control_done(request, NULL);
}

static const struct control_command commands[] = {
	{ "image.upload", "begins to take an image, or goes on with a partial one", upload_arguments, 0,
		handle_upload },
	{ "image.upload.data", "takes the next piece of an image, the bytes beside the JSON", data_arguments,
		CONTROL_BYTES | CONTROL_READS, handle_data },
	{ "image.upload.finish", "judges the image and keeps or refuses it", number_arguments, 0, handle_finish },
	{ "image.upload.cancel", "stops an upload and removes what was stored", number_arguments, 0, handle_cancel },
};

int control_uploads_open(
	struct control_uploads **out, struct control *control, const struct control_uploads_parts *parts)
{
	struct control_uploads *uploads = calloc(1, sizeof(*uploads));

	if (!uploads)
		return -ENOMEM;
	uploads->parts = *parts;
	int result = control_register(control, commands, sizeof(commands) / sizeof(commands[0]), uploads);
	if (result < 0) {
		free(uploads);
		return result;
	}
	*out = uploads;
	return 0;
}

int64_t control_uploads_tick(void *context, struct moment now)
{
	struct control_uploads *uploads = context;

	for (size_t i = 0; i < CONTROL_UPLOADS_MAX; i++) {
		struct upload *upload = &uploads->uploads[i];
		bool silent = now.monotonic_ms - upload->heard_ms > CONTROL_UPLOAD_SILENCE_MS;
		if (upload->number && !upload->waiting && silent)
			suspend(upload);
	}
	return CONTROL_UPLOAD_SILENCE_MS / 4;
}

void control_uploads_close(struct control_uploads *uploads)
{
	if (!uploads)
		return;
	for (size_t i = 0; i < CONTROL_UPLOADS_MAX; i++)
		if (uploads->uploads[i].number)
			suspend(&uploads->uploads[i]);
	free(uploads);
}
