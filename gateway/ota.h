/*
 * ota: firmware from upstream: manifests in, images fetched over HTTP or in blocks over MQTT, results told.
 *
 * It puts downloads, http_fetch and block_fetch together and speaks for them on the topics `manifests` and below.
 */
#ifndef WAKEGATE_GATEWAY_OTA_H
#define WAKEGATE_GATEWAY_OTA_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

struct block_settings;
struct control;
struct download;
struct download_settings;
struct image_cache;
struct image_imports;
struct ota;
struct random;
struct topics;
struct upstream;
struct uv_loop_s;

/* All outlive it. */
struct ota_parts {
	struct uv_loop_s *loop;
	const struct download_settings *downloads;
	const struct block_settings *blocks;
	const struct topics *topics;
	struct upstream *upstream;
	struct image_imports *imports;
	struct image_cache *cache;
	struct random *random;
};

/* Takes up the downloads that a former run left, and attaches itself to `upstream`. -ENOMEM, -ENOBUFS. */
int ota_open(struct ota **out, const struct ota_parts *parts, struct moment now);

/* As control_register(): download.list, download.cancel. */
int ota_register(struct ota *ota, struct control *control);

/* A manifest that came by another way, with a terminator; `why` has a sentence where it is refused. As
 * downloads_on_manifest(). */
int ota_take_manifest(struct ota *ota, const char *text, struct moment now, char *why, size_t why_size);

/* For the ticker, eager. */
int64_t ota_tick(struct ota *ota, struct moment now);

/* What a result says, as docs/mqtt.md describes it; to be freed, NULL if there is no memory. */
char *ota_result_text(const struct download *download);

/* Suspends what is under way. NULL is fine. After upstream_close(), before image_imports_close(). */
void ota_close(struct ota *ota);

#endif
