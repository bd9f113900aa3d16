#include "protocols/image_header.h"

#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"
#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

START_TEST(the_format_is_told_from_the_bytes)
{
	static const struct {
		const char *file, *format, *version, *hardware;
		uint32_t offset, size;
	} cases[] = {
		{ "mcuboot-p256", "mcuboot", "1.2.3+4", "", 32, 100 },
		{ "mcuboot-p256-hardware", "mcuboot", "1.2.3+4", "soil-1", 32, 100 },
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

/* A MCUboot header, one payload byte and a protected area with this hardware TLV. */
static int parse_hardware(const char *text, struct image_header *header, const char **fault)
{
	struct mcuboot_image image = { .header_size = 32,
		.payload_size = 1,
		.protected_size = (uint16_t)(2 * MCUBOOT_TLV_HEADER_SIZE + strlen(text)) };
	uint8_t data[128];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	mcuboot_header_write(&out, &image);
	write_u8(&out, 0);
	mcuboot_protected_area_write(&out, image.protected_size);
	mcuboot_tlv_write(&out, MCUBOOT_TLV_HARDWARE, text, (uint16_t)strlen(text));
	mcuboot_tlv_area_write(&out, MCUBOOT_TLV_HEADER_SIZE);
	return image_header_parse(header, data, writer_size(&out), fault);
}

START_TEST(a_hardware_that_is_no_short_word_is_refused)
{
	struct image_header header;
	const char *fault = NULL;

	ck_assert_int_eq(parse_hardware("12345678901234567890123456789012", &header, &fault), 0);
	ck_assert_str_eq(header.hardware, "12345678901234567890123456789012");
	ck_assert_int_eq(parse_hardware("", &header, &fault), -EBADMSG);
	ck_assert_int_eq(parse_hardware("123456789012345678901234567890123", &header, &fault), -EBADMSG);
	ck_assert_int_eq(parse_hardware("soil 1", &header, &fault), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, "hardware TLV"));
}
END_TEST

TEST_SUITE(image_header, the_format_is_told_from_the_bytes, anything_else_is_raw, an_empty_image_is_refused,
	header_text_is_made_printable, a_hardware_that_is_no_short_word_is_refused)
