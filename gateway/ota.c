#include "gateway/ota.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/http_fetch.h"
#include "drivers/uplink.h"
#include "gateway/block_fetch.h"
#include "gateway/control.h"
#include "gateway/control_request.h"
#include "gateway/downloads.h"
#include "gateway/log.h"
#include "gateway/topics.h"
#include "gateway/upstream.h"
#include "protocols/hex.h"

struct ota {
	struct ota_parts parts;
	struct downloads *downloads;
	struct fetch_source *http;
	struct fetch_source *blocks;
	struct upstream_client client;
};

/* ---- results ---- */

static json_t *describe(const struct download *download)
{
	const struct manifest *manifest = &download->manifest;
	char sha256[65];

	hex_print(sha256, manifest->sha256, 32);
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "state", download_state_name(download->state),
		"sha256", sha256, "version", manifest->version, "hardware", manifest->hardware, "name", manifest->name,
		"size_bytes", (json_int_t)manifest->size_bytes, "stored_bytes", (json_int_t)download->stored_bytes);
	if (object && download->result < 0) {
		json_object_set_new(object, "code", json_string(control_code(download->result)));
		json_object_set_new(object, "message", json_string(download->sentence));
	}
	return object;
}

char *ota_result_text(const struct download *download)
{
	json_t *object = describe(download);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

/* Takes the text. */
static void send_result(struct ota *ota, char *text)
{
	int result =
		text ? upstream_send(ota->parts.upstream, &(struct uplink_message){ .topic = ota->parts.topics->results,
								  .payload = text,
								  .size = strlen(text),
								  .content_type = "application/json",
								  .quality = 1 })
		     : -ENOMEM;

	if (result < 0)
		log_warning("download.result_lost reason=\"%s\"", strerror(-result));
	free(text);
}

static void on_changed(void *context, const struct download *download)
{
	const struct manifest *manifest = &download->manifest;
	char head[17], why[LOG_QUOTED_SIZE], uri[MANIFEST_URI_MAX + 1];

	hex_print(head, manifest->sha256, 8);
	manifest_shown_uri(manifest, uri);
	if (download->state == DOWNLOAD_FAILED)
		log_error("download.failed image=%s version=%s reason=%s", head, manifest->version,
			log_quote(why, sizeof(why), download->sentence));
	else if (download->state == DOWNLOAD_COMPLETE)
		log_notice("download.complete image=%s version=%s bytes=%u", head, manifest->version,
			manifest->size_bytes);
	else
		log_notice("download.begun image=%s version=%s uri=%s", head, manifest->version, uri);
	send_result(context, ota_result_text(download));
}

/* ---- what comes from upstream ---- */

static void refuse_manifest(struct ota *ota, int result, const char *why)
{
	json_t *answer = json_pack("{s:s,s:s,s:s}", "state", "refused", "code", control_code(result), "message", why);
	char quoted[LOG_QUOTED_SIZE];

	log_error("manifest.refused reason=%s", log_quote(quoted, sizeof(quoted), why));
	send_result(ota, answer ? json_dumps(answer, JSON_COMPACT) : NULL);
	json_decref(answer);
}

static void on_message(void *context, const struct uplink_message *message, struct moment now)
{
	struct ota *ota = context;
	char why[DOWNLOAD_SENTENCE_SIZE];

	if (strncmp(message->topic, ota->parts.topics->blocks, strlen(ota->parts.topics->blocks)) == 0) {
		block_source_on_message(ota->blocks, message, now);
		return;
	}
	/* A retained manifest is taken back with nothing. */
	if (strcmp(message->topic, ota->parts.topics->manifests) != 0 || message->size == 0)
		return;
	int result = downloads_on_manifest(ota->downloads, message->payload, message->size, now, why, sizeof(why));
	if (result < 0)
		refuse_manifest(ota, result, why);
}

static void on_connected(void *context, unsigned window, struct moment now)
{
	struct ota *ota = context;

	block_source_on_session(ota->blocks, true, now);
	downloads_on_connected(ota->downloads, now);
}

static void on_disconnected(void *context, struct moment now)
{
	struct ota *ota = context;

	block_source_on_session(ota->blocks, false, now);
}

static int publish_request(void *context, const struct uplink_message *message)
{
	struct ota *ota = context;

	return upstream_publish(ota->parts.upstream, message, UPSTREAM_OTA_TICKETS);
}

/* ---- commands ---- */

static void handle_list(void *context, struct control_request *request)
{
	struct ota *ota = context;
	json_t *list = json_array();
	const struct download *download;

	for (size_t i = 0; (download = downloads_at(ota->downloads, i)); i++) {
		json_t *object = describe(download);

		json_object_set_new(object, "uri", json_string(download->manifest.uri));
		json_object_set_new(object, "attempts", json_integer(download->attempts));
		json_object_set_new(object, "arrived_ms", json_integer(download->arrived_ms));
		json_array_append_new(list, object);
	}
	control_done(request, json_pack("{s:o}", "downloads", list));
}

static const struct control_argument cancel_arguments[] = {
	{ "sha256", CONTROL_TEXT, true, "the image's whole digest in hex" },
	{ 0 },
};

static void handle_cancel(void *context, struct control_request *request)
{
	struct ota *ota = context;
	const char *text = control_text(request, "sha256");
	uint8_t sha256[32];

	if (strlen(text) != 64 || hex_parse(sha256, text, 64) < 0) {
		control_fail(request, -EINVAL, "sha256 has 64 hexadecimal digits");
		return;
	}
	int result = downloads_cancel(ota->downloads, sha256);
	if (result < 0)
		control_fail(request, result, "%s",
			result == -ENOENT ? "there is no such download" : "the image is being judged");
	else
		control_done(request, NULL);
}

static const struct control_command commands[] = {
	{ .name = "download.list",
		.summary = "images that manifests told of: waiting, coming, complete or failed",
		.flags = CONTROL_REMOTE | CONTROL_READS,
		.handle = handle_list },
	{ .name = "download.cancel",
		.summary = "give up a download and what is stored of it",
		.arguments = cancel_arguments,
		.flags = CONTROL_REMOTE,
		.handle = handle_cancel },
};

int ota_register(struct ota *ota, struct control *control)
{
	return control_register(control, commands, sizeof(commands) / sizeof(commands[0]), ota);
}

/* ---- opening and closing ---- */

int ota_take_manifest(struct ota *ota, const char *text, struct moment now, char *why, size_t why_size)
{
	return downloads_on_manifest(ota->downloads, text, strlen(text), now, why, why_size);
}

int64_t ota_tick(struct ota *ota, struct moment now)
{
	int64_t blocks_ms = block_source_tick(ota->blocks, now);
	int64_t downloads_ms = downloads_tick(ota->downloads, now);

	return blocks_ms < downloads_ms ? blocks_ms : downloads_ms;
}

static int open_sources(struct ota *ota)
{
	const struct block_source_parts parts = {
		.settings = ota->parts.blocks, .topics = ota->parts.topics, .publish = publish_request, .context = ota
	};
	int result = http_source_open(&ota->http, ota->parts.loop, &ota->parts.downloads->http);

	return result < 0 ? result : block_source_open(&ota->blocks, &parts);
}

static int open_downloads(struct ota *ota)
{
	const struct downloads_parts parts = { .settings = ota->parts.downloads,
		.imports = ota->parts.imports,
		.cache = ota->parts.cache,
		.random = ota->parts.random,
		.http = &http_fetch,
		.http_source = ota->http,
		.mqtt = &block_fetch,
		.mqtt_source = ota->blocks,
		.context = ota,
		.changed = on_changed };

	return downloads_open(&ota->downloads, &parts);
}

int ota_open(struct ota **out, const struct ota_parts *parts, struct moment now)
{
	struct ota *ota = calloc(1, sizeof(*ota));
	int result;

	if (!ota)
		return -ENOMEM;
	ota->parts = *parts;
	ota->client = (struct upstream_client){ .tickets = UPSTREAM_OTA_TICKETS,
		.context = ota,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.prefix = parts->topics->manifests,
		.message = on_message };
	if ((result = open_sources(ota)) < 0 || (result = open_downloads(ota)) < 0)
		goto fail;
	downloads_take_up(ota->downloads, now);
	if ((result = upstream_attach(parts->upstream, &ota->client)) < 0)
		goto fail;
	*out = ota;
	return 0;
fail:
	ota_close(ota);
	return result;
}

void ota_close(struct ota *ota)
{
	if (!ota)
		return;
	downloads_close(ota->downloads);
	block_source_close(ota->blocks);
	http_source_close(ota->http);
	free(ota);
}
