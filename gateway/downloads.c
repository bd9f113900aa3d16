#include "gateway/downloads.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/random.h"

#define IDLE_MS 60000

/* A download and what holds it together. Fetch and import only note what happened; the tick draws the conclusions. */
struct entry {
	struct download download;
	struct downloads *owner; /* NULL: nobody's any more, goes with the import's end */
	char text[MANIFEST_MAX + 1];
	int64_t give_up_at_ms;       /* monotonic */
	struct image_import *import; /* NULL also while only its end is awaited */
	bool awaited;
	const struct fetch_ops *ops;
	struct fetch *fetch;
	uint32_t begun_at; /* offset of the attempt's first byte */
	uint32_t skip;     /* bytes to come that we have */
	char etag[FETCH_ETAG_MAX + 1];
	bool announced;
	bool writable; /* the import stands and the fetch is yet to start */
	bool paused;
	bool resumed;      /* its bytes came in more than one attempt */
	bool started_over; /* once was enough */
	bool ending;       /* its import is being removed, the verdict is in the download already */
	bool restarting;   /* its import is being removed, to begin anew */
	bool fetch_ended;
	uint32_t retry_after_s;
	bool import_ended;
	int outcome; /* of the one that ended */
	char words[DOWNLOAD_SENTENCE_SIZE];
};

struct downloads {
	struct downloads_parts parts;
	struct entry *entries[DOWNLOADS_MAX];
	size_t count;
};

const char *download_state_name(enum download_state state)
{
	static const char *const names[] = { "waiting", "fetching", "judging", "complete", "failed" };

	return names[state];
}

static bool has_ended(const struct entry *entry)
{
	return entry->download.state == DOWNLOAD_COMPLETE || entry->download.state == DOWNLOAD_FAILED;
}

static bool is_active(const struct entry *entry)
{
	return entry->download.state == DOWNLOAD_FETCHING || entry->download.state == DOWNLOAD_JUDGING;
}

static void say(struct entry *entry, int result, const char *sentence)
{
	entry->download.result = result;
	snprintf(entry->download.sentence, sizeof(entry->download.sentence), "%s", sentence ? sentence : "");
}

static void announce(struct entry *entry)
{
	const struct downloads_parts *parts = &entry->owner->parts;

	parts->changed(parts->context, &entry->download);
}

/* ---- ends ---- */

static void end(struct entry *entry, enum download_state state)
{
	entry->download.state = state;
	announce(entry);
}

/* The import is told to end, and must not be touched again; its done() may come from within `tell`. */
static void end_import(struct entry *entry, void (*tell)(struct image_import *import))
{
	struct image_import *import = entry->import;

	entry->import = NULL;
	entry->awaited = true;
	tell(import);
}

/* For good: what is stored of it goes too. The verdict has been said. */
static void fail(struct entry *entry)
{
	if (entry->import) {
		entry->ending = true;
		end_import(entry, image_import_cancel);
		return;
	}
	(void)image_cache_remove(
		entry->owner->parts.cache, entry->download.manifest.sha256, true, (struct store_reply){ 0 });
	end(entry, DOWNLOAD_FAILED);
}

static void wait_until(struct entry *entry, int64_t due_ms)
{
	entry->download.state = DOWNLOAD_WAITING;
	entry->download.due_ms = due_ms;
}

/* The longest pause doubles with every attempt in a row that brought nothing; drawn from its upper half. */
static int64_t draw_pause(const struct entry *entry)
{
	const struct download_settings *settings = entry->owner->parts.settings;
	int64_t pause_ms = settings->backoff_least_ms;

	for (unsigned i = 1; i < entry->download.attempts && pause_ms < settings->backoff_most_ms; i++)
		pause_ms *= 2;
	if (pause_ms > settings->backoff_most_ms)
		pause_ms = settings->backoff_most_ms;
	pause_ms = pause_ms / 2 + (int64_t)random_below(entry->owner->parts.random, (uint64_t)(pause_ms / 2 + 1));
	int64_t wished_ms = (int64_t)entry->retry_after_s * 1000;
	if (wished_ms > settings->backoff_most_ms)
		wished_ms = settings->backoff_most_ms;
	return wished_ms > pause_ms ? wished_ms : pause_ms;
}

/* An attempt broke off; `words` say why. */
static void try_again(struct entry *entry, struct moment now)
{
	const struct download_settings *settings = entry->owner->parts.settings;
	bool progressed = entry->download.stored_bytes > entry->begun_at;

	say(entry, entry->outcome, entry->words);
	entry->resumed |= progressed;
	entry->download.attempts = progressed ? 0 : entry->download.attempts + 1;
	int64_t due_ms = now.monotonic_ms + draw_pause(entry);
	if (entry->download.attempts >= settings->attempts || due_ms > entry->give_up_at_ms) {
		fail(entry);
		return;
	}
	if (entry->import)
		image_import_suspend(entry->import);
	entry->import = NULL;
	wait_until(entry, due_ms);
}

/* From the first byte, for what is stored is of no use. */
static void start_over(struct entry *entry, struct moment now)
{
	entry->started_over = true;
	entry->resumed = false;
	entry->etag[0] = '\0';
	entry->download.stored_bytes = 0;
	wait_until(entry, now.monotonic_ms);
}

/* ---- what a fetch says ---- */

static int on_begin(void *context, uint32_t offset, const char *etag)
{
	struct entry *entry = context;
	bool changed = entry->etag[0] && etag && strcmp(etag, entry->etag) != 0;

	if (changed)
		return -ESTALE;
	entry->skip = entry->begun_at - offset;
	snprintf(entry->etag, sizeof(entry->etag), "%s", etag ? etag : "");
	return 0;
}

static int on_data(void *context, const void *data, size_t size)
{
	struct entry *entry = context;
	size_t skip = entry->skip < size ? entry->skip : size;
	int result = 0;

	if (!entry->import)
		return -ECANCELED;
	if (size > skip)
		result = image_import_write(entry->import, (const uint8_t *)data + skip, size - skip);
	entry->paused = result == -EAGAIN;
	if (result == -EAGAIN)
		return result;
	if (result < 0) {
		/* Its done() says why, or has said. */
		entry->awaited = entry->import && !entry->import_ended;
		entry->import = NULL;
		return -ECANCELED;
	}
	entry->skip -= (uint32_t)skip;
	entry->download.stored_bytes += (uint32_t)(size - skip);
	return 0;
}

static void note(struct entry *entry, int outcome, const char *words)
{
	entry->outcome = outcome;
	snprintf(entry->words, sizeof(entry->words), "%s", words ? words : "");
}

static void on_fetch_end(void *context, int result, uint32_t retry_after_s, const char *sentence)
{
	struct entry *entry = context;

	entry->fetch = NULL;
	entry->fetch_ended = true;
	entry->retry_after_s = retry_after_s;
	if (!entry->import_ended)
		note(entry, result, sentence);
}

/* ---- what an import says ---- */

static void on_writable(void *context, struct image_import *import)
{
	struct entry *entry = context;

	if (!entry->fetch)
		entry->writable = true;
	else if (entry->paused)
		entry->ops->resume(entry->fetch);
	entry->paused = false;
}

static void on_import_done(void *context, int result, const struct stored_image *image, const char *sentence)
{
	struct entry *entry = context;

	entry->import = NULL;
	entry->awaited = false;
	entry->import_ended = true;
	note(entry, result, sentence);
	if (!entry->owner)
		free(entry);
}

/* ---- attempts ---- */

static void choose_source(struct entry *entry, struct fetch_source **source)
{
	const struct downloads_parts *parts = &entry->owner->parts;
	bool over_mqtt = entry->download.manifest.scheme == MANIFEST_MQTT;

	entry->ops = over_mqtt ? parts->mqtt : parts->http;
	*source = over_mqtt ? parts->mqtt_source : parts->http_source;
}

static int start_fetch(struct entry *entry)
{
	const struct manifest *manifest = &entry->download.manifest;
	const struct fetch_host host = { .context = entry, .begin = on_begin, .data = on_data, .end = on_fetch_end };
	const struct fetch_request request = { .uri = manifest->uri,
		.sha256 = manifest->sha256,
		.size_bytes = manifest->size_bytes,
		.offset = entry->begun_at,
		.etag = entry->etag[0] ? entry->etag : NULL };
	struct fetch_source *source;

	choose_source(entry, &source);
	return entry->ops ? entry->ops->start(&entry->fetch, source, &request, &host) : -ENOTCONN;
}

/* The import stands: fetch what it lacks. */
static void fetch_rest(struct entry *entry, struct moment now)
{
	entry->writable = false;
	entry->begun_at = entry->download.stored_bytes = image_import_offset(entry->import);
	entry->resumed |= entry->begun_at > 0;
	if (entry->begun_at == entry->download.manifest.size_bytes) {
		entry->download.state = DOWNLOAD_JUDGING;
		end_import(entry, image_import_finish);
		return;
	}
	if (entry->begun_at == 0)
		entry->etag[0] = '\0';
	int result = start_fetch(entry);
	if (result == 0)
		return;
	note(entry, result, result == -ENOTCONN ? "there is no connection to the broker" : strerror(-result));
	try_again(entry, now);
}

static int begin_import(struct entry *entry, struct moment now, char *why)
{
	const struct manifest *manifest = &entry->download.manifest;
	const struct import_observer observer = { .context = entry, .writable = on_writable, .done = on_import_done };
	const struct image_claim claim = { .size_bytes = manifest->size_bytes,
		.name = manifest->name,
		.version = manifest->version,
		.hardware = manifest->hardware,
		.requires = manifest->requires,
		.signature = manifest->signature_size ? manifest->signature : NULL,
		.signature_size = manifest->signature_size,
		.origin = manifest->scheme == MANIFEST_MQTT ? "mqtt" : "http",
		.manifest = entry->text };
	struct image_claim whole = claim;

	memcpy(whole.sha256, manifest->sha256, sizeof(whole.sha256));
	return image_import_begin(entry->owner->parts.imports, &whole, &observer, now, &entry->import, why);
}

static void begin_attempt(struct entry *entry, struct moment now)
{
	char why[IMAGE_SENTENCE_SIZE] = "";

	entry->download.state = DOWNLOAD_FETCHING;
	entry->writable = entry->fetch_ended = entry->import_ended = entry->ending = false;
	entry->retry_after_s = 0;
	int result = begin_import(entry, now, why);
	switch (result) {
	case 0:
		if (!entry->announced)
			announce(entry);
		entry->announced = true;
		return;
	case -EEXIST:
		entry->download.stored_bytes = entry->download.manifest.size_bytes;
		say(entry, 0, "the image is here");
		end(entry, DOWNLOAD_COMPLETE);
		return;
	case -EALREADY:
	case -ENOBUFS:
		/* Somebody else imports it, or too much else: no attempt of ours was lost. */
		wait_until(entry, now.monotonic_ms + entry->owner->parts.settings->backoff_least_ms);
		return;
	default:
		say(entry, result, why);
		end(entry, DOWNLOAD_FAILED);
	}
}

/* ---- conclusions ---- */

static void conclude_import(struct entry *entry, struct moment now)
{
	entry->import_ended = false;
	if (entry->fetch)
		entry->ops->cancel(entry->fetch);
	entry->fetch = NULL;
	entry->fetch_ended = false;
	if (entry->outcome == 0) {
		say(entry, 0, "the image is here");
		end(entry, DOWNLOAD_COMPLETE);
	} else if (entry->ending) {
		end(entry, DOWNLOAD_FAILED);
	} else if (entry->restarting || (entry->outcome == -EBADMSG && entry->resumed && !entry->started_over)) {
		/* Pieces of two files make no image; one file may. */
		entry->restarting = false;
		start_over(entry, now);
	} else {
		say(entry, entry->outcome, entry->words);
		end(entry, DOWNLOAD_FAILED);
	}
}

/* Another attempt would end alike. */
static bool is_final(int outcome)
{
	return outcome == -EBADMSG || outcome == -EINVAL || outcome == -ENOTSUP || outcome == -ESTALE;
}

static void conclude_fetch(struct entry *entry, struct moment now)
{
	entry->fetch_ended = false;
	if (!entry->import)
		return; /* its own end is to come */
	if (entry->outcome == 0) {
		entry->download.state = DOWNLOAD_JUDGING;
		end_import(entry, image_import_finish);
	} else if (entry->outcome == -ESTALE && !entry->started_over) {
		entry->restarting = true;
		end_import(entry, image_import_cancel);
	} else if (is_final(entry->outcome)) {
		say(entry, entry->outcome, entry->words);
		fail(entry);
	} else {
		try_again(entry, now);
	}
}

static void conclude(struct entry *entry, struct moment now)
{
	if (entry->import_ended)
		conclude_import(entry, now);
	if (entry->fetch_ended)
		conclude_fetch(entry, now);
	/* An import may end while it is told to. */
	if (entry->import_ended)
		conclude_import(entry, now);
	if (entry->writable && entry->import)
		fetch_rest(entry, now);
	if (entry->download.state == DOWNLOAD_WAITING && now.monotonic_ms >= entry->give_up_at_ms) {
		say(entry, -ETIMEDOUT,
			entry->download.sentence[0] ? entry->download.sentence : "it did not come in time");
		fail(entry);
	}
}

static size_t count_active(const struct downloads *downloads)
{
	size_t count = 0;

	for (size_t i = 0; i < downloads->count; i++)
		count += is_active(downloads->entries[i]);
	return count;
}

int64_t downloads_tick(struct downloads *downloads, struct moment now)
{
	int64_t next_ms = IDLE_MS;

	for (size_t i = 0; i < downloads->count; i++)
		conclude(downloads->entries[i], now);
	for (size_t i = 0; i < downloads->count; i++) {
		struct entry *entry = downloads->entries[i];
		int64_t wait_ms = entry->download.due_ms - now.monotonic_ms;

		if (entry->download.state != DOWNLOAD_WAITING)
			continue;
		if (wait_ms <= 0 && count_active(downloads) < (size_t)downloads->parts.settings->concurrent)
			begin_attempt(entry, now);
		else if (wait_ms > 0 && wait_ms < next_ms)
			next_ms = wait_ms;
	}
	return next_ms;
}

/* ---- manifests ---- */

static struct entry *find(const struct downloads *downloads, const uint8_t sha256[32])
{
	for (size_t i = 0; i < downloads->count; i++)
		if (memcmp(downloads->entries[i]->download.manifest.sha256, sha256, 32) == 0)
			return downloads->entries[i];
	return NULL;
}

static void forget(struct downloads *downloads, size_t index)
{
	if (!downloads->entries[index]->awaited)
		free(downloads->entries[index]);
	downloads->count--;
	memmove(downloads->entries + index, downloads->entries + index + 1,
		(downloads->count - index) * sizeof(downloads->entries[0]));
}

/* Room for one more, at the cost of the oldest that has ended. */
static struct entry *add(struct downloads *downloads)
{
	for (size_t i = 0; downloads->count == DOWNLOADS_MAX && i < DOWNLOADS_MAX; i++)
		if (has_ended(downloads->entries[i]))
			forget(downloads, i);
	if (downloads->count == DOWNLOADS_MAX)
		return NULL;
	struct entry *entry = calloc(1, sizeof(*entry));
	if (entry)
		downloads->entries[downloads->count++] = entry;
	return entry;
}

/* The same manifest would fail again; a full disk or a server that is gone may have passed. */
static bool is_lasting(int verdict)
{
	return is_final(verdict) || verdict == -EKEYREJECTED || verdict == -EFBIG || verdict == -ECANCELED;
}

static void keep_text(struct entry *entry, const struct manifest *manifest, const void *data, size_t size)
{
	entry->download.manifest = *manifest;
	memcpy(entry->text, data, size);
	entry->text[size] = '\0';
}

static void begin_entry(struct entry *entry, struct downloads *downloads, struct moment now)
{
	entry->owner = downloads;
	entry->download.arrived_ms = now.wall_ms;
	entry->download.attempts = 0;
	entry->download.sentence[0] = '\0';
	entry->announced = entry->started_over = entry->resumed = false;
	entry->give_up_at_ms = now.monotonic_ms + downloads->parts.settings->deadline_ms;
	wait_until(entry, now.monotonic_ms);
}

int downloads_on_manifest(
	struct downloads *downloads, const void *data, size_t size, struct moment now, char *why, size_t why_size)
{
	struct manifest manifest;
	int result = manifest_parse(&manifest, data, size, why, why_size);

	if (result < 0)
		return result;
	if (manifest.scheme == MANIFEST_HTTP && !downloads->parts.settings->http.allow_plain) {
		snprintf(why, why_size, "uri: http:// is not allowed by download.allow_http");
		return -EBADMSG;
	}
	struct entry *entry = find(downloads, manifest.sha256);
	bool same = entry && strlen(entry->text) == size && memcmp(entry->text, data, size) == 0;
	if (same && entry->download.state == DOWNLOAD_FAILED && is_lasting(entry->download.result))
		return 0;
	bool anew = !entry || has_ended(entry);
	if (!entry && !(entry = add(downloads))) {
		snprintf(why, why_size, "%d manifests wait already", DOWNLOADS_MAX);
		return -ENOBUFS;
	}
	/* What is under way goes on with what it began with, but for the URI of its next attempt. */
	if (!is_active(entry) || manifest.size_bytes == entry->download.manifest.size_bytes)
		keep_text(entry, &manifest, data, size);
	if (anew)
		begin_entry(entry, downloads, now);
	return 0;
}

struct taking_up {
	struct downloads *downloads;
	struct moment now;
};

static void take_up(void *context, const struct stored_image *image)
{
	struct taking_up *taking_up = context;
	char why[DOWNLOAD_SENTENCE_SIZE];

	/* What cannot be taken up stays a partial image, the first to go when room is needed. */
	if (!image->complete && image->manifest[0])
		(void)downloads_on_manifest(taking_up->downloads, image->manifest, strlen(image->manifest),
			taking_up->now, why, sizeof(why));
}

void downloads_take_up(struct downloads *downloads, struct moment now)
{
	struct taking_up taking_up = { downloads, now };

	image_cache_each(downloads->parts.cache, take_up, &taking_up);
}

void downloads_on_connected(struct downloads *downloads, struct moment now)
{
	for (size_t i = 0; i < downloads->count; i++) {
		struct download *download = &downloads->entries[i]->download;

		if (download->state == DOWNLOAD_WAITING && download->manifest.scheme == MANIFEST_MQTT)
			download->due_ms = now.monotonic_ms;
	}
}

int downloads_cancel(struct downloads *downloads, const uint8_t sha256[32])
{
	struct entry *entry = find(downloads, sha256);

	if (!entry || has_ended(entry))
		return -ENOENT;
	if (entry->awaited)
		return -EBUSY;
	say(entry, -ECANCELED, "cancelled");
	if (entry->fetch)
		entry->ops->cancel(entry->fetch);
	entry->fetch = NULL;
	fail(entry);
	return 0;
}

const struct download *downloads_at(const struct downloads *downloads, size_t index)
{
	return index < downloads->count ? &downloads->entries[index]->download : NULL;
}

int downloads_open(struct downloads **out, const struct downloads_parts *parts)
{
	struct downloads *downloads = calloc(1, sizeof(*downloads));

	if (!downloads)
		return -ENOMEM;
	downloads->parts = *parts;
	*out = downloads;
	return 0;
}

void downloads_close(struct downloads *downloads)
{
	if (!downloads)
		return;
	while (downloads->count) {
		struct entry *entry = downloads->entries[0];

		if (entry->fetch)
			entry->ops->cancel(entry->fetch);
		if (entry->import)
			image_import_suspend(entry->import);
		entry->owner = NULL;
		forget(downloads, 0);
	}
	free(downloads);
}
