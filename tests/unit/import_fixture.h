/*
 * import_fixture: a gateway that imports images into a stepped store, and one who feeds it.
 */
#ifndef WAKEGATE_TESTS_IMPORT_FIXTURE_H
#define WAKEGATE_TESTS_IMPORT_FIXTURE_H

#include <errno.h>

#include "gateway/digest.h"
#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/key_file.h"
#include "gateway/log.h"
#include "gateway/signature.h"
#include "gateway/signature_make.h"
#include "gateway/signing_key.h"
#include "tests/unit/golden.h"
#include "tests/unit/golden_keys.h"
#include "tests/unit/image_fixture.h"

#define BIG_PAYLOAD (5 * IMAGE_CHUNK_SIZE + 1234)
#define MAX_SIZE (2 * 1024 * 1024)

static const char *key_paths[GOLDEN_KEY_COUNT + 1] = GOLDEN_KEY_PATHS;
static const char *const workbench[] = { "devkit" };
static struct image_settings settings = { .trusted_keys = { key_paths, GOLDEN_KEY_COUNT },
	.unsigned_hardware = { workbench, 1 },
	.max_size_bytes = MAX_SIZE,
	.quota_bytes = 4 * 1024 * 1024,
	.imports = 2 };

static struct stepped_store stepped;
static struct image_cache *cache;
static struct image_policy *policy;
static struct image_imports *imports;

/* What the one who feeds an import saw. */
struct feeder {
	struct image_import *import;
	unsigned writable_calls;
	unsigned done_calls;
	int result;
	struct stored_image image;
	char sentence[IMAGE_SENTENCE_SIZE];
	char why[IMAGE_SENTENCE_SIZE];
};

static inline void on_writable(void *context, struct image_import *import)
{
	((struct feeder *)context)->writable_calls++;
}

static inline void on_done(void *context, int result, const struct stored_image *image, const char *sentence)
{
	struct feeder *feeder = context;

	feeder->done_calls++;
	feeder->result = result;
	ck_assert((result == 0) == (image != NULL));
	if (image)
		feeder->image = *image;
	snprintf(feeder->sentence, sizeof(feeder->sentence), "%s", sentence);
	feeder->import = NULL;
}

static inline bool nothing_needed(void *context, const uint8_t sha256[32])
{
	return false;
}

static inline void ignore_ready(void *context)
{
}

static inline void open_gateway(void)
{
	struct image_cache_options options = { .store = stepped.store,
		.quota_bytes = (uint64_t)settings.quota_bytes,
		.cached_chunks = 4,
		.needed = nothing_needed,
		.ready = ignore_ready };
	char why[256];

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_msg(image_policy_open(&policy, &settings, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(image_cache_open(&cache, &options), 0);
	struct image_imports_options importing = { .store = stepped.store, .cache = cache, .policy = policy };
	ck_assert_int_eq(image_imports_open(&imports, &importing), 0);
}

static inline void close_gateway(void)
{
	image_imports_close(imports);
	image_cache_close(cache);
	image_policy_close(policy);
}

static inline void open_all(void)
{
	stepped_open(&stepped);
	open_gateway();
}

static inline void close_all(void)
{
	close_gateway();
	stepped_close(&stepped);
}

/* A restart of the daemon: all that is not on the disk is gone. */
static inline void restart(void)
{
	close_gateway();
	stepped_reopen(&stepped);
	open_gateway();
}

static inline struct image_claim claim_of(const uint8_t *data, size_t size)
{
	struct image_claim claim = { .size_bytes = (uint32_t)size, .name = "app.bin", .origin = "file" };

	digest_compute(DIGEST_SHA256, data, size, claim.sha256);
	return claim;
}

/* Opens all, and claims a golden image. */
static inline struct image_claim open_with(struct golden *golden, const char *name)
{
	golden_read(golden, name);
	open_all();
	return claim_of(golden->data, golden->size);
}

static inline int begin(struct feeder *feeder, const struct image_claim *claim)
{
	struct import_observer observer = { .context = feeder, .writable = on_writable, .done = on_done };

	*feeder = (struct feeder){ .result = 1 };
	return image_import_begin(
		imports, claim, &observer, (struct moment){ .wall_ms = 5000 }, &feeder->import, feeder->why);
}

static inline void begin_well(struct feeder *feeder, const struct image_claim *claim)
{
	ck_assert_msg(begin(feeder, claim) == 0, "%s", feeder->why);
	ck_assert_uint_eq(feeder->writable_calls, 0);
	for (int i = 0; i < 100 && feeder->writable_calls == 0; i++)
		store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder->writable_calls, 1);
}

/* Writes from where it stands up to `end`, in pieces, waiting where it must. */
static inline void feed(struct feeder *feeder, const uint8_t *data, uint32_t end, uint32_t piece)
{
	while (feeder->import && image_import_offset(feeder->import) < end) {
		uint32_t at = image_import_offset(feeder->import);
		uint32_t size = end - at < piece ? end - at : piece;
		int result = image_import_write(feeder->import, data + at, size);
		if (result == -EAGAIN)
			store_dispatch(stepped.store);
		else
			ck_assert_int_eq(result, 0);
	}
}

static inline void finish(struct feeder *feeder)
{
	image_import_finish(feeder->import);
	for (int i = 0; i < 100 && feeder->done_calls == 0; i++)
		store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder->done_calls, 1);
}

static inline void count_image(void *context, const struct stored_image *image)
{
	++*(unsigned *)context;
}

static inline void expect_nothing_stored(void)
{
	unsigned count = 0;

	ck_assert_int_ge(store_images_load(stepped.store, count_image, &count), 0);
	ck_assert_uint_eq(count, 0);
	image_cache_each(cache, count_image, &count);
	ck_assert_uint_eq(count, 0);
}

/* Takes in a whole image and returns how it ended. */
static inline int import_whole(struct feeder *feeder, const struct image_claim *claim, const uint8_t *data)
{
	begin_well(feeder, claim);
	feed(feeder, data, claim->size_bytes, 1000);
	finish(feeder);
	return feeder->result;
}

/* An image of up to BIG_PAYLOAD bytes, signed with a key that the settings trust from now on. */
static inline struct bytes make_image(uint32_t payload_size)
{
	static char path[64];
	static uint8_t payload[BIG_PAYLOAD];
	const struct mcuboot_wrapping wrapping = { .version = { .major = 2 }, .header_size = 32 };
	struct bytes image = { 0 };
	struct signing_key *key = NULL;
	const char *fault = NULL;

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = fixture_byte(5, i);
	snprintf(path, sizeof(path), "/tmp/wakegate-import-%d.pem", (int)getpid());
	ck_assert_int_eq(signing_key_create(&key, KEY_ED25519), 0);
	ck_assert_int_eq(signing_key_write_public(key, path), 0);
	ck_assert_int_eq(
		signature_wrap_mcuboot(key, &wrapping, (struct bytes){ payload, payload_size }, &image, &fault), 0);
	signing_key_close(key);
	key_paths[GOLDEN_KEY_COUNT] = path;
	settings.trusted_keys.count = GOLDEN_KEY_COUNT + 1;
	return image;
}

static inline void free_image(struct bytes image)
{
	(void)unlink(key_paths[GOLDEN_KEY_COUNT]);
	free((void *)image.data);
}

static inline void expect_readable(const uint8_t sha256[32], const uint8_t *data, uint32_t size)
{
	struct image_source *source = image_cache_source(cache, sha256);
	uint8_t buffer[1024];

	ck_assert_ptr_nonnull(source);
	for (uint32_t at = 0; at < size;) {
		int result = image_source_read(source, at, buffer, sizeof(buffer));
		if (result == -EAGAIN) {
			store_dispatch(stepped.store);
			continue;
		}
		ck_assert_int_gt(result, 0);
		ck_assert_mem_eq(buffer, data + at, (size_t)result);
		at += (uint32_t)result;
	}
}

#endif
