#include "protocols/image_header.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

START_TEST(the_format_is_told_from_the_bytes)
{
	static const struct {
		const char *file, *format, *version, *hardware;
		uint32_t offset, size;
	} cases[] = {
		{ "mcuboot-p256", "mcuboot", "1.2.3+4", "", 32, 100 },
		{ "esp-idf", "esp-idf", "v2.0.1-7-gabc", "esp32c3", 0, 432 },
		{ "esp-idf-secure-boot", "esp-idf", "v2.0.1-7-gabc", "esp32c3", 0, 432 },
		{ "zigbee-ota", "zigbee-ota", "0x01020304", "117c-4203", 0, 162 },
		{ "zigbee-ota-wrapped", "zigbee-ota", "0x01020304", "117c-4203", 64, 162 },
	};
	struct golden golden;
	struct image_header header;
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		golden_read(&golden, cases[i].file);
		ck_assert_int_eq(image_header_parse(&header, golden.data, golden.size, &fault), 0);
		ck_assert_str_eq(image_format_name(header.format), cases[i].format);
		ck_assert_str_eq(header.version, cases[i].version);
		ck_assert_str_eq(header.hardware, cases[i].hardware);
		ck_assert_uint_eq(header.payload_offset, cases[i].offset);
		ck_assert_uint_eq(header.payload_size, cases[i].size);
	}
}
END_TEST

START_TEST(anything_else_is_raw)
{
	struct image_header header;
	const char *fault = NULL;

	ck_assert_int_eq(image_header_parse(&header, "\xe9 no descriptor", 15, &fault), 0);
	ck_assert_int_eq(header.format, IMAGE_FORMAT_RAW);
	ck_assert_str_eq(header.version, "");
	ck_assert_uint_eq(header.payload_size, 15);
}
END_TEST

START_TEST(an_empty_image_is_refused)
{
	struct image_header header;
	const char *fault = NULL;

	ck_assert_int_eq(image_header_parse(&header, NULL, 0, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "it is empty");
}
END_TEST

START_TEST(header_text_is_made_printable)
{
	struct golden golden;
	struct image_header header;
	const char *fault = NULL;

	golden_read(&golden, "esp-idf-no-hash");
	/* the same change twice in one column of 16 leaves the checksum as it was */
	golden.data[0x30] ^= 'v' ^ '\n';
	golden.data[0x40] ^= 'v' ^ '\n';
	ck_assert_int_eq(image_header_parse(&header, golden.data, golden.size, &fault), 0);
	ck_assert_str_eq(header.version, "_2.0.1-7-gabc");
}
END_TEST

TEST_SUITE(image_header, the_format_is_told_from_the_bytes, anything_else_is_raw, an_empty_image_is_refused,
	header_text_is_made_printable)
