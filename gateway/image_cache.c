#include "gateway/image_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/chunk_cache.h"
#include "gateway/log.h"
#include "protocols/hex.h"

#define TOUCH_INTERVAL_MS (60 * 60 * 1000) /* between two writes of an image's last use */
#define HEAD_SIZE 8                        /* bytes of the digest that make an image's name */
#define PREFIX_DIGITS_MIN 4

/* An image as drivers hold it; `cache` NULL once it was removed or the cache closed. */
struct cached_source {
	struct image_source base;
	struct image_cache *cache;
};

struct entry {
	struct stored_image image;
	bool importing;
	int64_t touch_written_ms;
	struct cached_source *source; /* made when first asked for */
};

/* The head stands beside the pointer, so that looking for a name touches little memory. */
struct slot {
	uint8_t head[HEAD_SIZE];
	struct entry *entry;
};

struct image_cache {
	struct image_cache_options options;
	struct chunk_cache *chunks;
	struct slot slots[IMAGES_MAX];
	size_t count;
	uint32_t refused_bytes; /* of the image that had no room; 0: there has been room since */
};

static int add_entry(struct image_cache *cache, const struct stored_image *image, bool importing)
{
	struct entry *entry = cache->count < IMAGES_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (!entry)
		return cache->count < IMAGES_MAX ? -ENOMEM : -ENOBUFS;
	entry->image = *image;
	entry->importing = importing;
	entry->touch_written_ms = image->used_ms;
	memcpy(cache->slots[cache->count].head, image->sha256, HEAD_SIZE);
	cache->slots[cache->count++].entry = entry;
	return 0;
}

struct loading {
	struct image_cache *cache;
	int result;
};

static void load_image(void *context, const struct stored_image *image)
{
	struct loading *loading = context;
	int result = add_entry(loading->cache, image, false);

	if (result < 0)
		loading->result = result;
}

int image_cache_open(struct image_cache **out, const struct image_cache_options *options)
{
	struct image_cache *cache = calloc(1, sizeof(*cache));
	struct loading loading = { .cache = cache };
	struct chunk_cache_options chunks = { .store = options->store,
		.limit = options->cached_chunks,
		.ready = options->ready,
		.context = options->context };

	if (!cache)
		return -ENOMEM;
	cache->options = *options;
	int result = chunk_cache_open(&cache->chunks, &chunks);
	if (result == 0)
		result = store_images_load(options->store, load_image, &loading);
	if (result >= 0)
		result = loading.result;
	if (result < 0) {
		image_cache_close(cache);
		return result;
	}
	*out = cache;
	return 0;
}

static void free_entry(struct entry *entry)
{
	if (entry->source) {
		struct image_source *source = &entry->source->base;
		entry->source->cache = NULL;
		image_source_release(&source);
	}
	free(entry);
}

void image_cache_close(struct image_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		free_entry(cache->slots[i].entry);
	chunk_cache_close(cache->chunks);
	free(cache);
}

static size_t find(const struct image_cache *cache, const uint8_t sha256[32])
{
	for (size_t i = 0; i < cache->count; i++)
		if (memcmp(cache->slots[i].head, sha256, HEAD_SIZE) == 0 &&
			memcmp(cache->slots[i].entry->image.sha256, sha256, 32) == 0)
			return i;
	return cache->count;
}

static struct entry *find_entry(const struct image_cache *cache, const uint8_t sha256[32])
{
	size_t at = find(cache, sha256);

	return at < cache->count ? cache->slots[at].entry : NULL;
}

const struct stored_image *image_cache_find(const struct image_cache *cache, const uint8_t sha256[32])
{
	const struct entry *entry = find_entry(cache, sha256);

	return entry ? &entry->image : NULL;
}

/* What a person typed to mean an image. */
struct wanted {
	const char *text;
	char digits[65];     /* of the digest, lower case; "": it is none */
	const char *version; /* behind the '@'; NULL: there is none */
};

static void parse_wanted(struct wanted *out, const char *text)
{
	const char *at = strrchr(text, '@');
	size_t size = strlen(text);
	char digits[65] = "";
	uint8_t byte = 0;

	*out = (struct wanted){ .text = text, .version = at ? at + 1 : NULL };
	if (size < PREFIX_DIGITS_MIN || size > 64)
		return;
	for (size_t i = 0; i < size; i++) {
		const char pair[] = { '0', text[i], '\0' };
		if (hex_parse(&byte, pair, 2) < 0)
			return;
		digits[i] = "0123456789abcdef"[byte];
	}
	memcpy(out->digits, digits, sizeof(digits));
}

static bool is_wanted(const struct wanted *wanted, const struct stored_image *image)
{
	char digits[65];

	if (!image->complete)
		return false;
	if (wanted->text[0] != '\0' && strcmp(image->name, wanted->text) == 0)
		return true;
	hex_print(digits, image->sha256, 32);
	if (wanted->digits[0] != '\0' && strncmp(digits, wanted->digits, strlen(wanted->digits)) == 0)
		return true;
	if (!wanted->version || strcmp(image->version, wanted->version) != 0)
		return false;
	size_t size = (size_t)(wanted->version - wanted->text) - 1;
	return strlen(image->hardware) == size && memcmp(image->hardware, wanted->text, size) == 0;
}

int image_cache_resolve(const struct image_cache *cache, const char *text, const struct stored_image **out)
{
	const struct stored_image *found = NULL;
	struct wanted wanted;

	parse_wanted(&wanted, text);
	for (size_t i = 0; i < cache->count; i++) {
		const struct stored_image *image = &cache->slots[i].entry->image;
		if (!is_wanted(&wanted, image))
			continue;
		if (found)
			return -ENOTUNIQ;
		found = image;
	}
	if (!found)
		return -ENOENT;
	*out = found;
	return 0;
}

void image_cache_each(
	const struct image_cache *cache, void (*each)(void *context, const struct stored_image *image), void *context)
{
	for (size_t i = 0; i < cache->count; i++)
		each(context, &cache->slots[i].entry->image);
}

/* The bytes of one chunk that `buffer` wants of it. */
static int read_chunk(struct cached_source *source, uint32_t offset, uint8_t *buffer, size_t size)
{
	const uint8_t *data = NULL;
	uint32_t within = offset % IMAGE_CHUNK_SIZE;
	int result = chunk_cache_get(source->cache->chunks, source->base.sha256, offset / IMAGE_CHUNK_SIZE, &data);

	if (result < 0)
		return result;
	if ((uint32_t)result <= within)
		return -EIO;
	size_t left = (size_t)result - within;
	size = size < left ? size : left;
	memcpy(buffer, data + within, size);
	return (int)size;
}

static int read_source(struct image_source *base, uint32_t offset, void *buffer, size_t size)
{
	struct cached_source *source = (struct cached_source *)base;
	size_t done = 0;

	if (!source->cache)
		return -EIO;
	if (offset >= base->size_bytes)
		return 0;
	if (size > base->size_bytes - offset)
		size = base->size_bytes - offset;
	while (done < size) {
		int result = read_chunk(source, offset + (uint32_t)done, (uint8_t *)buffer + done, size - done);
		if (result < 0)
			return result;
		done += (size_t)result;
	}
	return (int)done;
}

static void destroy_source(struct image_source *base)
{
	free(base);
}

static struct image_source *source_of(struct image_cache *cache, struct entry *entry)
{
	static const struct image_source_ops ops = { .read = read_source, .destroy = destroy_source };

	if (!entry || !entry->image.complete)
		return NULL;
	if (entry->source)
		return &entry->source->base;
	struct cached_source *source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->cache = cache;
	source->base = (struct image_source){ .ops = &ops, .references = 1, .size_bytes = entry->image.size_bytes };
	memcpy(source->base.sha256, entry->image.sha256, sizeof(source->base.sha256));
	memcpy(source->base.version, entry->image.version, sizeof(source->base.version));
	memcpy(source->base.hardware, entry->image.hardware, sizeof(source->base.hardware));
	memcpy(source->base.format, entry->image.format, sizeof(source->base.format));
	memcpy(source->base.only_for, entry->image.only_for, sizeof(source->base.only_for));
	hex_print(source->base.name, entry->image.sha256, HEAD_SIZE);
	entry->source = source;
	return &source->base;
}

struct image_source *image_cache_source(struct image_cache *cache, const uint8_t sha256[32])
{
	return source_of(cache, find_entry(cache, sha256));
}

struct image_source *image_cache_source_named(struct image_cache *cache, const char *name)
{
	uint8_t head[HEAD_SIZE];

	if (strlen(name) != 2 * HEAD_SIZE || hex_parse(head, name, 2 * HEAD_SIZE) < 0)
		return NULL;
	for (size_t i = 0; i < cache->count; i++)
		if (memcmp(cache->slots[i].head, head, HEAD_SIZE) == 0)
			return source_of(cache, cache->slots[i].entry);
	return NULL;
}

void image_cache_touch(struct image_cache *cache, const uint8_t sha256[32], int64_t wall_ms)
{
	struct entry *entry = find_entry(cache, sha256);

	if (!entry || wall_ms <= entry->image.used_ms)
		return;
	entry->image.used_ms = wall_ms;
	if (wall_ms - entry->touch_written_ms < TOUCH_INTERVAL_MS)
		return;
	if (store_image_touch(cache->options.store, sha256, wall_ms, (struct store_reply){ 0 }) == 0)
		entry->touch_written_ms = wall_ms;
}

static void forget(struct image_cache *cache, size_t at)
{
	struct entry *entry = cache->slots[at].entry;

	chunk_cache_forget(cache->chunks, entry->image.sha256);
	memmove(&cache->slots[at], &cache->slots[at + 1], (--cache->count - at) * sizeof(cache->slots[0]));
	free_entry(entry);
	cache->refused_bytes = 0;
}

/* A partial image is never needed: nobody can have it. */
static bool is_needed(const struct image_cache *cache, const struct entry *entry)
{
	return entry->image.complete && cache->options.needed(cache->options.context, entry->image.sha256);
}

int image_cache_remove(struct image_cache *cache, const uint8_t sha256[32], bool forced, struct store_reply reply)
{
	size_t at = find(cache, sha256);

	if (at == cache->count)
		return -ENOENT;
	const struct entry *entry = cache->slots[at].entry;
	if (entry->importing || (!forced && is_needed(cache, entry)))
		return -EBUSY;
	int result = store_image_remove(cache->options.store, sha256, reply);
	if (result == 0)
		forget(cache, at);
	return result;
}

uint64_t image_cache_bytes(const struct image_cache *cache)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < cache->count; i++)
		bytes += cache->slots[i].entry->image.size_bytes;
	return bytes;
}

static bool is_evictable(const struct image_cache *cache, const struct entry *entry)
{
	return !entry->importing && !is_needed(cache, entry);
}

/* Whether `a` goes before `b`: partial ones first, then by last use. */
static bool goes_before(const struct stored_image *a, const struct stored_image *b)
{
	return a->complete != b->complete ? !a->complete : a->used_ms < b->used_ms;
}

static int evict_one(struct image_cache *cache)
{
	size_t victim = cache->count;
	char name[IMAGE_NAME_SIZE];

	for (size_t i = 0; i < cache->count; i++) {
		const struct entry *entry = cache->slots[i].entry;
		if (is_evictable(cache, entry) &&
			(victim == cache->count || goes_before(&entry->image, &cache->slots[victim].entry->image)))
			victim = i;
	}
	if (victim == cache->count)
		return -ENOSPC;
	const struct stored_image *image = &cache->slots[victim].entry->image;
	int result = store_image_remove(cache->options.store, image->sha256, (struct store_reply){ 0 });
	if (result < 0)
		return result;
	hex_print(name, image->sha256, HEAD_SIZE);
	log_notice("image.evicted image=%s hardware=%s version=%s size=%u", name, image->hardware, image->version,
		image->size_bytes);
	forget(cache, victim);
	return 0;
}

/* Whether `size_bytes` more could fit: else nothing is evicted in vain. */
static int check_room(const struct image_cache *cache, uint32_t size_bytes)
{
	uint64_t kept = 0;
	size_t kept_count = 0;

	for (size_t i = 0; i < cache->count; i++) {
		const struct entry *entry = cache->slots[i].entry;
		if (is_evictable(cache, entry))
			continue;
		kept += entry->image.size_bytes;
		kept_count++;
	}
	if (kept_count == IMAGES_MAX)
		return -ENOBUFS;
	return kept + size_bytes > cache->options.quota_bytes ? -ENOSPC : 0;
}

int image_cache_begin(struct image_cache *cache, const struct stored_image *image)
{
	struct entry *entry = find_entry(cache, image->sha256);

	if (entry) {
		entry->importing = true;
		return 0;
	}
	int result = check_room(cache, image->size_bytes);
	cache->refused_bytes = result < 0 ? image->size_bytes : 0;
	while (result == 0 && (cache->count == IMAGES_MAX ||
				      image_cache_bytes(cache) + image->size_bytes > cache->options.quota_bytes))
		result = evict_one(cache);
	return result < 0 ? result : add_entry(cache, image, true);
}

uint32_t image_cache_refused_bytes(const struct image_cache *cache)
{
	return cache->refused_bytes;
}

void image_cache_progress(struct image_cache *cache, const uint8_t sha256[32], uint32_t stored_bytes)
{
	struct entry *entry = find_entry(cache, sha256);

	if (entry)
		entry->image.stored_bytes = stored_bytes;
}

void image_cache_end(struct image_cache *cache, const uint8_t sha256[32], const struct stored_image *complete)
{
	struct entry *entry = find_entry(cache, sha256);

	if (!entry)
		return;
	entry->importing = false;
	if (complete)
		entry->image = *complete;
}

void image_cache_drop(struct image_cache *cache, const uint8_t sha256[32])
{
	size_t at = find(cache, sha256);

	if (at < cache->count)
		forget(cache, at);
}
