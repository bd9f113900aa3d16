#include "gateway/image_import.h"

#include <errno.h>

#include "tests/unit/import_fixture.h"
#include "tests/unit/suite.h"

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
	struct bytes big = make_image(BIG_PAYLOAD);
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
	free_image(big);
}
END_TEST

START_TEST(a_fast_source_is_held_back_and_told_to_go_on)
{
	struct bytes big = make_image(BIG_PAYLOAD);
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
	free_image(big);
}
END_TEST

START_TEST(a_suspended_import_goes_on_at_its_byte)
{
	struct bytes big = make_image(BIG_PAYLOAD);
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
	free_image(big);
}
END_TEST

START_TEST(an_import_cut_by_a_restart_goes_on_at_a_stored_byte)
{
	struct bytes big = make_image(BIG_PAYLOAD);
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
	free_image(big);
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
	struct bytes big = make_image(BIG_PAYLOAD);
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
	free_image(big);
}
END_TEST

/* A disk that fails is told late: who feeds goes on in good faith. */
START_TEST(whatever_is_called_after_a_failure_does_no_harm)
{
	struct golden golden;
	struct feeder feeder;

	for (int call = 0; call < 4; call++) {
		struct image_claim claim = open_with(&golden, "mcuboot-p256");
		begin_well(&feeder, &claim);
		feed(&feeder, golden.data, claim.size_bytes, 1000);
		ck_assert_int_eq(image_import_write(feeder.import, "x", 1), -EFBIG);
		ck_assert_ptr_nonnull(feeder.import);
		if (call == 0)
			ck_assert_int_eq(image_import_write(feeder.import, "x", 1), -EAGAIN);
		if (call == 1)
			image_import_finish(feeder.import);
		if (call == 2)
			image_import_cancel(feeder.import);
		if (call == 3)
			image_import_suspend(feeder.import);
		store_dispatch(stepped.store);
		ck_assert_uint_eq(feeder.done_calls, call == 3 ? 0 : 1);
		ck_assert_int_eq(feeder.result, call == 3 ? 1 : -EFBIG);
		expect_nothing_stored();
		close_all();
	}
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
	a_cancelled_import_leaves_nothing, a_full_store_is_told_and_leaves_nothing,
	whatever_is_called_after_a_failure_does_no_harm, an_image_over_the_quota_is_refused)
