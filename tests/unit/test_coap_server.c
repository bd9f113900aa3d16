#include "drivers/coap_parking.h"
#include "drivers/coap_server.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SENT_MAX 16

/* A server between a transport and resources that the test plays. */
struct stage {
	struct coap_server *server;
	int64_t now_ms;
	struct {
		struct coap_peer peer;
		uint8_t data[2048];
		size_t size;
	} sent[SENT_MAX];
	size_t sent_count;
	size_t handled;
	struct coap_ticket *ticket;
	uint8_t datagram[COAP_PAYLOAD_MAX + 128]; /* of the request handled last */
	size_t size;
	int get_result; /* what GET gives: 0 or -EAGAIN */
	bool later;     /* POST is answered by the test */
};

static const struct coap_peer peer_a = { .address = { 1 }, .port = 1000 };
static const struct coap_peer peer_b = { .address = { 2 }, .port = 1000 };

static void on_send(void *context, const struct coap_peer *peer, const void *data, size_t size)
{
	struct stage *stage = context;

	ck_assert_uint_lt(stage->sent_count, SENT_MAX);
	stage->sent[stage->sent_count].peer = *peer;
	memcpy(stage->sent[stage->sent_count].data, data, size);
	stage->sent[stage->sent_count++].size = size;
}

static int64_t now_of(void *context)
{
	return ((struct stage *)context)->now_ms;
}

static int handle(
	void *context, const struct coap_request *request, struct coap_response *response, struct coap_ticket *ticket)
{
	struct stage *stage = context;

	stage->handled++;
	stage->size = request->datagram_size;
	memcpy(stage->datagram, request->datagram, request->datagram_size);
	if (request->method == COAP_GET && stage->get_result < 0)
		return stage->get_result;
	if (request->method != COAP_GET && stage->later) {
		stage->ticket = ticket;
		return -EINPROGRESS;
	}
	coap_response_init(response, request->method == COAP_GET ? COAP_CONTENT : COAP_CHANGED);
	response->payload_size = (size_t)sprintf((char *)response->payload, "%zu", stage->handled);
	return 0;
}

static void on_expected(void *context, const struct coap_peer *peer)
{
}

static void on_sent(void *context, const struct coap_peer *peer, size_t size)
{
}

static void open_stage(struct stage *stage, size_t exchanges)
{
	memset(stage, 0, sizeof(*stage));
	ck_assert_int_eq(
		coap_server_open(&stage->server, exchanges, &(struct coap_transport){ stage, on_send, now_of, false },
			&(struct coap_resources){ stage, handle, on_expected, on_sent }),
		0);
}

static void receive_from(struct stage *stage, const struct coap_peer *peer, const char *bytes, size_t size)
{
	stage->sent_count = 0;
	coap_server_receive(stage->server, &(struct coap_arrival){ .peer = *peer, .data = bytes, .size = size });
}

#define RECEIVE(stage, literal) receive_from(stage, &peer_a, literal, sizeof(literal) - 1)

static void answer(struct stage *stage, uint8_t code)
{
	struct coap_response response = { 0 };

	stage->sent_count = 0;
	coap_response_init(&response, code);
	stage->ticket->answer(stage->ticket, &response);
}

static void assert_sent(const struct stage *stage, size_t index, const char *bytes, size_t size)
{
	ck_assert_uint_lt(index, stage->sent_count);
	ck_assert_uint_eq(stage->sent[index].size, size);
	ck_assert_mem_eq(stage->sent[index].data, bytes, size);
}

#define ASSERT_SENT(stage, index, literal) assert_sent(stage, index, literal, sizeof(literal) - 1)

static void close_stage(struct stage *stage)
{
	coap_server_close(stage->server);
}

/* Each malformed datagram gets what RFC 7252 gives it, and is counted under its reason. */
START_TEST(what_is_wrong_is_answered_as_the_standard_says)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t size;
		const char *reply;
		size_t reply_size;
		size_t counter;
	} cases[] = {
#define CASE(what, bytes, reply, counter) \
	{ what, bytes, sizeof(bytes) - 1, reply, sizeof(reply) - 1, offsetof(struct coap_server_counters, counter) }
		CASE("nothing", "", "", ignored_not_coap),
		CASE("three bytes", "\x40\x01\x12", "", ignored_not_coap),
		CASE("version 2", "\x80\x01\x12\x34", "", ignored_not_coap),
		CASE("ping", "\x40\x00\x12\x34", "\x70\x00\x12\x34", reset_ping),
		CASE("empty NON", "\x50\x00\x12\x34", "", ignored_empty),
		CASE("ACK of nothing", "\x60\x00\x12\x34", "", ignored_empty),
		CASE("RST of nothing", "\x70\x00\x12\x34", "", ignored_empty),
		CASE("token length 9 in a CON",
			"\x49\x01\x12\x34"
			"123456789",
			"\x70\x00\x12\x34", reset_format_error),
		CASE("token length 15 in a NON", "\x5f\x01\x12\x34", "", ignored_format_error),
		CASE("token length 9 in an ACK", "\x69\x45\x12\x34", "", ignored_format_error),
		CASE("ping with a token", "\x41\x00\x12\x34\x01", "\x70\x00\x12\x34", reset_format_error),
		CASE("marker without payload", "\x40\x01\x12\x34\xff", "\x70\x00\x12\x34", reset_format_error),
		CASE("reserved class 1", "\x40\x21\x12\x34", "\x70\x00\x12\x34", reset_format_error),
		CASE("reserved class 6", "\x40\xc1\x12\x34", "\x70\x00\x12\x34", reset_format_error),
		CASE("signal of CoAP over TCP", "\x40\xe1\x12\x34", "\x70\x00\x12\x34", reset_format_error),
		CASE("request in an ACK", "\x60\x01\x12\x34", "", ignored_format_error),
		CASE("request in a RST", "\x70\x01\x12\x34", "", ignored_format_error),
		CASE("response in a RST", "\x70\x45\x12\x34", "", ignored_format_error),
		CASE("response in a CON", "\x40\x45\x12\x34", "\x70\x00\x12\x34", reset_response),
		CASE("response in a NON", "\x50\x45\x12\x34", "", ignored_response),
		CASE("response in an ACK", "\x60\x45\x12\x34", "", ignored_response),
		CASE("unknown critical option", "\x41\x01\x12\x34\x07\x90", "\x61\x82\x12\x34\x07", refused_option),
		CASE("the same in a NON", "\x51\x01\x12\x34\x07\x90", "", ignored_option),
		CASE("If-Match", "\x40\x01\x12\x34\x10", "\x60\x82\x12\x34", refused_option),
		CASE("second Accept", "\x40\x01\x12\x34\xd0\x04\x00", "\x60\x82\x12\x34", refused_option),
		CASE("Block2 of four bytes",
			"\x40\x01\x12\x34\xd4\x0a"
			"1234",
			"\x60\x82\x12\x34", refused_option),
		CASE("SZX 7", "\x40\x01\x12\x34\xd1\x0a\x07", "\x60\x80\x12\x34", refused_block),
		CASE("SZX 7 in Block1", "\x40\x02\x12\x34\xd1\x0e\x07", "\x60\x80\x12\x34", refused_block),
		CASE("Proxy-Uri", "\x40\x01\x12\x34\xd1\x16x", "\x60\xa5\x12\x34", refused_proxy),
	};
	struct stage stage;

	open_stage(&stage, 16);
	const char *counters = (const char *)coap_server_counters(stage.server);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t *counter = (const uint64_t *)(counters + cases[i].counter);
		uint64_t before = *counter;
		receive_from(&stage, &peer_a, cases[i].bytes, cases[i].size);
		ck_assert_msg(*counter == before + 1, "%s is not counted", cases[i].what);
		ck_assert_msg(
			stage.sent_count == (cases[i].reply_size > 0), "%s: %zu sent", cases[i].what, stage.sent_count);
		if (cases[i].reply_size > 0)
			assert_sent(&stage, 0, cases[i].reply, cases[i].reply_size);
	}
	ck_assert_uint_eq(stage.handled, 0);
	close_stage(&stage);
}
END_TEST

START_TEST(unknown_elective_options_do_not_matter)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x40\x01\x12\x34\x61\x01\x81\x09"); /* Observe, then number 14 */
	ASSERT_SENT(&stage, 0,
		"\x60\x45\x12\x34\xff"
		"1");
	close_stage(&stage);
}
END_TEST

START_TEST(what_was_sent_to_a_group_gets_silence)
{
	struct stage stage;

	open_stage(&stage, 16);
	coap_server_receive(stage.server,
		&(struct coap_arrival){ .peer = peer_a, .data = "\x50\x01\x12\x34", .size = 4, .multicast = true });
	ck_assert_uint_eq(stage.sent_count, 0);
	ck_assert_uint_eq(coap_server_counters(stage.server)->ignored_multicast, 1);
	close_stage(&stage);
}
END_TEST

START_TEST(a_datagram_that_is_too_long_gets_4_13_and_the_size_allowed)
{
	static char bytes[4 + 1 + 1025] = "\x40\x02\x12\x34\xff";
	struct stage stage;

	open_stage(&stage, 16);
	receive_from(&stage, &peer_a, bytes, sizeof(bytes));
	ASSERT_SENT(&stage, 0, "\x60\x8d\x12\x34\xd2\x2f\x04\x00");
	stage.sent_count = 0;
	coap_server_receive(
		stage.server, &(struct coap_arrival){ .peer = peer_a, .data = bytes, .size = 100, .cut = true });
	ASSERT_SENT(&stage, 0, "\x60\x8d\x12\x34\xd2\x2f\x04\x00");
	ck_assert_uint_eq(coap_server_counters(stage.server)->refused_size, 2);
	close_stage(&stage);
}
END_TEST

START_TEST(a_non_is_answered_by_a_non_with_an_id_of_its_own)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x52\x01\x12\x34\xaa\xbb");
	ck_assert_uint_eq(stage.sent_count, 1);
	ck_assert_uint_eq(stage.sent[0].data[0], 0x52);
	ck_assert_uint_eq(stage.sent[0].data[1], COAP_CONTENT);
	ck_assert_mem_eq(stage.sent[0].data + 4, "\xaa\xbb", 2);
	close_stage(&stage);
}
END_TEST

START_TEST(a_get_is_handled_each_time_and_a_post_once)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x40\x01\x12\x34");
	RECEIVE(&stage, "\x40\x01\x12\x34");
	ASSERT_SENT(&stage, 0,
		"\x60\x45\x12\x34\xff"
		"2");
	RECEIVE(&stage, "\x41\x02\x12\x35\x01");
	ASSERT_SENT(&stage, 0,
		"\x61\x44\x12\x35\x01\xff"
		"3");
	RECEIVE(&stage, "\x41\x02\x12\x35\x01");
	ASSERT_SENT(&stage, 0,
		"\x61\x44\x12\x35\x01\xff"
		"3");
	ck_assert_uint_eq(stage.handled, 3);
	ck_assert_uint_eq(coap_server_counters(stage.server)->repeated, 1);
	close_stage(&stage);
}
END_TEST

START_TEST(the_same_id_from_another_peer_or_with_other_bytes_is_another_request)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x40\x02\x12\x34\xff"
			"a");
	ck_assert_uint_eq(stage.size, 6);
	ck_assert_mem_eq(stage.datagram,
		"\x40\x02\x12\x34\xff"
		"a",
		stage.size);
	receive_from(&stage, &peer_b,
		"\x40\x02\x12\x34\xff"
		"a",
		6);
	ck_assert_uint_eq(stage.handled, 2);
	RECEIVE(&stage, "\x40\x02\x12\x34\xff"
			"b");
	ck_assert_uint_eq(stage.handled, 3);
	close_stage(&stage);
}
END_TEST

START_TEST(a_request_is_forgotten_after_the_exchange_lifetime)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x40\x02\x12\x34");
	stage.now_ms = 246999;
	RECEIVE(&stage, "\x40\x02\x12\x34");
	ck_assert_uint_eq(stage.handled, 1);
	stage.now_ms = 247000;
	RECEIVE(&stage, "\x40\x02\x12\x34");
	ck_assert_uint_eq(stage.handled, 2);
	close_stage(&stage);
}
END_TEST

START_TEST(a_request_that_was_refused_may_be_tried_again)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.later = true;
	for (size_t attempt = 1; attempt <= 3; attempt++) {
		RECEIVE(&stage, "\x40\x02\x12\x34");
		ck_assert_uint_eq(stage.handled, attempt);
		answer(&stage, attempt < 3 ? COAP_UNAVAILABLE : COAP_CHANGED);
		ck_assert_uint_eq(stage.sent_count, 1);
	}
	RECEIVE(&stage, "\x40\x02\x12\x34"); /* now it is done */
	ck_assert_uint_eq(stage.handled, 3);
	ASSERT_SENT(&stage, 0, "\x60\x44\x12\x34");
	close_stage(&stage);
}
END_TEST

START_TEST(a_prompt_answer_rides_on_the_ack)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.later = true;
	RECEIVE(&stage, "\x41\x02\x12\x34\x07");
	ck_assert_uint_eq(stage.sent_count, 0);
	RECEIVE(&stage, "\x41\x02\x12\x34\x07"); /* repeated while the answer is awaited: silence */
	ck_assert_uint_eq(stage.sent_count, 0);
	ck_assert_uint_eq(stage.handled, 1);
	stage.now_ms = COAP_ACK_AFTER_MS - 1;
	coap_server_tick(stage.server);
	ck_assert_uint_eq(stage.sent_count, 0);
	answer(&stage, COAP_CHANGED);
	ASSERT_SENT(&stage, 0, "\x61\x44\x12\x34\x07");
	ck_assert(!coap_server_is_waiting(stage.server));
	close_stage(&stage);
}
END_TEST

START_TEST(a_late_answer_comes_separately_until_it_is_acknowledged)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.later = true;
	RECEIVE(&stage, "\x41\x02\x12\x34\x07");
	stage.now_ms = COAP_ACK_AFTER_MS;
	coap_server_tick(stage.server);
	ASSERT_SENT(&stage, 0, "\x60\x00\x12\x34");
	RECEIVE(&stage, "\x41\x02\x12\x34\x07"); /* the ACK was lost */
	ASSERT_SENT(&stage, 0, "\x60\x00\x12\x34");
	stage.now_ms = 5000;
	answer(&stage, COAP_CHANGED);
	ck_assert_uint_eq(stage.sent_count, 1);
	ck_assert_uint_eq(stage.sent[0].data[0], 0x41); /* a CON with the request's token */
	ck_assert_uint_eq(stage.sent[0].data[1], COAP_CHANGED);
	ck_assert_uint_eq(stage.sent[0].data[4], 0x07);
	uint8_t ack[4] = { 0x60, 0, stage.sent[0].data[2], stage.sent[0].data[3] };
	stage.sent_count = 0;
	stage.now_ms = 8000;
	coap_server_tick(stage.server);
	ck_assert_uint_eq(stage.sent_count, 1); /* again */
	receive_from(&stage, &peer_b, (const char *)ack, 4);
	ck_assert(coap_server_is_waiting(stage.server)); /* not the peer we sent it to */
	receive_from(&stage, &peer_a, (const char *)ack, 4);
	ck_assert(!coap_server_is_waiting(stage.server));
	close_stage(&stage);
}
END_TEST

START_TEST(a_separate_answer_is_given_up_after_five_times)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.later = true;
	RECEIVE(&stage, "\x40\x02\x12\x34");
	stage.now_ms = 2000;
	coap_server_tick(stage.server);
	answer(&stage, COAP_CHANGED);
	for (int i = 0; i < 2000 && coap_server_is_waiting(stage.server); i++) {
		stage.now_ms += 100;
		coap_server_tick(stage.server);
	}
	ck_assert_uint_eq(stage.sent_count, 5);
	ck_assert_uint_eq(coap_server_counters(stage.server)->separate_lost, 1);
	ck_assert_int_gt(stage.now_ms, 60000);
	close_stage(&stage);
}
END_TEST

START_TEST(a_late_answer_to_a_non_is_a_non)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.later = true;
	RECEIVE(&stage, "\x51\x02\x12\x34\x07");
	stage.now_ms = 60000;
	coap_server_tick(stage.server);
	ck_assert_uint_eq(stage.sent_count, 0);
	answer(&stage, COAP_CHANGED);
	ck_assert_uint_eq(stage.sent[0].data[0], 0x51);
	ck_assert(!coap_server_is_waiting(stage.server));
	close_stage(&stage);
}
END_TEST

/* Number 258 with the value 2: no 2.xx (RFC 7967 section 2.1). */
START_TEST(an_answer_that_is_not_wanted_is_not_sent)
{
	struct stage stage;

	open_stage(&stage, 16);
	RECEIVE(&stage, "\x50\x02\x12\x34\xd1\xf5\x02");
	ck_assert_uint_eq(stage.sent_count, 0);
	RECEIVE(&stage, "\x40\x02\x12\x35\xd1\xf5\x02");
	ASSERT_SENT(&stage, 0, "\x60\x00\x12\x35");
	RECEIVE(&stage, "\x40\x02\x12\x35\xd1\xf5\x02");
	ASSERT_SENT(&stage, 0, "\x60\x00\x12\x35");
	RECEIVE(&stage, "\x40\x01\x12\x36\xd1\xf5\x02");
	ASSERT_SENT(&stage, 0, "\x60\x00\x12\x36");
	RECEIVE(&stage, "\x40\x02\x12\x37\xd1\xf5\x18"); /* no errors, but this is none */
	ck_assert_uint_eq(stage.sent[0].data[1], COAP_CHANGED);
	ck_assert_uint_eq(stage.handled, 4);
	close_stage(&stage);
}
END_TEST

START_TEST(when_all_places_wait_more_is_refused)
{
	struct stage stage;

	open_stage(&stage, 1);
	stage.later = true;
	RECEIVE(&stage, "\x40\x02\x12\x34");
	RECEIVE(&stage, "\x40\x02\x12\x35");
	ASSERT_SENT(&stage, 0, "\x60\xa3\x12\x35\xd1\x01\x1e");
	ck_assert_uint_eq(coap_server_counters(stage.server)->refused_full, 1);
	answer(&stage, COAP_CHANGED);
	RECEIVE(&stage, "\x40\x02\x12\x35");
	ck_assert_uint_eq(stage.handled, 2);
	answer(&stage, COAP_CHANGED);
	close_stage(&stage);
}
END_TEST

START_TEST(a_get_waits_for_its_bytes_and_is_answered_once)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.get_result = -EAGAIN;
	RECEIVE(&stage, "\x40\x01\x12\x34");
	RECEIVE(&stage, "\x40\x01\x12\x34"); /* comes again while it waits */
	coap_server_retry(stage.server);     /* too early */
	ck_assert_uint_eq(stage.sent_count, 0);
	ck_assert(coap_server_is_waiting(stage.server));
	stage.get_result = 0;
	coap_server_retry(stage.server);
	ck_assert_uint_eq(stage.sent_count, 1);
	ck_assert(!coap_server_is_waiting(stage.server));
	coap_server_retry(stage.server);
	ck_assert_uint_eq(stage.sent_count, 1);
	close_stage(&stage);
}
END_TEST

START_TEST(waiting_gets_are_bounded_in_number_and_time)
{
	struct stage stage;

	open_stage(&stage, 16);
	stage.get_result = -EAGAIN;
	for (int i = 0; i < COAP_PARKED_MAX + 3; i++) {
		const char get[4] = { 0x40, 0x01, 0x12, (char)i };
		receive_from(&stage, &peer_a, get, sizeof(get));
	}
	ck_assert_uint_eq(coap_server_counters(stage.server)->parked, COAP_PARKED_MAX);
	ck_assert_uint_eq(coap_server_counters(stage.server)->parked_dropped, 3);
	stage.now_ms = COAP_PARKED_MS;
	coap_server_tick(stage.server);
	ck_assert(!coap_server_is_waiting(stage.server));
	close_stage(&stage);
}
END_TEST

TEST_SUITE(coap_server, what_is_wrong_is_answered_as_the_standard_says, unknown_elective_options_do_not_matter,
	what_was_sent_to_a_group_gets_silence, a_datagram_that_is_too_long_gets_4_13_and_the_size_allowed,
	a_non_is_answered_by_a_non_with_an_id_of_its_own, a_get_is_handled_each_time_and_a_post_once,
	the_same_id_from_another_peer_or_with_other_bytes_is_another_request,
	a_request_is_forgotten_after_the_exchange_lifetime, a_request_that_was_refused_may_be_tried_again,
	a_prompt_answer_rides_on_the_ack, a_late_answer_comes_separately_until_it_is_acknowledged,
	a_separate_answer_is_given_up_after_five_times, a_late_answer_to_a_non_is_a_non,
	an_answer_that_is_not_wanted_is_not_sent, when_all_places_wait_more_is_refused,
	a_get_waits_for_its_bytes_and_is_answered_once, waiting_gets_are_bounded_in_number_and_time)
