#include "protocols/esp_image.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

static int parse(struct esp_image *out, const uint8_t *data, size_t size, const char **fault)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	int result = esp_image_parse(out, copy, size, fault);
	free(copy);
	return result;
}

START_TEST(esptools_image_is_laid_out_as_it_says)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf");
	ck_assert(esp_image_recognize(golden.data, golden.size));
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_str_eq(image.version, "v2.0.1-7-gabc");
	ck_assert_str_eq(image.project, "soil sensor");
	ck_assert_str_eq(image.chip, "esp32c3");
	ck_assert_uint_eq(image.secure_version, 3);
	ck_assert(image.has_appended_hash);
	ck_assert_uint_eq(image.hashed_size, 400);
	ck_assert_uint_eq(image.end, golden.size);
}
END_TEST

START_TEST(an_image_without_appended_hash_is_parsed)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf-no-hash");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert(!image.has_appended_hash);
	ck_assert_uint_eq(image.end, golden.size);
}
END_TEST

START_TEST(padding_and_a_secure_boot_signature_may_follow)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf-padded");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(image.end, 432);
	golden_read(&golden, "esp-idf-secure-boot");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(image.end, 432);
	golden.data[4096] = 0;
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), -EBADMSG);
}
END_TEST

START_TEST(other_bytes_after_the_end_are_refused)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf");
	golden.data[golden.size] = 0;
	ck_assert_int_eq(parse(&image, golden.data, golden.size + 1, &fault), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, "follow its end"));
}
END_TEST

START_TEST(a_cut_image_is_refused_at_every_length)
{
	struct golden golden;
	struct esp_image image;

	golden_read(&golden, "esp-idf");
	for (size_t size = 0; size < golden.size; size++) {
		const char *fault = NULL;
		ck_assert_int_eq(parse(&image, golden.data, size, &fault), -EBADMSG);
		ck_assert_ptr_nonnull(fault);
	}
}
END_TEST

START_TEST(a_changed_byte_of_a_segment_is_a_wrong_checksum)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf");
	golden.data[200] ^= 1;
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "its checksum is wrong");
}
END_TEST

START_TEST(a_segment_of_four_gigabytes_is_refused)
{
	struct golden golden;
	struct esp_image image;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf");
	memset(golden.data + 28, 0xff, 4);
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "a segment goes past the end of the file");
}
END_TEST

TEST_SUITE(esp_image, esptools_image_is_laid_out_as_it_says, an_image_without_appended_hash_is_parsed,
	padding_and_a_secure_boot_signature_may_follow, other_bytes_after_the_end_are_refused,
	a_cut_image_is_refused_at_every_length, a_changed_byte_of_a_segment_is_a_wrong_checksum,
	a_segment_of_four_gigabytes_is_refused)
