#include "protocols/zigbee_ota.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/frame_bytes.h"
#include "tests/unit/golden.h"
#include "tests/unit/suite.h"
#include "tests/unit/upgrade_file.h"

static int parse(struct zigbee_ota *out, const uint8_t *data, size_t size, const char **fault)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	int result = zigbee_ota_parse(out, copy, size, fault);
	free(copy);
	return result;
}

START_TEST(zigpys_file_is_laid_out_as_it_says)
{
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota");
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(file.offset, 0);
	ck_assert_uint_eq(file.size, golden.size);
	ck_assert_uint_eq(file.manufacturer, 0x117c);
	ck_assert_uint_eq(file.image_type, 0x4203);
	ck_assert_uint_eq(file.file_version, 0x01020304);
	ck_assert_uint_eq(file.stack_version, 2);
	ck_assert_str_eq(file.text, "soil sensor");
	ck_assert_uint_eq(file.element_count, 1);
	ck_assert_uint_eq(file.elements[0].tag, 0);
	ck_assert_uint_eq(file.elements[0].offset, 62);
	ck_assert_uint_eq(file.elements[0].size, 100);
}
END_TEST

START_TEST(optional_fields_are_read)
{
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota-optional");
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), 0);
	ck_assert(file.for_one_node);
	ck_assert_uint_eq(file.destination, 0x0011223344556677);
	ck_assert(file.has_hardware_range);
	ck_assert_uint_eq(file.hardware_least, 2);
	ck_assert_uint_eq(file.hardware_most, 5);
	ck_assert_uint_eq(file.header_size, 68);
}
END_TEST

START_TEST(a_vendors_wrapper_is_looked_through)
{
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota-wrapped");
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(file.offset, 64);
	ck_assert_uint_eq(file.size, 162);
	ck_assert_uint_eq(file.elements[0].offset, 64 + 62);
}
END_TEST

START_TEST(elements_that_do_not_follow_the_standard_are_left_alone)
{
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota");
	memset(golden.data + 58, 0xff, 4);
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), 0);
	ck_assert_uint_eq(file.element_count, 0);
}
END_TEST

START_TEST(a_cut_file_is_refused_at_every_length)
{
	struct golden golden;
	struct zigbee_ota file;

	golden_read(&golden, "zigbee-ota-optional");
	for (size_t size = 0; size < golden.size; size++) {
		const char *fault = NULL;
		ck_assert_int_eq(parse(&file, golden.data, size, &fault), -EBADMSG);
		ck_assert_ptr_nonnull(fault);
	}
}
END_TEST

START_TEST(contradicting_sizes_are_refused)
{
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota-optional");
	golden.data[6] = 56; /* too short for its optional fields */
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), -EBADMSG);
	golden_read(&golden, "zigbee-ota");
	golden.data[52] = 20; /* shorter than its header */
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), -EBADMSG);
	golden_read(&golden, "zigbee-ota");
	memset(golden.data + 52, 0xff, 4);
	ck_assert_int_eq(parse(&file, golden.data, golden.size, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "its header declares more bytes than the file has");
}
END_TEST

START_TEST(a_long_tail_is_refused)
{
	static uint8_t data[162 + ZIGBEE_OTA_WRAPPER_MAX + 1];
	struct golden golden;
	struct zigbee_ota file;
	const char *fault = NULL;

	golden_read(&golden, "zigbee-ota");
	memcpy(data, golden.data, golden.size);
	ck_assert_int_eq(parse(&file, data, sizeof(data) - 1, &fault), 0);
	ck_assert_int_eq(parse(&file, data, sizeof(data), &fault), -EBADMSG);
}
END_TEST

/* As the files of these vendors are laid out; the bytes are made up. */
START_TEST(the_wrappers_of_vendors_are_looked_through)
{
	static const struct {
		size_t before, after;
	} wrappers[] = { { 616, 512 }, { 4, 17 }, { 152, 0 } }; /* IKEA, Legrand, Third Reality */
	static uint8_t data[UPGRADE_FILE_MAX];
	struct zigbee_ota file;
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		const struct upgrade_file_plan plan = { .manufacturer = 0x117c,
			.image_type = 0x11cd,
			.version = 0x01010101,
			.payload = 1000,
			.hardware_least = 1,
			.hardware_most = 3,
			.before = wrappers[i].before,
			.after = wrappers[i].after };
		size_t size = upgrade_file_make(data, &plan);
		ck_assert_int_eq(zigbee_ota_parse(&file, data, size, &fault), 0);
		ck_assert_uint_eq(file.offset, wrappers[i].before);
		ck_assert_uint_eq(file.size, 1066);
		ck_assert_uint_eq(file.element_count, 1);
		ck_assert_uint_eq(file.hardware_most, 3);
	}
}
END_TEST

/* Elements of a vendor's own: IKEA's 0xffbf and 0xffbe are in order, Telink's 0xf000 has two bytes after its length,
 * what follows a Hue header is no element at all. */
START_TEST(the_elements_of_vendors_do_no_harm)
{
	static const struct {
		const char *bytes;
		size_t elements;
	} contents[] = { { "bfff 02000000 0102 beff 01000000 03 0000 04000000 04050607", 3 },
		{ "00f0 04000000 ffff 01020304", 0 }, { "2a0001", 0 } };
	uint8_t data[UPGRADE_FILE_MAX];
	struct zigbee_ota file;
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct frame_bytes bytes = frame_bytes(contents[i].bytes);
		const struct upgrade_file_plan plan = { .manufacturer = 0x100b, .payload = 100 };
		size_t size = 56 + bytes.size;
		(void)upgrade_file_make(data, &plan);
		memcpy(data + 56, bytes.data, bytes.size);
		data[52] = (uint8_t)size; /* the file's total size */
		ck_assert_int_eq(zigbee_ota_parse(&file, data, size, &fault), 0);
		ck_assert_uint_eq(file.size, 56 + bytes.size);
		ck_assert_uint_eq(file.element_count, contents[i].elements);
	}
}
END_TEST

START_TEST(a_head_is_enough_to_know_the_file)
{
	static uint8_t data[UPGRADE_FILE_MAX];
	const struct upgrade_file_plan plan = { .manufacturer = 0x117c, .payload = 6000, .before = 616 };
	size_t size = upgrade_file_make(data, &plan);
	struct zigbee_ota file;
	const char *fault = NULL;

	ck_assert_int_eq(zigbee_ota_parse_head(&file, data, ZIGBEE_OTA_HEAD_MAX, size, &fault), 0);
	ck_assert_uint_eq(file.offset, 616);
	ck_assert_uint_eq(file.size, 6062);
	ck_assert_int_eq(zigbee_ota_parse_head(&file, data, ZIGBEE_OTA_HEAD_MAX, size - 1, &fault), -EBADMSG);
}
END_TEST

TEST_SUITE(zigbee_ota, zigpys_file_is_laid_out_as_it_says, optional_fields_are_read,
	a_vendors_wrapper_is_looked_through, elements_that_do_not_follow_the_standard_are_left_alone,
	a_cut_file_is_refused_at_every_length, contradicting_sizes_are_refused, a_long_tail_is_refused,
	the_wrappers_of_vendors_are_looked_through, the_elements_of_vendors_do_no_harm,
	a_head_is_enough_to_know_the_file)
