#include "drivers/coap_nodes.h"
#include "drivers/image_source.h"
#include "protocols/node_profile.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_SIZE 5000

/* A gateway that the test plays, and the resources before it. */
struct stage {
	struct coap_nodes *nodes;
	struct driver_host host;
	struct image_source image;
	int read_result; /* 0: the bytes */
	int contact_result;
	int64_t fetch_wait_ms; /* what the link's budget says */
	char fetch_node[NODE_ID_MAX + 1];
	uint32_t fetch_bytes;
	bool may_speak;
	struct node_contact contact;
	char contact_node[NODE_ID_MAX + 1];
	unsigned contacts;
	struct reading_report report;
	struct delivery_progress progress;
	unsigned progresses;
	char replied[64];
	unsigned replies;
	bool durable_at_once;
	struct coap_request request;
	struct coap_response response;
	struct coap_ticket ticket;
	unsigned answered;
	uint8_t payload[COAP_PAYLOAD_MAX];
	int64_t now_ms;
};

static struct stage stage;

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	stage.contacts++;
	stage.contact = *contact;
	strcpy(stage.contact_node, contact->node);
	answer->next_s = 900;
	return stage.contact_result;
}

static void on_report(void *context, const struct reading_report *report)
{
	stage.report = *report;
	if (stage.durable_at_once)
		report->done(report->context, 0, 0);
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	stage.progresses++;
	stage.progress = *progress;
}

static int64_t on_fetch(void *context, const char *node, uint32_t bytes)
{
	(void)snprintf(stage.fetch_node, sizeof(stage.fetch_node), "%s", node ? node : "-");
	stage.fetch_bytes += bytes;
	return stage.fetch_wait_ms;
}

static struct image_source *on_image(void *context, const char *name, const char *node)
{
	return strcmp(name, stage.image.name) == 0 ? &stage.image : NULL;
}

static void on_replied(void *context, const struct command_reply *reply)
{
	stage.replies++;
	(void)snprintf(stage.replied, sizeof(stage.replied), "%s %u %s %.*s", reply->node, reply->id,
		reply->ok ? "ok" : "failed", (int)reply->result.size, reply->result.data);
}

static void on_event(void *context, enum driver_level level, const char *line)
{
}

static int read_image(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	uint8_t *bytes = buffer;

	if (stage.read_result < 0)
		return stage.read_result;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((offset + i) % 251);
	return (int)size;
}

static void destroy_image(struct image_source *source)
{
}

static bool may_speak(void *context, const char *node, bool proven)
{
	return stage.may_speak || proven;
}

static int64_t monotonic_ms(void *context)
{
	return stage.now_ms;
}

static int64_t wall_us(void *context)
{
	return INT64_C(1700000000000000);
}

/* Keeps what the ticket was answered with, as an endpoint would send it. */
static void on_answer(struct coap_ticket *ticket, const struct coap_response *response)
{
	stage.answered++;
	memcpy(stage.payload, response->payload, response->payload_size);
	stage.response = *response;
	stage.response.payload = stage.payload;
}

static void set_stage_with(int64_t stranger_rate)
{
	static const struct image_source_ops ops = { read_image, destroy_image };

	memset(&stage, 0, sizeof(stage));
	stage.host = (struct driver_host){ &stage, on_contact, on_report, on_progress, on_image, on_event,
		.replied = on_replied, .fetch = on_fetch };
	stage.image = (struct image_source){
		.ops = &ops,
		.references = 1,
		.size_bytes = IMAGE_SIZE,
		.sha256 = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff },
		.name = "0123456789abcdef",
		.version = "1.2.3",
	};
	stage.may_speak = true;
	stage.ticket.answer = on_answer;
	stage.now_ms = 1000000;
	const struct coap_nodes_config config = {
		.host = &stage.host,
		.nodes_max = 4,
		.szx = 5,
		.stranger_rate = stranger_rate,
		.may_speak = may_speak,
		.monotonic_ms = monotonic_ms,
		.wall_us = wall_us,
	};
	ck_assert_int_eq(coap_nodes_open(&stage.nodes, &config), 0);
}

static void set_stage(void)
{
	set_stage_with(0);
}

static void clear_stage(void)
{
	coap_nodes_close(stage.nodes);
	ck_assert_uint_eq(stage.image.references, 1);
}

static void take(uint16_t number, const char *value)
{
	const struct coap_option option = { number, (const uint8_t *)value, strlen(value) };

	ck_assert_uint_eq(coap_request_take(&stage.request, &option), 0);
}

static void set_datagram(const char *bytes)
{
	stage.request.datagram = (const uint8_t *)bytes;
	stage.request.datagram_size = 30;
}

/* A request of node n1 with a path of up to two segments. */
static void ask(uint8_t method, const char *first, const char *second)
{
	coap_request_init(&stage.request);
	stage.request.method = method;
	stage.request.peer.port = 7;
	set_datagram("of 30 bytes, which nobody reads");
	take(COAP_URI_PATH, first);
	if (second)
		take(COAP_URI_PATH, second);
}

static void give(int format, const char *payload)
{
	stage.request.content_format = format;
	stage.request.payload = (const uint8_t *)payload;
	stage.request.payload_size = strlen(payload);
}

static int handle(void)
{
	const struct coap_resources *resources = coap_nodes_resources(stage.nodes);
	bool is_get = stage.request.method == COAP_GET;

	stage.response.payload = stage.payload;
	coap_response_init(&stage.response, COAP_SERVER_ERROR);
	return resources->handle(resources->context, &stage.request, &stage.response, is_get ? NULL : &stage.ticket);
}

static void expect(uint8_t code)
{
	ck_assert_int_eq(handle(), 0);
	ck_assert_uint_eq(stage.response.code, code);
}

static void offer_image(const char *node, int64_t apply_at_ms)
{
	ck_assert_int_eq(coap_nodes_offer(stage.nodes,
				 &(struct driver_offer){ node, &stage.image, { .apply_at_ms = apply_at_ms } }),
		0);
}

static struct profile_answer answer_of_response(void)
{
	struct profile_answer answer;
	bool json = stage.response.content_format == COAP_FORMAT_JSON;

	ck_assert_int_eq(profile_parse_answer(&answer, json ? FORMAT_JSON : FORMAT_CBOR,
				 (struct span){ (const char *)stage.payload, stage.response.payload_size }),
		0);
	return answer;
}

START_TEST(a_check_in_is_told_to_the_host_and_answered_with_the_next_slot)
{
	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON,
		"{\"hw\":\"board-a\",\"version\":\"1.0\",\"image\":\"0123456789abcdef\",\"battery\":81}");
	expect(COAP_CHANGED);
	ck_assert_str_eq(stage.contact_node, "n1");
	ck_assert(stage.contact.reports);
	ck_assert(!stage.contact.proven);
	ck_assert_int_eq(stage.contact.battery_percent, 81);
	ck_assert_uint_eq(stage.contact.image_size, 8);
	ck_assert_uint_eq(stage.contact.bytes_in, 30);
	ck_assert_int_eq(stage.response.content_format, COAP_FORMAT_JSON);
	struct profile_answer answer = answer_of_response();
	ck_assert_uint_eq(answer.next_s, 900);
	ck_assert(!answer.has_update);
	clear_stage();
}
END_TEST

START_TEST(an_offer_is_told_in_the_format_that_is_asked_for)
{
	set_stage();
	offer_image("n1", stage.now_ms + 1500);
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON, "{}");
	stage.request.accept = COAP_FORMAT_CBOR;
	expect(COAP_CHANGED);
	ck_assert_int_eq(stage.response.content_format, COAP_FORMAT_CBOR);
	struct profile_answer answer = answer_of_response();
	ck_assert(answer.has_update);
	ck_assert_str_eq(answer.update.uri, "/fw/0123456789abcdef");
	ck_assert_uint_eq(answer.update.size, IMAGE_SIZE);
	ck_assert_uint_eq(answer.update.apply_s, 2);
	ck_assert_str_eq(answer.update.version, "1.2.3");
	ck_assert_mem_eq(answer.update.sha256, stage.image.sha256, 32);

	coap_nodes_withdraw(stage.nodes, "n1");
	expect(COAP_CHANGED);
	answer = answer_of_response();
	ck_assert(!answer.has_update);
	clear_stage();
}
END_TEST

START_TEST(a_proven_identity_replaces_the_claimed_one)
{
	set_stage();
	stage.may_speak = false;
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_UNAUTHORIZED);
	stage.request.identity = "other";
	expect(COAP_CHANGED);
	ck_assert_str_eq(stage.contact_node, "other");
	ck_assert(stage.contact.proven);
	clear_stage();
}
END_TEST

START_TEST(who_is_nobody_is_refused)
{
	static const char *const unfit[] = { "ep=", "ep=a b", "ep=a/b", "ep=a\"b", "ep=\xc3\xa4",
		"ep=12345678901234567890123456789012345678901234567890123456789012345", "epn1", "x=n1" };

	set_stage();
	ask(COAP_POST, "c", NULL);
	expect(COAP_BAD_REQUEST);
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		ask(COAP_POST, "c", NULL);
		take(COAP_URI_QUERY, unfit[i]);
		expect(COAP_BAD_REQUEST);
	}
	ck_assert_uint_eq(stage.contacts, 0);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->identities_missing, 9);
	clear_stage();
}
END_TEST

START_TEST(a_node_that_is_not_welcome_hears_why)
{
	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	stage.contact_result = -EACCES;
	expect(COAP_FORBIDDEN);
	stage.contact_result = -ENOBUFS;
	expect(COAP_UNAVAILABLE);
	ck_assert(stage.response.has_max_age);
	clear_stage();
}
END_TEST

START_TEST(a_node_that_finds_no_room_hears_when_there_is)
{
	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	stage.contact_result = -EBUSY;
	expect(COAP_UNAVAILABLE);
	ck_assert(stage.response.has_max_age);
	ck_assert_uint_eq(stage.response.max_age_s, 900);
	clear_stage();
}
END_TEST

START_TEST(a_report_is_named_before_it_is_refused)
{
	set_stage();
	stage.durable_at_once = true;
	for (int busy = 1; busy >= 0; busy--) {
		stage.contact_result = busy ? -EBUSY : 0;
		ask(COAP_POST, "t", NULL);
		take(COAP_URI_QUERY, "ep=n1");
		give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
		ck_assert_int_eq(handle(), busy ? 0 : -EINPROGRESS);
		ck_assert_uint_ne(stage.contact.exchange, 0);
	}
	ck_assert_uint_eq(stage.contact.exchange, stage.report.exchange);
	clear_stage();
}
END_TEST

START_TEST(wrong_formats_methods_and_paths_have_their_codes)
{
	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_TEXT, "x");
	expect(COAP_UNSUPPORTED_FORMAT);
	give(COAP_FORMAT_NONE, "x");
	expect(COAP_UNSUPPORTED_FORMAT);
	give(COAP_FORMAT_JSON, "{");
	expect(COAP_BAD_REQUEST);
	give(COAP_FORMAT_JSON, "{}");
	stage.request.accept = COAP_FORMAT_TEXT;
	expect(COAP_NOT_ACCEPTABLE);
	ask(COAP_GET, "c", NULL);
	expect(COAP_METHOD_NOT_ALLOWED);
	ask(COAP_DELETE, "fw", "0123456789abcdef");
	expect(COAP_METHOD_NOT_ALLOWED);
	ask(COAP_GET, "x", NULL);
	expect(COAP_NOT_FOUND);
	ask(COAP_GET, "fw", "0123456789abcdee");
	expect(COAP_NOT_FOUND);
	ask(COAP_GET, "fw", "0123456789ABCDEF");
	expect(COAP_NOT_FOUND);
	ask(COAP_GET, "fw", "short");
	expect(COAP_NOT_FOUND);
	ask(COAP_GET, "fw", NULL);
	expect(COAP_NOT_FOUND);
	ask(COAP_GET, "fw", "0123456789abcdef");
	take(COAP_URI_PATH, "more");
	expect(COAP_NOT_FOUND);
	clear_stage();
}
END_TEST

START_TEST(readings_are_acknowledged_when_they_are_durable)
{
	set_stage();
	ask(COAP_POST, "t", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5},{\"n\":\"rh\",\"v\":40}]");
	ck_assert_int_eq(handle(), -EINPROGRESS);
	ck_assert_uint_eq(stage.report.count, 2);
	ck_assert_str_eq(stage.contact_node, "n1");
	ck_assert(!stage.contact.reports);
	ck_assert_uint_eq(stage.answered, 0);
	offer_image("n1", 0);
	stage.report.done(stage.report.context, 0, 0);
	ck_assert_uint_eq(stage.answered, 1);
	ck_assert_uint_eq(stage.response.code, COAP_CHANGED);
	struct profile_answer answer = answer_of_response(); /* as offers stand now */
	ck_assert(answer.has_update);
	ck_assert_uint_eq(answer.update.apply_s, 0);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->readings, 2);
	clear_stage();
}
END_TEST

START_TEST(readings_that_cannot_be_kept_are_not_acknowledged)
{
	static const struct {
		int result;
		uint32_t retry_s;
		uint8_t code;
		uint32_t max_age_s;
	} cases[] = {
		{ -EALREADY, 0, COAP_CHANGED, 0 },
		{ -EACCES, 0, COAP_FORBIDDEN, 0 },
		{ -ENOSPC, 120, COAP_UNAVAILABLE, 120 },
		{ -ENOBUFS, 0, COAP_UNAVAILABLE, 60 },
	};

	set_stage();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(COAP_POST, "t", NULL);
		take(COAP_URI_QUERY, "ep=n1");
		give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
		ck_assert_int_eq(handle(), -EINPROGRESS);
		stage.report.done(stage.report.context, cases[i].result, cases[i].retry_s);
		ck_assert_uint_eq(stage.response.code, cases[i].code);
		ck_assert_uint_eq(stage.response.max_age_s, cases[i].max_age_s);
	}
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->readings, 0);
	clear_stage();
}
END_TEST

START_TEST(a_non_confirmable_report_wants_its_answer_at_once)
{
	set_stage();
	for (int confirmable = 0; confirmable < 2; confirmable++) {
		ask(COAP_POST, "t", NULL);
		stage.request.confirmable = confirmable;
		take(COAP_URI_QUERY, "ep=n1");
		give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
		ck_assert_int_eq(handle(), -EINPROGRESS);
		ck_assert_int_eq(stage.report.fast, !confirmable);
		stage.report.done(stage.report.context, 0, 0);
	}
	clear_stage();
}
END_TEST

START_TEST(the_exchange_of_a_report_names_node_and_bytes)
{
	uint64_t first;

	set_stage();
	stage.durable_at_once = true;
	ask(COAP_POST, "t", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
	ck_assert_int_eq(handle(), -EINPROGRESS);
	first = stage.report.exchange;
	ck_assert_uint_eq(first, 0x7c6c4bd6846ce582); /* by another SipHash: former versions stored it */
	stage.request.peer.port = 8;                  /* a new address of the same node */
	ck_assert_int_eq(handle(), -EINPROGRESS);
	ck_assert_uint_eq(stage.report.exchange, first);
	set_datagram("of other bytes, but just as many");
	ck_assert_int_eq(handle(), -EINPROGRESS);
	ck_assert_uint_ne(stage.report.exchange, first);
	set_datagram("of 30 bytes, which nobody reads");
	stage.request.identity = "n2";
	ck_assert_int_eq(handle(), -EINPROGRESS);
	ck_assert_uint_ne(stage.report.exchange, first);
	clear_stage();
}
END_TEST

START_TEST(a_status_is_said_by_the_node_itself)
{
	set_stage();
	ask(COAP_POST, "s", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON, "{\"state\":\"failed\",\"code\":5,\"offset\":4096}");
	expect(COAP_CHANGED);
	ck_assert_uint_eq(stage.response.payload_size, 0);
	ck_assert_int_eq(stage.progress.state, DELIVERY_FAILED);
	ck_assert_int_eq(stage.progress.code, 5);
	ck_assert_uint_eq(stage.progress.offset, 4096);
	ck_assert(stage.progress.said);
	clear_stage();
}
END_TEST

static void ask_block(uint32_t number, uint8_t szx)
{
	ask(COAP_GET, "fw", "0123456789abcdef");
	stage.request.has_block2 = true;
	stage.request.block2 = (struct coap_block){ .number = number, .szx = szx };
}

START_TEST(any_block_of_any_size_comes_with_etag_and_size)
{
	set_stage();
	for (uint8_t szx = 0; szx <= 6; szx++) {
		uint32_t size = coap_block_size(szx), last = (IMAGE_SIZE - 1) / size;
		const uint32_t numbers[] = { 0, last / 2, last };
		for (size_t i = 0; i < 3; i++) {
			ask_block(numbers[i], szx);
			expect(COAP_CONTENT);
			ck_assert_uint_eq(stage.response.etag.size, 8);
			ck_assert_mem_eq(stage.response.etag.bytes, stage.image.sha256, 8);
			ck_assert(stage.response.has_size2 && stage.response.has_block2);
			ck_assert_uint_eq(stage.response.size2, IMAGE_SIZE);
			ck_assert_uint_eq(stage.response.block2.number, numbers[i]);
			ck_assert_uint_eq(stage.response.block2.szx, szx);
			ck_assert_uint_eq(stage.response.block2.more, numbers[i] != last);
			ck_assert_uint_eq(
				stage.response.payload_size, numbers[i] == last ? IMAGE_SIZE - last * size : size);
			ck_assert_uint_eq(stage.payload[0], numbers[i] * size % 251);
			ck_assert_int_eq(stage.response.content_format, COAP_FORMAT_OCTETS);
		}
	}
	clear_stage();
}
END_TEST

/* Anybody may fetch what he knows the name of, but the address may be forged. */
START_TEST(an_address_without_an_offer_gets_a_bounded_rate)
{
	unsigned sent = 0;

	set_stage_with(100);
	do {
		ask_block(0, 6);
		ck_assert_int_eq(handle(), 0);
	} while (stage.response.code == COAP_CONTENT && ++sent < 100);
	ck_assert_uint_ge(sent, 3); /* 3,200 bytes at once */
	ck_assert_uint_lt(sent, 6);
	ck_assert_uint_eq(stage.response.code, COAP_UNAVAILABLE);
	ck_assert(stage.response.has_max_age);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->strangers_put_off, 1);
	clear_stage();
}
END_TEST

START_TEST(who_is_offered_the_image_is_no_stranger)
{
	set_stage_with(100);
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	offer_image("n1", 0);
	for (int i = 0; i < 100; i++) {
		ask_block(0, 6);
		expect(COAP_CONTENT);
	}
	clear_stage();
}
END_TEST

START_TEST(without_block2_the_gateway_chooses_the_size)
{
	set_stage();
	ask(COAP_GET, "fw", "0123456789abcdef");
	expect(COAP_CONTENT);
	ck_assert(stage.response.has_block2);
	ck_assert_uint_eq(stage.response.block2.szx, 5);
	ck_assert_uint_eq(stage.response.payload_size, 512);
	clear_stage();
}
END_TEST

START_TEST(a_block_past_the_end_is_a_bad_request)
{
	set_stage();
	ask_block(5, 6);
	expect(COAP_BAD_REQUEST);
	ask_block(COAP_BLOCK_NUMBER_MAX, 6);
	expect(COAP_BAD_REQUEST);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->blocks_out_of_range, 2);
	clear_stage();
}
END_TEST

START_TEST(a_client_that_has_it_gets_2_03)
{
	set_stage();
	ask_block(2, 6);
	take(COAP_ETAG, "\x01\x23\x45\x67\x89\xab\xcd\xef");
	expect(COAP_VALID);
	ck_assert_uint_eq(stage.response.etag.size, 8);
	ck_assert_uint_eq(stage.response.payload_size, 0);
	clear_stage();
}
END_TEST

START_TEST(bytes_on_their_way_are_waited_for_and_lost_ones_are_an_error)
{
	set_stage();
	ask_block(0, 6);
	stage.read_result = -EAGAIN;
	ck_assert_int_eq(handle(), -EAGAIN);
	stage.read_result = -EIO;
	expect(COAP_SERVER_ERROR);
	clear_stage();
}
END_TEST

START_TEST(block_requests_are_credited_to_the_node_of_that_address)
{
	set_stage();
	offer_image("n1", 0);
	ask_block(0, 6);
	expect(COAP_CONTENT);
	ck_assert_uint_eq(stage.progresses, 0); /* nobody knows who that is */
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	ask_block(0, 6);
	expect(COAP_CONTENT);
	ck_assert_uint_eq(stage.progresses, 1);
	ck_assert_uint_eq(stage.progress.offset, 0);
	ck_assert_int_eq(stage.progress.state, DELIVERY_DOWNLOADING);
	ck_assert(!stage.progress.said);
	for (uint32_t number = 1; number < 4; number++) {
		ask_block(number, 6);
		expect(COAP_CONTENT);
	}
	ck_assert_uint_eq(stage.progresses, 1); /* a step is 4 KiB at least */
	ask_block(4, 6);
	expect(COAP_CONTENT);
	ck_assert_uint_eq(stage.progresses, 2);
	ck_assert_uint_eq(stage.progress.offset, 4096);
	clear_stage();
}
END_TEST

START_TEST(blocks_are_put_off_until_the_node_may_fetch)
{
	struct driver_offer offer = { "n1", &stage.image, { .fetch_until_ms = 1005000 } };

	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	ck_assert_int_eq(coap_nodes_offer(stage.nodes, &offer), 0);
	ask_block(2, 6);
	expect(COAP_CONTENT);
	stage.now_ms = 1005000; /* amid the transfer; what comes next is not known yet */
	expect(COAP_UNAVAILABLE);
	ck_assert(stage.response.has_max_age);
	ck_assert_uint_eq(stage.response.max_age_s, 60);
	offer.times = (struct offer_times){ .fetch_from_ms = 1065500, .fetch_until_ms = 1085000 };
	ck_assert_int_eq(coap_nodes_offer(stage.nodes, &offer), 0);
	expect(COAP_UNAVAILABLE);
	ck_assert_uint_eq(stage.response.max_age_s, 61);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->blocks_put_off, 2);
	stage.now_ms = 1065500;
	expect(COAP_CONTENT);
	stage.request.peer.port = 8; /* who that is, nobody knows */
	stage.now_ms = 1085000;
	expect(COAP_CONTENT);
	clear_stage();
}
END_TEST

START_TEST(a_node_beyond_the_budget_of_the_link_is_told_when_to_come)
{
	set_stage();
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	offer_image("n1", 0);
	ask_block(2, 6);
	stage.request.datagram_size = 30;
	stage.fetch_wait_ms = 7001;
	expect(COAP_UNAVAILABLE);
	ck_assert_str_eq(stage.fetch_node, "n1");
	ck_assert_uint_eq(stage.fetch_bytes, 1024 + 30);
	ck_assert_uint_eq(stage.response.max_age_s, 8);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->blocks, 0);
	stage.fetch_wait_ms = 0;
	expect(COAP_CONTENT);
	stage.request.peer.port = 8; /* who that is, nobody knows */
	expect(COAP_CONTENT);
	ck_assert_str_eq(stage.fetch_node, "-");
	clear_stage();
}
END_TEST

START_TEST(the_node_is_told_when_it_may_do_what)
{
	struct driver_offer offer = { "n1", &stage.image,
		{ .fetch_from_ms = 1000500, .apply_at_ms = 1003000, .apply_until_ms = 1007000 } };

	set_stage();
	ck_assert_int_eq(coap_nodes_offer(stage.nodes, &offer), 0);
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	struct profile_answer answer = answer_of_response();
	ck_assert_uint_eq(answer.update.fetch_s, 1);
	ck_assert_uint_eq(answer.update.apply_s, 3);
	ck_assert_uint_eq(answer.update.until_s, 7);
	clear_stage();
}
END_TEST

START_TEST(traffic_is_counted_between_contacts)
{
	const struct coap_resources *resources;

	set_stage();
	resources = coap_nodes_resources(stage.nodes);
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	resources->sent(resources->context, &stage.request.peer, 100);
	ask_block(0, 6);
	expect(COAP_CONTENT);
	resources->sent(resources->context, &stage.request.peer, 1060);
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	expect(COAP_CHANGED);
	ck_assert_uint_eq(stage.contact.bytes_in, 60);
	ck_assert_uint_eq(stage.contact.bytes_out, 1160);
	clear_stage();
}
END_TEST

START_TEST(a_body_in_several_blocks_is_too_large)
{
	set_stage();
	ask(COAP_POST, "t", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
	stage.request.has_block1 = true;
	stage.request.block1 = (struct coap_block){ .more = true, .szx = 6 };
	expect(COAP_REQUEST_TOO_LARGE);
	ck_assert_uint_eq(stage.response.size1, COAP_PAYLOAD_MAX);
	stage.request.block1.more = false; /* all in one is fine */
	stage.durable_at_once = true;
	ck_assert_int_eq(handle(), -EINPROGRESS);
	ck_assert_uint_eq(stage.response.code, COAP_CHANGED);
	ck_assert(stage.response.has_block1);
	clear_stage();
}
END_TEST

START_TEST(offers_are_bounded_and_replaced)
{
	static const char *const nodes[] = { "a", "b", "c", "d" };

	set_stage();
	for (size_t i = 0; i < 4; i++)
		offer_image(nodes[i], 0);
	ck_assert_int_eq(coap_nodes_offer(stage.nodes, &(struct driver_offer){ "e", &stage.image }), -ENOBUFS);
	offer_image("a", 5);
	ck_assert_uint_eq(stage.image.references, 5);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->offers_now, 4);
	clear_stage();
}
END_TEST

START_TEST(the_links_tell_what_there_is)
{
	set_stage();
	ask(COAP_GET, ".well-known", "core");
	expect(COAP_CONTENT);
	ck_assert_int_eq(stage.response.content_format, COAP_FORMAT_LINKS);
	ck_assert_mem_eq(stage.payload, "</c>;rt=\"wakegate.checkin\";ct=\"50 60\",", 38);
	ask(COAP_GET, ".well-known", "core");
	stage.request.has_block2 = true;
	stage.request.block2 = (struct coap_block){ .number = 1, .szx = 2 };
	expect(COAP_CONTENT);
	ck_assert_uint_eq(stage.response.payload_size, 64);
	clear_stage();
}
END_TEST

static void command(uint32_t id, int64_t until_ms)
{
	ck_assert_int_eq(
		coap_nodes_command(stage.nodes, &(struct driver_command){ "n1", id, "reboot now", until_ms }), 0);
}

static struct profile_answer check_in(void)
{
	ask(COAP_POST, "c", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON, "{}");
	expect(COAP_CHANGED);
	return answer_of_response();
}

START_TEST(a_command_is_told_until_the_node_replies)
{
	set_stage();
	command(7, stage.now_ms + 1000);
	for (int i = 0; i < 2; i++) {
		struct profile_answer answer = check_in();
		ck_assert(answer.has_command);
		ck_assert_uint_eq(answer.command.id, 7);
		ck_assert_str_eq(answer.command.text, "reboot now");
	}
	ask(COAP_POST, "r", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON, "{\"id\":6}");
	expect(COAP_CHANGED);
	ck_assert(check_in().has_command);
	ask(COAP_POST, "r", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_CBOR, "\xa3\x62id\x07\x62ok\xf4\x66result\x62no");
	expect(COAP_CHANGED);
	ck_assert_uint_eq(stage.replies, 2);
	ck_assert_str_eq(stage.replied, "n1 7 failed no");
	ck_assert(!check_in().has_command);
	ck_assert_uint_eq(coap_nodes_counters(stage.nodes)->replies, 2);
	clear_stage();
}
END_TEST

START_TEST(a_command_that_is_too_late_is_not_told)
{
	set_stage();
	command(7, stage.now_ms + 1000);
	stage.now_ms += 1000;
	ck_assert(!check_in().has_command);
	clear_stage();
}
END_TEST

START_TEST(readings_are_answered_with_the_command_too)
{
	set_stage();
	command(7, stage.now_ms + 1000);
	ask(COAP_POST, "t", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_SENML_JSON, "[{\"n\":\"temp\",\"v\":21.5}]");
	ck_assert_int_eq(handle(), -EINPROGRESS);
	stage.report.done(stage.report.context, 0, 0);
	ck_assert(answer_of_response().has_command);
	clear_stage();
}
END_TEST

START_TEST(a_reply_that_is_none_is_a_bad_request)
{
	set_stage();
	ask(COAP_POST, "r", NULL);
	take(COAP_URI_QUERY, "ep=n1");
	give(COAP_FORMAT_JSON, "{\"ok\":true}");
	expect(COAP_BAD_REQUEST);
	give(COAP_FORMAT_TEXT, "done");
	expect(COAP_UNSUPPORTED_FORMAT);
	ck_assert_uint_eq(stage.replies, 0);
	clear_stage();
}
END_TEST

TEST_SUITE(coap_nodes, a_check_in_is_told_to_the_host_and_answered_with_the_next_slot,
	an_offer_is_told_in_the_format_that_is_asked_for, a_proven_identity_replaces_the_claimed_one,
	who_is_nobody_is_refused, a_node_that_is_not_welcome_hears_why, a_node_that_finds_no_room_hears_when_there_is,
	a_report_is_named_before_it_is_refused, wrong_formats_methods_and_paths_have_their_codes,
	readings_are_acknowledged_when_they_are_durable, readings_that_cannot_be_kept_are_not_acknowledged,
	a_non_confirmable_report_wants_its_answer_at_once, the_exchange_of_a_report_names_node_and_bytes,
	a_status_is_said_by_the_node_itself, any_block_of_any_size_comes_with_etag_and_size,
	an_address_without_an_offer_gets_a_bounded_rate, who_is_offered_the_image_is_no_stranger,
	without_block2_the_gateway_chooses_the_size, a_block_past_the_end_is_a_bad_request,
	a_client_that_has_it_gets_2_03, bytes_on_their_way_are_waited_for_and_lost_ones_are_an_error,
	block_requests_are_credited_to_the_node_of_that_address, blocks_are_put_off_until_the_node_may_fetch,
	a_node_beyond_the_budget_of_the_link_is_told_when_to_come, the_node_is_told_when_it_may_do_what,
	traffic_is_counted_between_contacts, a_body_in_several_blocks_is_too_large, offers_are_bounded_and_replaced,
	the_links_tell_what_there_is, a_command_is_told_until_the_node_replies, a_command_that_is_too_late_is_not_told,
	readings_are_answered_with_the_command_too, a_reply_that_is_none_is_a_bad_request)
