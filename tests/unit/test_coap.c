#include "protocols/coap.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>

/* RFC 7252 appendix A, figures 16 and 17. */
static const uint8_t figure_16_request[] = "\x40\x01\x7d\x34\xbbtemperature";
static const uint8_t figure_16_response[] = "\x60\x45\x7d\x34\xff"
					    "22.3 C";
static const uint8_t figure_17_request[] = "\x41\x01\x7d\x35\x20\xbbtemperature";

#define BYTES(literal) (literal), sizeof(literal) - 1

START_TEST(the_examples_of_rfc_7252_are_read)
{
	struct coap_message message;
	struct coap_options options;
	struct coap_option option;

	ck_assert_int_eq(coap_message_parse(&message, BYTES(figure_17_request)), 0);
	ck_assert_int_eq(message.type, COAP_CON);
	ck_assert_uint_eq(message.code, COAP_GET);
	ck_assert_uint_eq(message.id, 0x7d35);
	ck_assert_uint_eq(message.token_size, 1);
	ck_assert_uint_eq(message.token[0], 0x20);
	ck_assert_ptr_null(message.payload);
	coap_options_start(&options, &message);
	ck_assert(coap_options_next(&options, &option));
	ck_assert_uint_eq(option.number, COAP_URI_PATH);
	ck_assert_uint_eq(option.size, 11);
	ck_assert_mem_eq(option.value, "temperature", 11);
	ck_assert(!coap_options_next(&options, &option));

	ck_assert_int_eq(coap_message_parse(&message, BYTES(figure_16_response)), 0);
	ck_assert_int_eq(message.type, COAP_ACK);
	ck_assert_uint_eq(message.code, COAP_CONTENT);
	ck_assert_uint_eq(message.payload_size, 6);
	ck_assert_mem_eq(message.payload, "22.3 C", 6);
}
END_TEST

START_TEST(the_examples_of_rfc_7252_are_written)
{
	uint8_t buffer[32];
	struct coap_writer writer;

	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_CON, COAP_GET, 0x7d34 });
	coap_write_text(&writer, COAP_URI_PATH, "temperature");
	ck_assert_int_eq(coap_write_payload(&writer, NULL, 0), sizeof(figure_16_request) - 1);
	ck_assert_mem_eq(buffer, figure_16_request, sizeof(figure_16_request) - 1);

	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_ACK, COAP_CONTENT, 0x7d34 });
	ck_assert_int_eq(coap_write_payload(&writer, "22.3 C", 6), sizeof(figure_16_response) - 1);
	ck_assert_mem_eq(buffer, figure_16_response, sizeof(figure_16_response) - 1);
}
END_TEST

/* As aiocoap 0.4.17 encodes it: POST, token c0ffee, /t?ep=n1, Content-Format 112, Block2 3/0/2, No-Response 26, "ab".
 */
START_TEST(a_request_of_aiocoap_is_read_and_written)
{
	static const uint8_t golden[] = "\x53\x02\x12\x34\xc0\xff\xee\xb1t\x11p\x35"
					"ep=n1\x81\x32\xd1\xde\x1a\xff"
					"ab";
	struct coap_message message;
	struct coap_options options;
	struct coap_option option;
	struct coap_block block;
	uint8_t buffer[64];
	struct coap_writer writer;

	ck_assert_int_eq(coap_message_parse(&message, BYTES(golden)), 0);
	coap_options_start(&options, &message);
	coap_write_start(&writer, buffer, sizeof(buffer), &message);
	while (coap_options_next(&options, &option)) {
		coap_write_option(&writer, option.number, option.value, option.size);
		if (option.number == COAP_BLOCK2)
			ck_assert_int_eq(coap_block_parse(&block, &option), 0);
	}
	ck_assert_uint_eq(option.number, COAP_NO_RESPONSE);
	ck_assert_uint_eq(block.number, 3);
	ck_assert_uint_eq(block.szx, 2);
	ck_assert(!block.more);
	ck_assert_uint_eq(coap_block_offset(&block), 192);
	ck_assert_int_eq(coap_write_payload(&writer, message.payload, message.payload_size), sizeof(golden) - 1);
	ck_assert_mem_eq(buffer, golden, sizeof(golden) - 1);
}
END_TEST

START_TEST(a_format_error_still_tells_type_and_id)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ "token length 9",
			"\x49\x01\x12\x34"
			"123456789",
			13 },
		{ "token length 15", "\x4f\x01\x12\x34", 4 },
		{ "token cut",
			"\x44\x01\x12\x34"
			"12",
			6 },
		{ "option delta 15", "\x40\x01\x12\x34\xf0", 5 },
		{ "option length 15", "\x40\x01\x12\x34\xbf", 5 },
		{ "option delta byte missing", "\x40\x01\x12\x34\xd0", 5 },
		{ "option length byte missing", "\x40\x01\x12\x34\xbe\x00", 6 },
		{ "option value cut",
			"\x40\x01\x12\x34\xb4"
			"fw",
			7 },
		{ "option number over 65535", "\x40\x01\x12\x34\xe0\xff\xff", 7 },
		{ "marker without payload", "\x40\x01\x12\x34\xff", 5 },
		{ "empty with a token", "\x41\x00\x12\x34\x01", 5 },
		{ "empty with an option", "\x40\x00\x12\x34\xb0", 5 },
		{ "empty with a payload", "\x40\x00\x12\x34\xff\x01", 6 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message message;
		int result = coap_message_parse(&message, cases[i].bytes, cases[i].size);
		ck_assert_msg(result == -EBADMSG, "%s: %d", cases[i].what, result);
		ck_assert_int_eq(message.type, COAP_CON);
		ck_assert_uint_eq(message.id, 0x1234);
	}
}
END_TEST

START_TEST(what_is_not_coap_version_1_is_to_be_ignored)
{
	struct coap_message message;

	ck_assert_int_eq(coap_message_parse(&message, "", 0), -EPROTONOSUPPORT);
	ck_assert_int_eq(coap_message_parse(&message, "\x40\x01\x12", 3), -EPROTONOSUPPORT);
	ck_assert_int_eq(coap_message_parse(&message, "\x80\x01\x12\x34", 4), -EPROTONOSUPPORT);
	ck_assert_int_eq(coap_message_parse(&message, "\x00\x01\x12\x34", 4), -EPROTONOSUPPORT);
}
END_TEST

START_TEST(every_cut_of_a_message_is_refused_or_shorter)
{
	struct coap_message message;

	for (size_t size = 0; size < sizeof(figure_17_request) - 1; size++) {
		int result = coap_message_parse(&message, figure_17_request, size);
		ck_assert(result < 0 || size == 5);
	}
}
END_TEST

START_TEST(option_lengths_and_deltas_cross_their_bases)
{
	static const size_t sizes[] = { 0, 12, 13, 268, 269, 1000 };
	static const uint16_t numbers[] = { 12, 13, 268, 269, 2049, 65535 };
	uint8_t buffer[2048], value[1000];
	struct coap_writer writer;
	struct coap_message message;
	struct coap_options options;
	struct coap_option option;

	memset(value, 'v', sizeof(value));
	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_NON, COAP_GET, 1 });
	for (size_t i = 0; i < 6; i++)
		coap_write_option(&writer, numbers[i], value, sizes[i]);
	int size = coap_write_payload(&writer, "x", 1);
	ck_assert_int_gt(size, 0);
	ck_assert_int_eq(coap_message_parse(&message, buffer, (size_t)size), 0);
	coap_options_start(&options, &message);
	for (size_t i = 0; i < 6; i++) {
		ck_assert(coap_options_next(&options, &option));
		ck_assert_uint_eq(option.number, numbers[i]);
		ck_assert_uint_eq(option.size, sizes[i]);
	}
	ck_assert(!coap_options_next(&options, &option));
}
END_TEST

START_TEST(numbers_in_options_are_as_short_as_can_be)
{
	static const struct {
		uint32_t value;
		size_t size;
	} cases[] = { { 0, 0 }, { 1, 1 }, { 255, 1 }, { 256, 2 }, { 65536, 3 }, { UINT32_MAX, 4 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buffer[16];
		struct coap_writer writer;
		struct coap_message message;
		struct coap_options options;
		struct coap_option option;
		uint32_t value;

		coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_CON, COAP_GET, 1 });
		coap_write_uint(&writer, COAP_SIZE2, cases[i].value);
		int size = coap_write_payload(&writer, NULL, 0);
		ck_assert_int_eq(coap_message_parse(&message, buffer, (size_t)size), 0);
		coap_options_start(&options, &message);
		ck_assert(coap_options_next(&options, &option));
		ck_assert_uint_eq(option.size, cases[i].size);
		ck_assert_int_eq(coap_option_uint(&option, &value), 0);
		ck_assert_uint_eq(value, cases[i].value);
	}
}
END_TEST

START_TEST(leading_zeros_are_fine_but_five_bytes_are_not)
{
	uint32_t value;

	ck_assert_int_eq(
		coap_option_uint(&(struct coap_option){ COAP_ACCEPT, (const uint8_t *)"\0\0\x2a", 3 }, &value), 0);
	ck_assert_uint_eq(value, 42);
	ck_assert_int_eq(
		coap_option_uint(&(struct coap_option){ COAP_ACCEPT, (const uint8_t *)"\0\0\0\0\1", 5 }, &value),
		-EBADMSG);
}
END_TEST

START_TEST(block_options_know_their_limits)
{
	struct coap_block block;

	ck_assert_int_eq(coap_block_parse(&block, &(struct coap_option){ COAP_BLOCK2, NULL, 0 }), 0);
	ck_assert_uint_eq(block.number + block.szx + block.more, 0);
	ck_assert_int_eq(
		coap_block_parse(&block, &(struct coap_option){ COAP_BLOCK2, (const uint8_t *)"\x07", 1 }), -EBADMSG);
	ck_assert_int_eq(coap_block_parse(&block, &(struct coap_option){ COAP_BLOCK2, (const uint8_t *)"\1\2\3\4", 4 }),
		-EBADMSG);
	ck_assert_int_eq(
		coap_block_parse(&block, &(struct coap_option){ COAP_BLOCK2, (const uint8_t *)"\xff\xff\xfe", 3 }), 0);
	ck_assert_uint_eq(block.number, COAP_BLOCK_NUMBER_MAX);
	ck_assert(block.more);
	ck_assert_uint_eq(coap_block_offset(&block), 0x3ffffc00);
}
END_TEST

START_TEST(a_message_that_does_not_fit_is_not_written)
{
	uint8_t buffer[8];
	struct coap_writer writer;

	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_CON, COAP_GET, 1 });
	coap_write_text(&writer, COAP_URI_PATH, "temperature");
	ck_assert_int_eq(coap_write_payload(&writer, "x", 1), -ENOBUFS);
}
END_TEST

START_TEST(codes_have_their_names)
{
	ck_assert_str_eq(coap_code_name(COAP_CONTENT), "Content");
	ck_assert_uint_eq(COAP_CONTENT, 69);
	ck_assert_uint_eq(COAP_UNAVAILABLE, 163);
	ck_assert_str_eq(coap_code_name(COAP_CODE(7, 31)), "");
}
END_TEST

TEST_SUITE(coap, the_examples_of_rfc_7252_are_read, the_examples_of_rfc_7252_are_written,
	a_request_of_aiocoap_is_read_and_written, a_format_error_still_tells_type_and_id,
	what_is_not_coap_version_1_is_to_be_ignored, every_cut_of_a_message_is_refused_or_shorter,
	option_lengths_and_deltas_cross_their_bases, numbers_in_options_are_as_short_as_can_be,
	leading_zeros_are_fine_but_five_bytes_are_not, block_options_know_their_limits,
	a_message_that_does_not_fit_is_not_written, codes_have_their_names)
