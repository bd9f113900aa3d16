#include "protocols/mcuboot.h"

#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"
#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

/* Parses an exact copy, so that the sanitizer sees a read past the end. */
static int parse(struct mcuboot_image *out, const uint8_t *data, size_t size, const char **fault)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	int result = mcuboot_parse(out, copy, size, fault);
	free(copy);
	return result;
}

START_TEST(imgtools_image_is_laid_out_as_it_says)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-p256");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(image.header_size, 32);
	ck_assert_uint_eq(image.payload_size, 100);
	ck_assert_uint_eq(image.signed_size, 132);
	ck_assert_uint_eq(image.end, golden.size);
	ck_assert_uint_eq(image.version.major, 1);
	ck_assert_uint_eq(image.version.build, 4);
	ck_assert_uint_eq(mcuboot_find(&image, MCUBOOT_TLV_SHA256)->size, 32);
	ck_assert_uint_eq(mcuboot_find(&image, MCUBOOT_TLV_KEY_HASH)->size, 32);
	ck_assert_ptr_nonnull(mcuboot_find(&image, MCUBOOT_TLV_ECDSA));
	ck_assert_ptr_null(mcuboot_find(&image, MCUBOOT_TLV_ED25519));
}
END_TEST

START_TEST(every_kind_that_imgtool_makes_is_parsed)
{
	static const char *const names[] = { "mcuboot-ed25519", "mcuboot-ed25519-pure", "mcuboot-ed25519-sha512",
		"mcuboot-encrypted", "mcuboot-p256-full-key", "mcuboot-p256-padded-signature", "mcuboot-p256-protected",
		"mcuboot-rsa2048", "mcuboot-rsa3072", "mcuboot-unsigned" };
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		golden_read(&golden, names[i]);
		ck_assert_msg(parse(&image, golden.data, golden.size, &fault) == 0, "%s: %s", names[i], fault);
		ck_assert_uint_eq(image.end, golden.size);
	}
}
END_TEST

START_TEST(protected_tlvs_are_signed_and_kept_apart)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;
	unsigned protected_count = 0;

	golden_read(&golden, "mcuboot-p256-protected");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(image.signed_size, 132u + image.protected_size);
	for (size_t i = 0; i < image.tlv_count; i++)
		protected_count += image.tlvs[i].is_protected;
	ck_assert_uint_eq(protected_count, 3);
	ck_assert_ptr_null(mcuboot_find(&image, (enum mcuboot_tlv_type)0x50));
}
END_TEST

START_TEST(slot_padding_is_not_garbage)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-slot");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	ck_assert_uint_lt(image.end, 300);
	golden_read(&golden, "mcuboot-slot-32");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
}
END_TEST

START_TEST(a_byte_that_is_not_padding_is_refused_anywhere_in_the_slot)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-slot");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	for (size_t i = image.end; i < golden.size; i++) {
		struct mcuboot_image other;
		golden.data[i] ^= 0x10;
		ck_assert_msg(parse(&other, golden.data, golden.size, &fault) == -EBADMSG, "byte %zu", i);
		golden.data[i] ^= 0x10;
	}
}
END_TEST

START_TEST(a_cut_image_is_refused_at_every_length)
{
	struct golden golden;
	struct mcuboot_image image;

	golden_read(&golden, "mcuboot-p256-protected");
	for (size_t size = 0; size < golden.size; size++) {
		const char *fault = NULL;
		ck_assert_int_eq(parse(&image, golden.data, size, &fault), -EBADMSG);
		ck_assert_ptr_nonnull(fault);
	}
}
END_TEST

START_TEST(a_payload_of_four_gigabytes_is_refused_without_overflow)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-p256");
	memset(golden.data + 12, 0xff, 4);
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "its header declares more bytes than the file has");
	/* header_size + payload_size is 2^32 + 132 - 2^32 in 32 bits */
	golden.data[8] = 0x85;
	golden.data[9] = 0;
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), -EBADMSG);
}
END_TEST

START_TEST(trailing_bytes_are_refused)
{
	struct golden golden;
	struct mcuboot_image image;
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-p256");
	golden.data[golden.size] = 'x';
	ck_assert_int_eq(parse(&image, golden.data, golden.size + 1, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "bytes that are not slot padding follow its end");
}
END_TEST

START_TEST(an_unknown_or_repeated_unprotected_tlv_is_refused)
{
	uint8_t data[64] = { 0 };
	const uint16_t types[] = { 0x60, MCUBOOT_TLV_SHA256 };
	struct mcuboot_image image = { .header_size = 32 };
	struct mcuboot_image parsed;

	for (size_t i = 0; i < 2; i++) {
		const char *fault = NULL;
		struct writer out;
		writer_init(&out, data, sizeof(data));
		mcuboot_header_write(&out, &image);
		mcuboot_tlv_area_write(&out, 14);
		mcuboot_tlv_write(&out, types[i], "x", 1);
		mcuboot_tlv_write(&out, types[i], "x", 1);
		ck_assert_int_eq(parse(&parsed, data, writer_size(&out), &fault), -EBADMSG);
		ck_assert_ptr_nonnull(strstr(fault, i == 0 ? "unknown" : "twice"));
	}
}
END_TEST

START_TEST(versions_are_printed_and_read)
{
	static const char *const good[] = { "0.0.0", "1.2.3", "1.2.3+4", "255.255.65535+4294967295" };
	static const char *const bad[] = { "", "1.", ".1", "256", "1.2.65536", "1.2.3+", "1.2.3+4294967296", "1.2.3-4",
		"v1.2.3", "1.2.3.4", "1.2.3 " };
	struct mcuboot_version version;
	char text[MCUBOOT_VERSION_SIZE];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(mcuboot_version_parse(&version, good[i]), 0);
		mcuboot_version_print(&version, text);
		ck_assert_str_eq(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(mcuboot_version_parse(&version, bad[i]) == -EINVAL, "%s", bad[i]);
	ck_assert_int_eq(mcuboot_version_parse(&version, "7"), 0);
	mcuboot_version_print(&version, text);
	ck_assert_str_eq(text, "7.0.0");
}
END_TEST

START_TEST(written_padding_is_imgtools)
{
	struct golden golden;
	struct mcuboot_image image;
	uint8_t padding[1024];
	const char *fault = NULL;

	golden_read(&golden, "mcuboot-slot");
	ck_assert_int_eq(parse(&image, golden.data, golden.size, &fault), 0);
	size_t size = golden.size - image.end;
	ck_assert_int_eq(mcuboot_padding_write(padding, size, true), 0);
	ck_assert_mem_eq(padding, golden.data + image.end, size);
	ck_assert_int_eq(mcuboot_padding_write(padding, MCUBOOT_TRAILER_SIZE - 1, true), -ENOBUFS);
}
END_TEST

TEST_SUITE(mcuboot, imgtools_image_is_laid_out_as_it_says, every_kind_that_imgtool_makes_is_parsed,
	protected_tlvs_are_signed_and_kept_apart, slot_padding_is_not_garbage,
	a_byte_that_is_not_padding_is_refused_anywhere_in_the_slot, a_cut_image_is_refused_at_every_length,
	a_payload_of_four_gigabytes_is_refused_without_overflow, trailing_bytes_are_refused,
	an_unknown_or_repeated_unprotected_tlv_is_refused, versions_are_printed_and_read, written_padding_is_imgtools)
