#include "protocols/unpi.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

/* Captured from zigbee-herdsman 10.9.5: a firmware block on its way to a node. */
#define BLOCK "fe2524013b1ce801190014001e1b191d0500f210327b60046002d80000000aac209b5d19480acaf868f3"
#define BLOCK_ANSWER "fe0164010064"
#define SOURCE_ROUTE "fe0545c49fa101c1106a"

static size_t bytes_of(uint8_t *out, const char *digits)
{
	size_t size = strlen(digits) / 2;

	ck_assert_int_eq(hex_parse(out, digits, strlen(digits)), 0);
	return size;
}

static void assert_goes_both_ways(const char *digits, uint16_t command, size_t data_size)
{
	uint8_t wire[UNPI_FRAME_MAX], again[UNPI_FRAME_MAX];
	size_t size = bytes_of(wire, digits);
	struct unpi_parser parser;
	struct bytes in = { wire, size };
	struct unpi_frame frame;
	struct writer out;

	unpi_parser_init(&parser);
	ck_assert_int_eq(unpi_parser_take(&parser, &in, &frame), 0);
	ck_assert_uint_eq(frame.command, command);
	ck_assert_uint_eq(frame.data.size, data_size);
	writer_init(&out, again, sizeof(again));
	unpi_frame_write(&out, &frame);
	ck_assert_uint_eq(writer_size(&out), size);
	ck_assert_mem_eq(again, wire, size);
	ck_assert_int_eq(unpi_parser_take(&parser, &in, &frame), -EAGAIN);
	ck_assert_uint_eq(parser.skipped, 0);
}

START_TEST(captured_frames_are_read_and_written)
{
	assert_goes_both_ways("fe00210120", 0x2101, 0);
	assert_goes_both_ways("fe02610159063d", 0x6101, 2);
	assert_goes_both_ways(BLOCK, 0x2401, 37);
	assert_goes_both_ways(BLOCK_ANSWER, 0x6401, 1);
	assert_goes_both_ways("fe034480000114d2", 0x4480, 3);
	assert_goes_both_ways("fe1d4481000000059fa1230b004800a7760600000919150030000017ffffc1101cbb", 0x4481, 29);
	assert_goes_both_ways(SOURCE_ROUTE, 0x45c4, 5);
}
END_TEST

START_TEST(frames_come_one_byte_at_a_time)
{
	uint8_t wire[2 * UNPI_FRAME_MAX];
	size_t size = bytes_of(wire, BLOCK BLOCK_ANSWER);
	struct unpi_parser parser;
	struct unpi_frame frame;
	unsigned frames = 0;

	unpi_parser_init(&parser);
	for (size_t i = 0; i < size; i++) {
		struct bytes in = { wire + i, 1 };
		frames += unpi_parser_take(&parser, &in, &frame) == 0;
	}
	ck_assert_uint_eq(frames, 2);
	ck_assert_uint_eq(frame.command, 0x6401);
}
END_TEST

START_TEST(a_frame_after_a_bad_one_is_found)
{
	uint8_t wire[2 * UNPI_FRAME_MAX];
	size_t size = bytes_of(wire, "0000fe0545c49fa101c1106b" SOURCE_ROUTE);
	struct unpi_parser parser;
	struct bytes in = { wire, size };
	struct unpi_frame frame;

	unpi_parser_init(&parser);
	ck_assert_int_eq(unpi_parser_take(&parser, &in, &frame), 0);
	ck_assert_uint_eq(frame.command, 0x45c4);
	ck_assert_uint_eq(parser.skipped, 12);
}
END_TEST

/* The start of a frame that was cut swallows the frame behind it, which must be found in what was swallowed. */
START_TEST(a_frame_inside_a_cut_one_is_found)
{
	uint8_t wire[2 * UNPI_FRAME_MAX];
	size_t size = bytes_of(wire, "fe1445c4" SOURCE_ROUTE BLOCK_ANSWER "fe00210120fe");
	struct unpi_parser parser;
	struct bytes in = { wire, size };
	struct unpi_frame frame;
	uint16_t found[4] = { 0 };
	size_t count = 0;

	unpi_parser_init(&parser);
	while (unpi_parser_take(&parser, &in, &frame) == 0)
		found[count++] = frame.command;
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(found[0], 0x45c4);
	ck_assert_uint_eq(found[1], 0x6401);
	ck_assert_uint_eq(found[2], 0x2101);
	ck_assert_uint_eq(parser.size, 1);
}
END_TEST

START_TEST(a_length_that_no_frame_has_is_passed_over)
{
	uint8_t wire[] = { 0xfe, 0xfb, 0xfe, 0xff, 0xfe, 0x00, 0x21, 0x01, 0x20 };
	struct unpi_parser parser;
	struct bytes in = { wire, sizeof(wire) };
	struct unpi_frame frame;

	unpi_parser_init(&parser);
	ck_assert_int_eq(unpi_parser_take(&parser, &in, &frame), 0);
	ck_assert_uint_eq(frame.command, 0x2101);
	ck_assert_uint_eq(parser.skipped, 4);
}
END_TEST

START_TEST(more_data_than_fits_a_frame_is_refused)
{
	uint8_t data[UNPI_DATA_MAX + 1] = { 0 }, wire[UNPI_FRAME_MAX + 1];
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	unpi_frame_write(&out, &(struct unpi_frame){ 0x2401, { data, sizeof(data) } });
	ck_assert(out.failed);
	writer_init(&out, wire, sizeof(wire));
	unpi_frame_write(&out, &(struct unpi_frame){ 0x2401, { data, UNPI_DATA_MAX } });
	ck_assert_uint_eq(writer_size(&out), UNPI_FRAME_MAX);
	writer_init(&out, wire, 5);
	unpi_frame_write(&out, &(struct unpi_frame){ 0x2401, { data, 1 } });
	ck_assert(out.failed);
}
END_TEST

START_TEST(a_response_has_its_requests_number)
{
	ck_assert_uint_eq(unpi_response(0x2101), 0x6101);
	ck_assert_uint_eq(unpi_response(0x2f05), 0x6f05);
	ck_assert_int_eq(unpi_type(0x2101), UNPI_SREQ);
	ck_assert_int_eq(unpi_type(0x4180), UNPI_AREQ);
	ck_assert_int_eq(unpi_type(0x6401), UNPI_SRSP);
}
END_TEST

TEST_SUITE(unpi, captured_frames_are_read_and_written, frames_come_one_byte_at_a_time, a_frame_after_a_bad_one_is_found,
	a_frame_inside_a_cut_one_is_found, a_length_that_no_frame_has_is_passed_over,
	more_data_than_fits_a_frame_is_refused, a_response_has_its_requests_number)
