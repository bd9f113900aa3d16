#include "protocols/ash.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

/* Captured from zigbee-herdsman 10.9.5 and decoded by bellows 1.2.1. */
#define RST "1ac038bc7e"
#define RSTACK "1ac1020b0a527e"
#define VERSION "004221a8597c057e"
#define VERSION_ANSWER "0142a1a8592805c6a8777e"

static size_t bytes_of(uint8_t *out, const char *digits)
{
	ck_assert_int_eq(hex_parse(out, digits, strlen(digits)), 0);
	return strlen(digits) / 2;
}

static int take(struct ash_parser *parser, const char *digits, struct ash_frame *out)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct bytes in = { wire, bytes_of(wire, digits) };

	return ash_parser_take(parser, &in, out);
}

static void assert_goes_both_ways(const char *digits, struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX], again[ASH_WIRE_MAX];
	size_t size = bytes_of(wire, digits);
	static struct ash_parser parser;
	struct bytes in = { wire, size };
	struct writer out;

	ash_parser_init(&parser);
	ck_assert_int_eq(ash_parser_take(&parser, &in, frame), 0);
	writer_init(&out, again, sizeof(again));
	ash_frame_write(&out, frame);
	ck_assert_uint_eq(writer_size(&out), size);
	ck_assert_mem_eq(again, wire, size);
}

START_TEST(captured_frames_are_read_and_written)
{
	struct ash_frame frame;

	assert_goes_both_ways(RST, &frame);
	ck_assert_int_eq(frame.kind, ASH_RST);
	assert_goes_both_ways(RSTACK, &frame);
	ck_assert_int_eq(frame.kind, ASH_RSTACK);
	ck_assert_uint_eq(frame.version, ASH_VERSION);
	ck_assert_uint_eq(frame.code, 0x0b);
	assert_goes_both_ways("8070787e", &frame);
	ck_assert_int_eq(frame.kind, ASH_ACK);
	ck_assert_uint_eq(frame.acknowledged, 0);
	assert_goes_both_ways("8160597e", &frame);
	ck_assert_uint_eq(frame.acknowledged, 1);
	assert_goes_both_ways(VERSION, &frame);
	ck_assert_mem_eq(frame.data.data, "\0\0\0\x0d", 4);
	ck_assert_uint_eq(frame.data.size, 4);
	assert_goes_both_ways(VERSION_ANSWER, &frame);
	ck_assert_uint_eq(frame.acknowledged, 1);
	ck_assert_uint_eq(frame.data.size, 7);
	ck_assert_mem_eq(frame.data.data, "\0\x80\0\x0d\x02\x10\x74", 7);
}
END_TEST

static void assert_same(const struct ash_frame *frame)
{
	struct ash_parser parser;
	uint8_t wire[ASH_WIRE_MAX];
	struct writer out;
	struct ash_frame back;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	struct bytes in = { wire, writer_size(&out) };
	ash_parser_init(&parser);
	ck_assert_int_eq(ash_parser_take(&parser, &in, &back), 0);
	ck_assert_uint_eq(in.size, 0);
	ck_assert_int_eq(back.kind, frame->kind);
	ck_assert_uint_eq(back.number, frame->number);
	ck_assert_uint_eq(back.acknowledged, frame->acknowledged);
	ck_assert_int_eq(back.repeated, frame->repeated);
	ck_assert_int_eq(back.not_ready, frame->not_ready);
	ck_assert_uint_eq(back.data.size, frame->data.size);
	if (frame->data.size > 0)
		ck_assert_mem_eq(back.data.data, frame->data.data, frame->data.size);
}

START_TEST(whatever_the_data_they_come_back_the_same)
{
	uint8_t data[ASH_DATA_MAX];

	for (unsigned seed = 0; seed < 256; seed++) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(seed + i * 7);
		for (size_t size = ASH_DATA_MIN; size <= ASH_DATA_MAX; size += 31)
			assert_same(&(struct ash_frame){ .kind = ASH_DATA,
				.number = seed % ASH_NUMBERS,
				.acknowledged = (seed + 3) % ASH_NUMBERS,
				.repeated = seed & 1,
				.data = { data, size } });
	}
	assert_same(&(struct ash_frame){ .kind = ASH_NAK, .acknowledged = 7, .not_ready = true });
	assert_same(&(struct ash_frame){ .kind = ASH_ACK, .acknowledged = 5, .not_ready = true });
	assert_same(&(struct ash_frame){ .kind = ASH_ERROR, .version = 2, .code = 0x51 });
}
END_TEST

START_TEST(frames_come_one_byte_at_a_time)
{
	uint8_t wire[ASH_WIRE_MAX];
	size_t size = bytes_of(wire, RSTACK VERSION_ANSWER);
	struct ash_parser parser;
	struct ash_frame frame;
	unsigned frames = 0;

	ash_parser_init(&parser);
	for (size_t i = 0; i < size; i++) {
		struct bytes in = { wire + i, 1 };
		frames += ash_parser_take(&parser, &in, &frame) == 0;
	}
	ck_assert_uint_eq(frames, 2);
	ck_assert_uint_eq(frame.data.size, 7);
}
END_TEST

START_TEST(a_damaged_byte_is_noticed)
{
	uint8_t good[ASH_WIRE_MAX];
	size_t size = bytes_of(good, VERSION_ANSWER);

	for (size_t at = 0; at + 1 < size; at++) {
		uint8_t wire[ASH_WIRE_MAX];
		struct ash_parser parser;
		struct ash_frame frame;
		memcpy(wire, good, size);
		wire[at] ^= 0x04;
		struct bytes in = { wire, size };
		ash_parser_init(&parser);
		int result = ash_parser_take(&parser, &in, &frame);
		ck_assert_msg(result == -EBADMSG, "byte %zu: %d", at, result);
	}
}
END_TEST

START_TEST(a_cancel_byte_drops_what_was_before)
{
	struct ash_parser parser;
	struct ash_frame frame;

	ash_parser_init(&parser);
	ck_assert_int_eq(take(&parser, "00421a" VERSION, &frame), 0);
	ck_assert_int_eq(frame.kind, ASH_DATA);
	ck_assert_int_eq(take(&parser, "0042181a" VERSION, &frame), 0);
	ck_assert_int_eq(take(&parser, "7d1a" VERSION, &frame), 0);
}
END_TEST

START_TEST(a_substitute_byte_spoils_the_frame)
{
	struct ash_parser parser;
	struct ash_frame frame;

	ash_parser_init(&parser);
	ck_assert_int_eq(take(&parser, "00421821a8597c057e", &frame), -EBADMSG);
	ck_assert_int_eq(take(&parser, VERSION, &frame), 0);
}
END_TEST

START_TEST(flow_control_bytes_and_idle_flags_mean_nothing)
{
	struct ash_parser parser;
	struct ash_frame frame;

	ash_parser_init(&parser);
	ck_assert_int_eq(take(&parser,
				 "7e7e7e11004213"
				 "21a8597c057e",
				 &frame),
		0);
	ck_assert_uint_eq(frame.data.size, 4);
}
END_TEST

START_TEST(an_escape_before_the_flag_spoils_the_frame)
{
	struct ash_parser parser;
	struct ash_frame frame;

	ash_parser_init(&parser);
	ck_assert_int_eq(take(&parser, "004221a8597c057d7e", &frame), -EBADMSG);
	ck_assert_int_eq(take(&parser, RST, &frame), 0);
}
END_TEST

START_TEST(a_frame_that_is_too_long_is_passed_over)
{
	struct ash_parser parser;
	struct ash_frame frame;
	uint8_t wire[ASH_FRAME_MAX + 2];
	struct bytes in = { wire, sizeof(wire) };

	memset(wire, 0x42, sizeof(wire));
	wire[sizeof(wire) - 1] = 0x7e;
	ash_parser_init(&parser);
	ck_assert_int_eq(ash_parser_take(&parser, &in, &frame), -EBADMSG);
	ck_assert_int_eq(take(&parser, VERSION, &frame), 0);
}
END_TEST

START_TEST(data_that_no_frame_may_have_are_not_written)
{
	uint8_t data[ASH_DATA_MAX + 1] = { 0 }, wire[ASH_WIRE_MAX];
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, &(struct ash_frame){ .kind = ASH_DATA, .data = { data, sizeof(data) } });
	ck_assert(out.failed);
	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, &(struct ash_frame){ .kind = ASH_DATA, .data = { data, ASH_DATA_MIN - 1 } });
	ck_assert(out.failed);
}
END_TEST

TEST_SUITE(ash, captured_frames_are_read_and_written, whatever_the_data_they_come_back_the_same,
	frames_come_one_byte_at_a_time, a_damaged_byte_is_noticed, a_cancel_byte_drops_what_was_before,
	a_substitute_byte_spoils_the_frame, flow_control_bytes_and_idle_flags_mean_nothing,
	an_escape_before_the_flag_spoils_the_frame, a_frame_that_is_too_long_is_passed_over,
	data_that_no_frame_may_have_are_not_written)
