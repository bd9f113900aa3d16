#include "drivers/coap_resource.h"
#include "tests/unit/suite.h"

#include <string.h>

static uint8_t take(struct coap_request *request, uint16_t number, const char *value)
{
	return coap_request_take(
		request, &(struct coap_option){ number, (const uint8_t *)value, value ? strlen(value) : 0 });
}

START_TEST(options_fill_the_request)
{
	struct coap_request request;

	coap_request_init(&request);
	ck_assert_uint_eq(take(&request, COAP_URI_HOST, "gateway"), 0);
	ck_assert_uint_eq(take(&request, COAP_ETAG, "12345678"), 0);
	ck_assert_uint_eq(take(&request, COAP_URI_PATH, "fw"), 0);
	ck_assert_uint_eq(take(&request, COAP_URI_PATH, "name"), 0);
	ck_assert_uint_eq(take(&request, COAP_CONTENT_FORMAT, "\x3c"), 0);
	ck_assert_uint_eq(take(&request, COAP_URI_QUERY, "ep=n1"), 0);
	ck_assert_uint_eq(take(&request, COAP_ACCEPT, "\x2a"), 0);
	ck_assert_uint_eq(take(&request, COAP_BLOCK2, "\x16"), 0);
	ck_assert(coap_request_segment_is(&request, 0, "fw"));
	ck_assert(!coap_request_segment_is(&request, 0, "f"));
	ck_assert(!coap_request_segment_is(&request, 2, ""));
	ck_assert_int_eq(request.content_format, COAP_FORMAT_CBOR);
	ck_assert_int_eq(request.accept, COAP_FORMAT_OCTETS);
	ck_assert(request.has_block2);
	ck_assert_uint_eq(request.block2.number, 1);
	ck_assert_uint_eq(coap_request_query(&request, "ep").size, 2);
	ck_assert_ptr_null(coap_request_query(&request, "e").data);
	ck_assert_uint_eq(request.etag_count, 1);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_bounded)
{
	struct coap_request request;

	coap_request_init(&request);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(take(&request, COAP_URI_PATH, "x"), 0);
	ck_assert_uint_eq(request.segment_count, 20); /* fits no resource */
	ck_assert(!coap_request_segment_is(&request, 19, "x"));
	for (int i = 0; i < COAP_QUERIES_MAX; i++)
		ck_assert_uint_eq(take(&request, COAP_URI_QUERY, "x=y"), 0);
	ck_assert_uint_eq(take(&request, COAP_URI_QUERY, "x=y"), COAP_BAD_OPTION);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(take(&request, COAP_ETAG, "e"), 0);
	ck_assert_uint_eq(request.etag_count, COAP_ETAGS_MAX);
}
END_TEST

START_TEST(elective_options_of_a_wrong_length_are_ignored)
{
	struct coap_request request;

	coap_request_init(&request);
	ck_assert_uint_eq(take(&request, COAP_ETAG, "123456789"), 0);
	ck_assert_uint_eq(take(&request, COAP_ETAG, ""), 0);
	ck_assert_uint_eq(take(&request, COAP_CONTENT_FORMAT, "123"), 0);
	ck_assert_uint_eq(take(&request, COAP_NO_RESPONSE, "12"), 0);
	ck_assert_uint_eq(request.etag_count, 0);
	ck_assert_int_eq(request.content_format, COAP_FORMAT_NONE);
	ck_assert_uint_eq(request.no_response, 0);
}
END_TEST

/* All options at once, in rising order: ETag, Content-Format, Max-Age, Block2, Block1, Size2, Size1. */
START_TEST(a_response_is_written_in_the_order_of_its_options)
{
	static const uint8_t golden[] = { 0x60, 0x45, 0x00, 0x07, 0x42, 0xaa, 0xbb, 0x81, 0x2a, 0x21, 0x3c, 0x91, 0x1e,
		0x41, 0x06, 0x12, 0x04, 0x00, 0xd2, 0x13, 0x04, 0x00, 0xff, 'x' };
	struct coap_response response = { .payload = (uint8_t *)"x" };
	uint8_t buffer[64];
	struct coap_writer writer;

	coap_response_init(&response, COAP_CONTENT);
	response.etag = (struct coap_etag){ 2, { 0xaa, 0xbb } };
	response.content_format = COAP_FORMAT_OCTETS;
	response.has_max_age = response.has_block2 = response.has_block1 = true;
	response.has_size1 = response.has_size2 = true;
	response.max_age_s = 60;
	response.block2 = (struct coap_block){ .number = 1, .more = true, .szx = 6 };
	response.block1 = (struct coap_block){ .szx = 6 };
	response.size1 = response.size2 = 1024;
	response.payload_size = 1;
	coap_write_start(&writer, buffer, sizeof(buffer), &(struct coap_message){ COAP_ACK, COAP_CONTENT, 7 });
	ck_assert_int_eq(coap_response_write(&writer, &response), sizeof(golden));
	ck_assert_mem_eq(buffer, golden, sizeof(golden));
}
END_TEST

TEST_SUITE(coap_resource, options_fill_the_request, more_than_there_is_room_for_is_bounded,
	elective_options_of_a_wrong_length_are_ignored, a_response_is_written_in_the_order_of_its_options)
