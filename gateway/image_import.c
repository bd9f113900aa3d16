#include "gateway/image_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/image_cache.h"
#include "gateway/log.h"
#include "protocols/hex.h"
#include "store/image_store.h"

/* Bytes that may be on their way to the disk; a faster source is held back. */
#define UNSTORED_MAX (4 * IMAGE_CHUNK_SIZE)
#define FORMAT_SIZE 33
#define SIGNATURE_SIZE 512

enum import_state {
	IMPORT_BEGINNING, /* the store makes the partial image */
	IMPORT_RESUMING,  /* what is stored of it is read back */
	IMPORT_RECEIVING,
	IMPORT_COMPLETING, /* judged good; the rest is being stored */
	IMPORT_REMOVING,   /* failed: `result` and `sentence` */
	IMPORT_SUSPENDED,
};

struct image_import {
	struct image_import *next;
	struct image_imports *owner; /* NULL once they are closed */
	struct store *store;
	enum import_state state;
	struct import_observer observer;
	struct stored_image record;
	char format[FORMAT_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
	size_t signature_size;
	uint8_t *bytes;
	uint32_t received;  /* in memory, hashed */
	uint32_t submitted; /* handed to the store */
	uint32_t durable;
	unsigned pending; /* replies to come from the store; it is not freed before */
	bool blocked;     /* write() said -EAGAIN */
	bool begun_anew;  /* after the rest of an import whose removal had failed */
	bool completing;  /* the store was told to complete it */
	struct digest *sha256, *sha1;
	int result;
	char sentence[IMAGE_SENTENCE_SIZE];
};

struct image_imports {
	struct image_imports_options options;
	struct image_import *first;
	int64_t count;
};

int image_imports_open(struct image_imports **out, const struct image_imports_options *options)
{
	struct image_imports *imports = calloc(1, sizeof(*imports));

	if (!imports)
		return -ENOMEM;
	imports->options = *options;
	*out = imports;
	return 0;
}

void image_imports_set_policy(struct image_imports *imports, const struct image_policy *policy)
{
	imports->options.policy = policy;
}

static void unlink_import(struct image_import *import)
{
	struct image_imports *owner = import->owner;

	if (!owner)
		return;
	for (struct image_import **at = &owner->first; *at; at = &(*at)->next) {
		if (*at != import)
			continue;
		*at = import->next;
		owner->count--;
		break;
	}
	import->owner = NULL;
}

static void free_import(struct image_import *import)
{
	unlink_import(import);
	digest_close(import->sha256);
	digest_close(import->sha1);
	free(import->bytes);
	free(import);
}

static void name_import(const struct image_import *import, char name[IMAGE_NAME_SIZE])
{
	hex_print(name, import->record.sha256, (IMAGE_NAME_SIZE - 1) / 2);
}

/* Tells the end and frees. */
static void tell_end(struct image_import *import)
{
	struct import_observer observer = import->observer;
	const struct stored_image *image = import->result == 0 ? &import->record : NULL;
	char name[IMAGE_NAME_SIZE], why[LOG_QUOTED_SIZE];

	name_import(import, name);
	if (import->result == 0)
		log_notice("image.stored image=%s format=%s hardware=%s version=%s size=%u signer=%s origin=%s", name,
			import->record.format, import->record.hardware, import->record.version,
			import->record.size_bytes, import->record.signer, import->record.origin);
	else
		log_warning("image.refused image=%s origin=%s reason=%s", name, import->record.origin,
			log_quote(why, sizeof(why), import->sentence));
	unlink_import(import);
	if (observer.done)
		observer.done(observer.context, import->result, image, import->sentence);
	free_import(import);
}

/* Ends what waited for the store's last reply. */
static void settle(struct image_import *import)
{
	if (import->pending > 0)
		return;
	if (import->state == IMPORT_REMOVING) {
		tell_end(import);
		return;
	}
	if (import->state != IMPORT_SUSPENDED)
		return;
	if (import->owner)
		image_cache_end(import->owner->options.cache, import->record.sha256, NULL);
	free_import(import);
}

static void on_removed(void *context, int result)
{
	struct image_import *import = context;
	char name[IMAGE_NAME_SIZE];

	import->pending--;
	if (result < 0 && result != -ENOENT) {
		name_import(import, name);
		log_error("image.remove_failed image=%s error=\"%s\"", name, strerror(-result));
	}
	settle(import);
}

/* Removes what is stored, and ends with `result` and the sentence once that is done; perhaps at once. */
static void fail(struct image_import *import, int result, const char *sentence)
{
	struct store_reply reply = { .done = on_removed, .context = import };

	import->state = IMPORT_REMOVING;
	import->result = result;
	snprintf(import->sentence, sizeof(import->sentence), "%s", sentence);
	free(import->bytes);
	import->bytes = NULL;
	if (import->owner)
		image_cache_drop(import->owner->options.cache, import->record.sha256);
	import->pending++;
	int submitted = store_image_remove(import->store, import->record.sha256, reply);
	if (submitted < 0)
		on_removed(import, submitted);
}

static void fail_for_store(struct image_import *import, int result)
{
	char sentence[IMAGE_SENTENCE_SIZE];

	if (result == -ENOSPC)
		snprintf(sentence, sizeof(sentence), "there is no room on the disk for the %u bytes of the image",
			import->record.size_bytes);
	else
		snprintf(sentence, sizeof(sentence), "the image could not be stored: %s", strerror(-result));
	fail(import, result, sentence);
}

static void tell_writable(struct image_import *import)
{
	import->blocked = false;
	import->observer.writable(import->observer.context, import);
}

static int start_storing(struct image_import *import);

/* The catalogue did not know the image but the store does: a disk that failed could not remove it. */
static int begin_anew(struct image_import *import)
{
	struct store_reply nobody = { 0 };

	if (import->begun_anew)
		return -EEXIST;
	import->begun_anew = true;
	int result = store_image_remove(import->store, import->record.sha256, nobody);
	return result < 0 ? result : start_storing(import);
}

static void on_begun(void *context, int result)
{
	struct image_import *import = context;

	import->pending--;
	if (result == -EEXIST && import->state == IMPORT_BEGINNING && begin_anew(import) == 0)
		return;
	if (result < 0 && import->owner)
		image_cache_drop(import->owner->options.cache, import->record.sha256);
	if (import->state != IMPORT_BEGINNING) {
		settle(import);
		return;
	}
	if (result < 0) {
		fail_for_store(import, result);
		return;
	}
	import->state = IMPORT_RECEIVING;
	tell_writable(import);
}

static int start_storing(struct image_import *import)
{
	struct store_reply reply = { .done = on_begun, .context = import };
	int result = store_image_begin(import->store, &import->record, reply);

	if (result == 0)
		import->pending++;
	return result;
}

/* Keeps and hashes the next bytes. */
static void take(struct image_import *import, const void *data, size_t size)
{
	if (size == 0)
		return;
	memcpy(import->bytes + import->received, data, size);
	digest_add(import->sha256, data, size);
	digest_add(import->sha1, data, size);
	import->received += (uint32_t)size;
}

static int read_back(struct image_import *import);

static void on_read_back(void *context, int result, const void *data)
{
	struct image_import *import = context;
	uint32_t stored = import->record.stored_bytes;

	import->pending--;
	if (import->state != IMPORT_RESUMING) {
		settle(import);
		return;
	}
	if (stored > 0 && (result <= 0 || (uint32_t)result > stored - import->received)) {
		fail(import, -EIO, "what was stored of the image could not be read back; it was removed");
		return;
	}
	if (result > 0)
		take(import, data, (size_t)result);
	if (import->received < stored) {
		int submitted = read_back(import);
		if (submitted < 0)
			fail_for_store(import, submitted);
		return;
	}
	import->submitted = import->durable = import->received;
	import->state = IMPORT_RECEIVING;
	tell_writable(import);
}

static int read_back(struct image_import *import)
{
	struct chunk_reader reader = { .chunk = on_read_back, .context = import };
	int result =
		store_image_read(import->store, import->record.sha256, import->received / IMAGE_CHUNK_SIZE, reader);

	if (result == 0)
		import->pending++;
	return result;
}

static int refuse_begin(char *why, int result, const char *sentence)
{
	snprintf(why, IMAGE_SENTENCE_SIZE, "%s", sentence);
	return result;
}

/* Whether the import may begin; `partial` is what is here of the image, or NULL. */
static int check_begin(
	struct image_imports *imports, const struct image_claim *claim, const struct stored_image **partial, char *why)
{
	const struct image_policy *policy = imports->options.policy;
	const struct stored_image *present = image_cache_find(imports->options.cache, claim->sha256);
	int result = image_policy_admit(policy, claim, why, IMAGE_SENTENCE_SIZE);

	*partial = present;
	if (result < 0)
		return result;
	if (present && present->complete)
		return refuse_begin(why, -EEXIST, "the image is here already");
	for (const struct image_import *import = imports->first; import; import = import->next)
		if (memcmp(import->record.sha256, claim->sha256, sizeof(claim->sha256)) == 0)
			return refuse_begin(why, -EALREADY, "the image is being imported already");
	if (imports->count >= image_policy_settings(policy)->imports)
		return refuse_begin(why, -ENOBUFS, "as many images as images.imports allows are being imported");
	return 0;
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void copy_claim(struct image_import *import, const struct image_claim *claim, struct moment now)
{
	struct stored_image *record = &import->record;

	memcpy(record->sha256, claim->sha256, sizeof(record->sha256));
	record->size_bytes = claim->size_bytes;
	record->added_ms = record->used_ms = now.wall_ms;
	copy_text(record->name, sizeof(record->name), claim->name);
	copy_text(record->version, sizeof(record->version), claim->version);
	copy_text(record->hardware, sizeof(record->hardware), claim->hardware);
	copy_text(record->requires, sizeof(record->requires), claim->requires);
	copy_text(record->only_for, sizeof(record->only_for), claim->only_for);
	copy_text(record->origin, sizeof(record->origin), claim->origin);
	copy_text(record->manifest, sizeof(record->manifest), claim->manifest);
	copy_text(import->format, sizeof(import->format), claim->format);
	if (claim->signature)
		memcpy(import->signature, claim->signature, claim->signature_size);
	import->signature_size = claim->signature ? claim->signature_size : 0;
}

static struct image_import *new_import(struct image_imports *imports, const struct image_claim *claim,
	const struct import_observer *observer, struct moment now)
{
	struct image_import *import = calloc(1, sizeof(*import));

	if (!import)
		return NULL;
	import->store = imports->options.store;
	import->observer = *observer;
	copy_claim(import, claim, now);
	import->bytes = malloc(claim->size_bytes);
	if (!import->bytes || digest_open(&import->sha256, DIGEST_SHA256) < 0 ||
		digest_open(&import->sha1, DIGEST_SHA1) < 0) {
		free_import(import);
		return NULL;
	}
	return import;
}

/* Takes a place in the catalogue and asks the store to begin, or to read back what it has. */
static int start(struct image_imports *imports, struct image_import *import, const struct stored_image *partial)
{
	struct image_cache *cache = imports->options.cache;
	struct store_reply nobody = { 0 };

	if (partial && partial->size_bytes != import->record.size_bytes) {
		int result = image_cache_remove(cache, import->record.sha256, true, nobody);
		if (result < 0)
			return result;
		partial = NULL;
	}
	import->state = partial ? IMPORT_RESUMING : IMPORT_BEGINNING;
	import->record.stored_bytes = partial ? partial->stored_bytes : 0;
	int result = image_cache_begin(cache, &import->record);
	if (result < 0)
		return result;
	result = partial ? read_back(import) : start_storing(import);
	if (result < 0 && partial)
		image_cache_end(cache, import->record.sha256, NULL);
	if (result < 0 && !partial)
		image_cache_drop(cache, import->record.sha256);
	return result;
}

static int explain_start(char *why, int result, uint32_t size_bytes)
{
	if (result == -ENOSPC)
		snprintf(why, IMAGE_SENTENCE_SIZE,
			"there is no room for the %u bytes of the image: images.quota is full of images that are "
			"needed",
			size_bytes);
	else if (result == -ENOBUFS)
		snprintf(why, IMAGE_SENTENCE_SIZE,
			"there are as many images as the gateway can keep, or it is too busy");
	else
		snprintf(why, IMAGE_SENTENCE_SIZE, "the import could not begin: %s", strerror(-result));
	return result;
}

int image_import_begin(struct image_imports *imports, const struct image_claim *claim,
	const struct import_observer *observer, struct moment now, struct image_import **out, char *why)
{
	const struct stored_image *partial = NULL;
	int result = check_begin(imports, claim, &partial, why);

	if (result < 0)
		return result;
	struct image_import *import = new_import(imports, claim, observer, now);
	if (!import)
		return explain_start(why, -ENOMEM, claim->size_bytes);
	result = start(imports, import, partial);
	if (result < 0) {
		free_import(import);
		return explain_start(why, result, claim->size_bytes);
	}
	import->owner = imports;
	import->next = imports->first;
	imports->first = import;
	imports->count++;
	*out = import;
	return 0;
}

uint32_t image_import_offset(const struct image_import *import)
{
	return import->received;
}

/* Appends end where a chunk does, but for the very last. */
static uint32_t append_end(uint32_t from, uint32_t limit)
{
	uint32_t boundary = (from / IMAGE_CHUNK_SIZE + 1) * IMAGE_CHUNK_SIZE;

	return boundary < limit ? boundary : limit;
}

static int flush(struct image_import *import, bool all);
static int complete(struct image_import *import);

static void on_appended(void *context, int result)
{
	struct image_import *import = context;

	import->pending--;
	if (import->state == IMPORT_REMOVING || import->state == IMPORT_SUSPENDED) {
		settle(import);
		return;
	}
	if (result < 0) {
		fail_for_store(import, result);
		return;
	}
	import->durable = append_end(import->durable, import->submitted);
	if (import->owner)
		image_cache_progress(import->owner->options.cache, import->record.sha256, import->durable);
	if (import->state == IMPORT_COMPLETING) {
		(void)complete(import);
		return;
	}
	if (flush(import, false) == 0 && import->blocked && import->received - import->durable < UNSTORED_MAX)
		tell_writable(import);
}

/* Hands whole chunks to the store, or all that is there. On failure the import is going, or gone. */
static int flush(struct image_import *import, bool all)
{
	struct store_reply reply = { .done = on_appended, .context = import };

	while (import->submitted < import->received) {
		uint32_t end = append_end(import->submitted, import->received);
		if (!all && end % IMAGE_CHUNK_SIZE != 0)
			break;
		int result = store_image_append(import->store, import->record.sha256, import->submitted,
			import->bytes + import->submitted, end - import->submitted, reply);
		if (result == -ENOBUFS && import->pending > 0)
			break; /* again when a reply has come */
		if (result < 0) {
			fail_for_store(import, result);
			return result;
		}
		import->submitted = end;
		import->pending++;
	}
	return 0;
}

int image_import_write(struct image_import *import, const void *data, size_t size)
{
	char sentence[IMAGE_SENTENCE_SIZE];

	if (import->state != IMPORT_RECEIVING || import->received - import->durable >= UNSTORED_MAX) {
		import->blocked = true;
		return -EAGAIN;
	}
	if (size > import->record.size_bytes - import->received) {
		snprintf(sentence, sizeof(sentence), "the image is longer than the %u bytes that were declared",
			import->record.size_bytes);
		fail(import, -EFBIG, sentence);
		return -EFBIG;
	}
	take(import, data, size);
	return flush(import, false);
}

static void on_completed(void *context, int result)
{
	struct image_import *import = context;

	import->pending--;
	if (import->state != IMPORT_COMPLETING) {
		settle(import);
		return;
	}
	if (result < 0) {
		fail_for_store(import, result);
		return;
	}
	if (import->owner)
		image_cache_end(import->owner->options.cache, import->record.sha256, &import->record);
	tell_end(import);
}

/* Stores the rest and completes, in as many steps as the store's queue needs. */
static int complete(struct image_import *import)
{
	struct store_reply reply = { .done = on_completed, .context = import };

	if (import->completing)
		return 0;
	int result = flush(import, true);
	if (result < 0 || import->submitted < import->record.size_bytes)
		return result;
	result = store_image_complete(import->store, &import->record, reply);
	if (result == -ENOBUFS && import->pending > 0)
		return 0;
	if (result < 0) {
		fail_for_store(import, result);
		return result;
	}
	import->completing = true;
	import->pending++;
	return 0;
}

static int judge(struct image_import *import, struct image_verdict *verdict)
{
	const struct stored_image *record = &import->record;
	uint8_t sha256[32];
	struct image_claim claim = { .size_bytes = record->size_bytes,
		.format = import->format,
		.version = record->version,
		.hardware = record->hardware,
		.requires = record->requires,
		.only_for = record->only_for,
		.signature = import->signature_size > 0 ? import->signature : NULL,
		.signature_size = import->signature_size };

	memcpy(claim.sha256, record->sha256, sizeof(claim.sha256));
	digest_finish(import->sha256, sha256);
	digest_finish(import->sha1, import->record.sha1);
	return image_policy_judge(import->owner->options.policy, &claim, import->bytes, sha256, verdict);
}

static void describe(struct stored_image *record, const struct image_verdict *verdict)
{
	copy_text(record->format, sizeof(record->format), verdict->format);
	copy_text(record->version, sizeof(record->version), verdict->version);
	copy_text(record->hardware, sizeof(record->hardware), verdict->hardware);
	copy_text(record->requires, sizeof(record->requires), verdict->requires);
	copy_text(record->signer, sizeof(record->signer), verdict->signer);
	record->manifest[0] = '\0';
	record->stored_bytes = record->size_bytes;
	record->complete = true;
}

void image_import_finish(struct image_import *import)
{
	struct image_verdict verdict = { 0 };
	char sentence[IMAGE_SENTENCE_SIZE];

	if (import->state == IMPORT_REMOVING)
		return; /* it has failed meanwhile; done() is on its way */
	if (import->received < import->record.size_bytes) {
		snprintf(sentence, sizeof(sentence), "the image is cut short: %u of %u bytes came", import->received,
			import->record.size_bytes);
		fail(import, -EBADMSG, sentence);
		return;
	}
	int result = judge(import, &verdict);
	if (result < 0) {
		fail(import, result, verdict.sentence);
		return;
	}
	describe(&import->record, &verdict);
	import->state = IMPORT_COMPLETING;
	(void)complete(import);
}

void image_import_suspend(struct image_import *import)
{
	bool receiving = import->state == IMPORT_RECEIVING;

	import->observer = (struct import_observer){ 0 };
	if (import->state == IMPORT_REMOVING)
		return;
	if (receiving && flush(import, true) < 0)
		return;
	import->state = IMPORT_SUSPENDED;
	settle(import);
}

void image_import_cancel(struct image_import *import)
{
	if (import->state != IMPORT_REMOVING)
		fail(import, -ECANCELED, "the import was cancelled");
}

void image_imports_close(struct image_imports *imports)
{
	if (!imports)
		return;
	while (imports->first) {
		struct image_import *import = imports->first;
		import->observer = (struct import_observer){ 0 };
		if (import->state == IMPORT_RECEIVING)
			(void)flush(import, true);
		if (imports->first != import)
			continue;
		unlink_import(import);
		if (import->state != IMPORT_COMPLETING && import->state != IMPORT_REMOVING)
			import->state = IMPORT_SUSPENDED;
		settle(import);
	}
	free(imports);
}
