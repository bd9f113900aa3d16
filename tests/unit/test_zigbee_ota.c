#include "protocols/zigbee_ota.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/golden.h"
#include "tests/unit/suite.h"

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

TEST_SUITE(zigbee_ota, zigpys_file_is_laid_out_as_it_says, optional_fields_are_read,
	a_vendors_wrapper_is_looked_through, elements_that_do_not_follow_the_standard_are_left_alone,
	a_cut_file_is_refused_at_every_length, contradicting_sizes_are_refused, a_long_tail_is_refused)
