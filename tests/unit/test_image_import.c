#include "gateway/image_import.h"

#include <errno.h>

#include "gateway/digest.h"
#include "gateway/image_cache.h"
#include "gateway/key_file.h"
#include "gateway/log.h"
#include "gateway/signature.h"
#include "tests/unit/golden.h"
#include "tests/unit/golden_keys.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

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

static void on_writable(void *context, struct image_import *import)
{
	((struct feeder *)context)->writable_calls++;
}

static void on_done(void *context, int result, const struct stored_image *image, const char *sentence)
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

static bool nothing_needed(void *context, const uint8_t sha256[32])
{
	return false;
}

static void ignore_ready(void *context)
{
}

static void open_gateway(void)
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

static void close_gateway(void)
{
	image_imports_close(imports);
	image_cache_close(cache);
	image_policy_close(policy);
}

static void open_all(void)
{
	stepped_open(&stepped);
	open_gateway();
}

static void close_all(void)
{
	close_gateway();
	stepped_close(&stepped);
}

/* A restart of the daemon: all that is not on the disk is gone. */
static void restart(void)
{
	close_gateway();
	stepped_reopen(&stepped);
	open_gateway();
}

static struct image_claim claim_of(const uint8_t *data, size_t size)
{
	struct image_claim claim = { .size_bytes = (uint32_t)size, .name = "app.bin", .origin = "file" };

	ck_assert_int_eq(digest_compute(DIGEST_SHA256, data, size, claim.sha256), 0);
	return claim;
}

/* Opens all, and claims a golden image. */
static struct image_claim open_with(struct golden *golden, const char *name)
{
	golden_read(golden, name);
	open_all();
	return claim_of(golden->data, golden->size);
}

static int begin(struct feeder *feeder, const struct image_claim *claim)
{
	struct import_observer observer = { .context = feeder, .writable = on_writable, .done = on_done };

	*feeder = (struct feeder){ .result = 1 };
	return image_import_begin(
		imports, claim, &observer, (struct moment){ .wall_ms = 5000 }, &feeder->import, feeder->why);
}

static void begin_well(struct feeder *feeder, const struct image_claim *claim)
{
	ck_assert_msg(begin(feeder, claim) == 0, "%s", feeder->why);
	ck_assert_uint_eq(feeder->writable_calls, 0);
	for (int i = 0; i < 100 && feeder->writable_calls == 0; i++)
		store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder->writable_calls, 1);
}

/* Writes from where it stands up to `end`, in pieces, waiting where it must. */
static void feed(struct feeder *feeder, const uint8_t *data, uint32_t end, uint32_t piece)
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

static void finish(struct feeder *feeder)
{
	image_import_finish(feeder->import);
	for (int i = 0; i < 100 && feeder->done_calls == 0; i++)
		store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder->done_calls, 1);
}

static void count_image(void *context, const struct stored_image *image)
{
	++*(unsigned *)context;
}

static void expect_nothing_stored(void)
{
	unsigned count = 0;

	ck_assert_int_ge(store_images_load(stepped.store, count_image, &count), 0);
	ck_assert_uint_eq(count, 0);
	image_cache_each(cache, count_image, &count);
	ck_assert_uint_eq(count, 0);
}

/* Takes in a whole image and returns how it ended. */
static int import_whole(struct feeder *feeder, const struct image_claim *claim, const uint8_t *data)
{
	begin_well(feeder, claim);
	feed(feeder, data, claim->size_bytes, 1000);
	finish(feeder);
	return feeder->result;
}

/* An image over several chunks, signed with a key that the settings trust from now on. */
static struct image_bytes make_big_image(void)
{
	static char path[64];
	static uint8_t payload[BIG_PAYLOAD];
	const struct mcuboot_wrapping wrapping = { .version = { .major = 2 }, .header_size = 32 };
	struct image_bytes image = { 0 };
	struct key *key = NULL;
	const char *fault = NULL;

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = fixture_byte(5, i);
	snprintf(path, sizeof(path), "/tmp/wakegate-import-%d.pem", (int)getpid());
	ck_assert_int_eq(key_create(&key, KEY_ED25519), 0);
	ck_assert_int_eq(key_write_public(key, path), 0);
	ck_assert_int_eq(signature_wrap_mcuboot(
				 key, &wrapping, (struct image_bytes){ payload, sizeof(payload) }, &image, &fault),
		0);
	key_close(key);
	key_paths[GOLDEN_KEY_COUNT] = path;
	settings.trusted_keys.count = GOLDEN_KEY_COUNT + 1;
	return image;
}

static void free_big_image(struct image_bytes image)
{
	(void)unlink(key_paths[GOLDEN_KEY_COUNT]);
	free((void *)image.data);
}

static void expect_readable(const uint8_t sha256[32], const uint8_t *data, uint32_t size)
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

START_TEST(a_good_image_is_stored_described_and_served)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	claim.hardware = "soil-1";
	ck_assert_msg(import_whole(&feeder, &claim, golden.data) == 0, "%s", feeder.sentence);
	ck_assert(feeder.image.complete);
	ck_assert_str_eq(feeder.image.version, "1.2.3+4");
	ck_assert_str_eq(feeder.image.hardware, "soil-1");
	ck_assert_str_eq(feeder.image.signer, "p256");
	ck_assert_str_eq(feeder.image.format, "mcuboot");
	ck_assert_int_eq(feeder.image.added_ms, 5000);
	expect_readable(claim.sha256, golden.data, claim.size_bytes);
	restart();
	ck_assert(image_cache_find(cache, claim.sha256)->complete);
	expect_readable(claim.sha256, golden.data, claim.size_bytes);
	ck_assert_int_eq(begin(&feeder, &claim), -EEXIST);
	ck_assert_str_eq(feeder.why, "the image is here already");
	close_all();
}
END_TEST

START_TEST(an_image_over_many_chunks_comes_whole_in_any_pieces)
{
	static const uint32_t pieces[] = { 777, 65536, 100000 };
	struct image_bytes big = make_big_image();
	struct feeder feeder;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		open_all();
		struct image_claim claim = claim_of(big.data, big.size);
		begin_well(&feeder, &claim);
		feed(&feeder, big.data, claim.size_bytes, pieces[i]);
		finish(&feeder);
		ck_assert_msg(feeder.result == 0, "%s", feeder.sentence);
		expect_readable(claim.sha256, big.data, claim.size_bytes);
		close_all();
	}
	free_big_image(big);
}
END_TEST

START_TEST(a_fast_source_is_held_back_and_told_to_go_on)
{
	struct image_bytes big = make_big_image();
	struct feeder feeder;
	uint32_t taken = 0;

	open_all();
	struct image_claim claim = claim_of(big.data, big.size);
	begin_well(&feeder, &claim);
	while (image_import_write(feeder.import, big.data + taken, 4096) == 0)
		taken += 4096;
	ck_assert_uint_eq(taken, 4 * IMAGE_CHUNK_SIZE);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder.writable_calls, 2);
	ck_assert_int_eq(image_import_write(feeder.import, big.data + taken, 4096), 0);
	close_all();
	free_big_image(big);
}
END_TEST

START_TEST(a_suspended_import_goes_on_at_its_byte)
{
	struct image_bytes big = make_big_image();
	struct feeder feeder;

	open_all();
	struct image_claim claim = claim_of(big.data, big.size);
	claim.manifest = "{\"version\":\"2.0.0\"}";
	begin_well(&feeder, &claim);
	feed(&feeder, big.data, 200001, 1000);
	image_import_suspend(feeder.import);
	ck_assert_int_eq(begin(&feeder, &claim), -EALREADY);
	restart();
	ck_assert_uint_eq(image_cache_find(cache, claim.sha256)->stored_bytes, 200001);
	ck_assert_str_eq(image_cache_find(cache, claim.sha256)->manifest, claim.manifest);
	begin_well(&feeder, &claim);
	ck_assert_uint_eq(image_import_offset(feeder.import), 200001);
	feed(&feeder, big.data, claim.size_bytes, 3000);
	finish(&feeder);
	ck_assert_msg(feeder.result == 0, "%s", feeder.sentence);
	ck_assert_str_eq(feeder.image.manifest, "");
	expect_readable(claim.sha256, big.data, claim.size_bytes);
	close_all();
	free_big_image(big);
}
END_TEST

START_TEST(an_import_cut_by_a_restart_goes_on_at_a_stored_byte)
{
	struct image_bytes big = make_big_image();
	struct feeder feeder;

	open_all();
	struct image_claim claim = claim_of(big.data, big.size);
	begin_well(&feeder, &claim);
	feed(&feeder, big.data, 150000, 1000);
	restart();
	ck_assert_uint_eq(feeder.done_calls, 0);
	begin_well(&feeder, &claim);
	ck_assert_uint_eq(image_import_offset(feeder.import), 150000);
	feed(&feeder, big.data, claim.size_bytes, 1000);
	finish(&feeder);
	ck_assert_int_eq(feeder.result, 0);
	close_all();
	free_big_image(big);
}
END_TEST

START_TEST(an_import_suspended_before_its_first_byte_goes_on)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	ck_assert_int_eq(begin(&feeder, &claim), 0);
	image_import_suspend(feeder.import);
	store_dispatch(stepped.store);
	ck_assert_uint_eq(feeder.writable_calls, 0);
	ck_assert_int_eq(import_whole(&feeder, &claim, golden.data), 0);
	close_all();
}
END_TEST

START_TEST(a_partial_image_of_another_size_is_begun_anew)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	claim.size_bytes += 5;
	begin_well(&feeder, &claim);
	feed(&feeder, golden.data, 100, 100);
	image_import_suspend(feeder.import);
	store_dispatch(stepped.store);
	claim.size_bytes -= 5;
	ck_assert_msg(import_whole(&feeder, &claim, golden.data) == 0, "%s", feeder.sentence);
	close_all();
}
END_TEST

START_TEST(a_bit_flipped_anywhere_leaves_nothing)
{
	struct golden golden;
	struct feeder feeder;
	const struct image_claim declared = open_with(&golden, "mcuboot-p256");

	for (size_t i = 0; i < golden.size; i++) {
		golden.data[i] ^= 0x40;
		struct image_claim changed = claim_of(golden.data, golden.size);
		if (i % 16 == 0)
			ck_assert_int_eq(import_whole(&feeder, &declared, golden.data), -EBADMSG);
		ck_assert_int_lt(import_whole(&feeder, &changed, golden.data), 0);
		golden.data[i] ^= 0x40;
	}
	expect_nothing_stored();
	close_all();
}
END_TEST

START_TEST(an_image_cut_anywhere_leaves_nothing)
{
	struct golden golden;
	struct feeder feeder;
	const struct image_claim declared = open_with(&golden, "mcuboot-ed25519");

	for (uint32_t size = 1; size < golden.size; size++) {
		struct image_claim cut = claim_of(golden.data, size);
		begin_well(&feeder, &declared);
		feed(&feeder, golden.data, size, 1000);
		finish(&feeder);
		ck_assert_int_eq(feeder.result, -EBADMSG);
		ck_assert_ptr_nonnull(strstr(feeder.sentence, "the image is cut short: "));
		ck_assert_int_lt(import_whole(&feeder, &cut, golden.data), 0);
	}
	expect_nothing_stored();
	close_all();
}
END_TEST

START_TEST(an_image_longer_than_declared_leaves_nothing)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	begin_well(&feeder, &claim);
	feed(&feeder, golden.data, claim.size_bytes, 1000);
	ck_assert_int_eq(image_import_write(feeder.import, "x", 1), -EFBIG);
	store_dispatch(stepped.store);
	ck_assert_int_eq(feeder.result, -EFBIG);
	ck_assert_ptr_nonnull(strstr(feeder.sentence, "the image is longer than the "));
	expect_nothing_stored();
	close_all();
}
END_TEST

START_TEST(an_unsigned_image_leaves_nothing)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-unsigned");

	claim.hardware = "soil-1";
	ck_assert_int_eq(import_whole(&feeder, &claim, golden.data), -EKEYREJECTED);
	expect_nothing_stored();
	claim.hardware = "devkit";
	ck_assert_int_eq(import_whole(&feeder, &claim, golden.data), 0);
	ck_assert_str_eq(feeder.image.signer, "");
	close_all();
}
END_TEST

START_TEST(claims_that_cannot_be_are_refused_before_any_byte)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	claim.size_bytes = MAX_SIZE + 1;
	ck_assert_int_eq(begin(&feeder, &claim), -EFBIG);
	ck_assert_ptr_nonnull(strstr(feeder.why, "images.max_size"));
	claim.size_bytes = 0;
	ck_assert_int_eq(begin(&feeder, &claim), -EINVAL);
	expect_nothing_stored();
	close_all();
}
END_TEST

START_TEST(imports_at_once_are_bounded)
{
	struct golden golden;
	struct feeder feeders[3];

	golden_read(&golden, "mcuboot-p256");
	open_all();
	for (uint8_t i = 0; i < 3; i++) {
		struct image_claim claim = claim_of(golden.data, golden.size);
		claim.sha256[0] = i;
		ck_assert_int_eq(begin(&feeders[i], &claim), i < 2 ? 0 : -ENOBUFS);
		ck_assert_int_eq(begin(&feeders[i], &claim), i < 2 ? -EALREADY : -ENOBUFS);
	}
	close_all();
}
END_TEST

START_TEST(a_cancelled_import_leaves_nothing)
{
	struct golden golden;
	struct feeder feeder;
	struct image_claim claim = open_with(&golden, "mcuboot-p256");

	ck_assert_int_eq(begin(&feeder, &claim), 0);
	image_import_cancel(feeder.import);
	store_dispatch(stepped.store);
	ck_assert_int_eq(feeder.result, -ECANCELED);
	begin_well(&feeder, &claim);
	feed(&feeder, golden.data, 100, 10);
	image_import_cancel(feeder.import);
	store_dispatch(stepped.store);
	ck_assert_int_eq(feeder.result, -ECANCELED);
	expect_nothing_stored();
	close_all();
}
END_TEST

START_TEST(a_full_store_is_told_and_leaves_nothing)
{
	struct image_bytes big = make_big_image();
	struct feeder feeder;

	stepped_make_directory(&stepped);
	stepped.options.images_quota_bytes = 100000;
	ck_assert_int_eq(stepped_try_open(&stepped), 0);
	open_gateway();
	struct image_claim claim = claim_of(big.data, big.size);
	ck_assert_int_eq(begin(&feeder, &claim), 0);
	store_dispatch(stepped.store);
	store_dispatch(stepped.store);
	ck_assert_int_eq(feeder.result, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(feeder.sentence, "there is no room on the disk"));
	ck_assert_uint_eq(feeder.writable_calls, 0);
	expect_nothing_stored();
	close_all();
	free_big_image(big);
}
END_TEST

START_TEST(an_image_over_the_quota_is_refused)
{
	struct golden golden;
	struct feeder feeder;

	settings.quota_bytes = 1000;
	golden_read(&golden, "mcuboot-p256");
	open_all();
	struct image_claim claim = claim_of(golden.data, 1001);
	ck_assert_int_eq(begin(&feeder, &claim), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(feeder.why, "images.quota"));
	close_all();
}
END_TEST

TEST_SUITE(image_import, a_good_image_is_stored_described_and_served,
	an_image_over_many_chunks_comes_whole_in_any_pieces, a_fast_source_is_held_back_and_told_to_go_on,
	a_suspended_import_goes_on_at_its_byte, an_import_cut_by_a_restart_goes_on_at_a_stored_byte,
	an_import_suspended_before_its_first_byte_goes_on, a_partial_image_of_another_size_is_begun_anew,
	a_bit_flipped_anywhere_leaves_nothing, an_image_cut_anywhere_leaves_nothing,
	an_image_longer_than_declared_leaves_nothing, an_unsigned_image_leaves_nothing,
	claims_that_cannot_be_are_refused_before_any_byte, imports_at_once_are_bounded,
	a_cancelled_import_leaves_nothing, a_full_store_is_told_and_leaves_nothing, an_image_over_the_quota_is_refused)
