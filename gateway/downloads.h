/*
 * downloads: gets the images that manifests tell of: which now, from where, when again, and what became of it.
 *
 * A manifest is fetched into an import, at most `concurrent` at once, in the order they came. What is stored stays when
 * a fetch breaks off or the gateway stops, and the next attempt goes on there. It ends with a good image, with a
 * verdict that another attempt would not change, or when attempts without progress or time run out.
 */
#ifndef WAKEGATE_GATEWAY_DOWNLOADS_H
#define WAKEGATE_GATEWAY_DOWNLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/http_fetch.h"
#include "gateway/moment.h"
#include "protocols/manifest.h"

#define DOWNLOADS_MAX 16 /* manifests known: waiting, under way or, the oldest going first, ended */
#define DOWNLOAD_SENTENCE_SIZE 256

struct downloads;
struct image_cache;
struct image_imports;
struct random;
struct settings_table;

/* The settings group "download". */
struct download_settings {
	int64_t concurrent;
	int64_t attempts;    /* without progress, in a row */
	int64_t deadline_ms; /* from the manifest's arrival */
	int64_t backoff_least_ms;
	int64_t backoff_most_ms;
	struct http_options http;
};
extern const struct settings_table download_settings_table;

/* Waiting for its turn or its next attempt; bytes come; all bytes are here. */
enum download_state { DOWNLOAD_WAITING, DOWNLOAD_FETCHING, DOWNLOAD_JUDGING, DOWNLOAD_COMPLETE, DOWNLOAD_FAILED };

/* One download, as others see it. */
struct download {
	enum download_state state;
	struct manifest manifest;
	uint32_t stored_bytes;
	unsigned attempts;                     /* without progress, in a row */
	int64_t arrived_ms;                    /* wall clock */
	int64_t due_ms;                        /* monotonic: the next attempt, while waiting */
	int result;                            /* of the last attempt, or the verdict */
	char sentence[DOWNLOAD_SENTENCE_SIZE]; /* to that result, for a person */
};

struct downloads_parts {
	const struct download_settings *settings;
	struct image_imports *imports;
	struct image_cache *cache;
	struct random *random;
	const struct fetch_ops *http; /* for http: and https: */
	struct fetch_source *http_source;
	const struct fetch_ops *mqtt; /* for mqtt:; NULL: no uplink */
	struct fetch_source *mqtt_source;
	void *context;
	/* A download began (DOWNLOAD_FETCHING, once), is complete or failed. */
	void (*changed)(void *context, const struct download *download);
};

/* All parts outlive it. -ENOMEM. */
int downloads_open(struct downloads **out, const struct downloads_parts *parts);

/* Takes up the partial images that a former run of the gateway left. */
void downloads_take_up(struct downloads *downloads, struct moment now);

/* A manifest came: `size` bytes of JSON. The same again while it waits renews its URI; the same text again after a
 * verdict is passed over. 0; -EBADMSG, -EMSGSIZE, -ENOBUFS with a sentence in `why`. */
int downloads_on_manifest(
	struct downloads *downloads, const void *data, size_t size, struct moment now, char *why, size_t why_size);

/* A session with the broker stands: what waits to come over MQTT is due. */
void downloads_on_connected(struct downloads *downloads, struct moment now);

/* Gives it up, with what is stored of it. -ENOENT; -EBUSY: it is being judged. */
int downloads_cancel(struct downloads *downloads, const uint8_t sha256[32]);

/* What is due, for the ticker (eager): milliseconds until it wants to be called again. */
int64_t downloads_tick(struct downloads *downloads, struct moment now);

/* The one at `index`, in the order of arrival, or NULL. Borrowed until the next call. */
const struct download *downloads_at(const struct downloads *downloads, size_t index);

/* "waiting", "fetching", "judging", "complete", "failed". */
const char *download_state_name(enum download_state state);

/* Suspends what is under way. NULL is fine. Before the imports are closed. */
void downloads_close(struct downloads *downloads);

#endif
