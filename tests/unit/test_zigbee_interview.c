#include "drivers/zigbee_interview.h"

#include <stdio.h>
#include <string.h>

#include "protocols/hex.h"
#include "protocols/zcl.h"
#include "protocols/zdo.h"
#include "tests/unit/suite.h"

#define ANSWER_MS 10000
#define PAUSE_MS 5000
#define REST_MS 3600000
#define HEARD_MS 5000

static const struct zigbee_interview_rules rules = {
	.own_eui64 = 0x00124b00deadbeef,
	.report_least_s = 10,
	.report_most_s = 1800,
	.battery_most_s = 43200,
};

/* An interview with one node, and the question that is under way. */
struct talk {
	struct zigbee_node node;
	int64_t now_ms;
	uint8_t sequence;
	struct zigbee_question asked;
};

static void begin(struct talk *talk)
{
	*talk = (struct talk){ .node = { .eui64 = 0x00124b0014d26937, .nwk = 0x1a2b }, .now_ms = 1000000 };
	zigbee_interview_begin(&talk->node, talk->now_ms);
}

/* What it comes to now. */
static enum zigbee_interview_turn turn(struct talk *talk)
{
	enum zigbee_interview_turn found =
		zigbee_interview_turn(&talk->node, &rules, (uint8_t)(talk->sequence + 1), talk->now_ms, &talk->asked);

	talk->sequence += found == INTERVIEW_ASK;
	return found;
}

static void expect_question(struct talk *talk, uint8_t step)
{
	ck_assert_int_eq(turn(talk), INTERVIEW_ASK);
	ck_assert_uint_eq(talk->node.interview.step, step);
}

static void expect_bytes(const struct talk *talk, const char *hex)
{
	char text[2 * ZIGBEE_ASDU_MAX + 1];

	hex_print(text, talk->asked.data, talk->asked.size);
	ck_assert_str_eq(text, hex);
}

static bool answer_zdo(struct talk *talk, struct zdo_message *answer)
{
	answer->cluster = talk->asked.cluster | ZDO_RESPONSE;
	answer->sequence = talk->sequence;
	return zigbee_interview_on_zdo(&talk->node, answer, talk->now_ms);
}

static bool answer_zcl(struct talk *talk, uint8_t command, const char *hex)
{
	uint8_t data[64];

	ck_assert_int_eq(hex_parse(data, hex, strlen(hex)), 0);
	const struct zcl_frame frame = { .is_global = true,
		.to_client = true,
		.sequence = talk->sequence,
		.command = command,
		.payload = { data, strlen(hex) / 2 } };
	return zigbee_interview_on_zcl(&talk->node, talk->asked.cluster, &frame, talk->now_ms);
}

static bool say_node(struct talk *talk, uint8_t capabilities)
{
	return answer_zdo(
		talk, &(struct zdo_message){
			      .node = { .kind = ZDO_ROUTER, .capabilities = capabilities, .manufacturer = 0x117c } });
}

static bool say_endpoints(struct talk *talk, struct zdo_endpoints endpoints)
{
	return answer_zdo(talk, &(struct zdo_message){ .endpoints = endpoints });
}

/* Endpoint 1: a thermometer with a meter and firmware; others: hygrometers. */
static bool say_clusters(struct talk *talk)
{
	uint8_t endpoint = talk->asked.data[3];
	struct zdo_message answer = {
		.simple = { .endpoint = endpoint, .profile = 0x0104, .in_count = 1, .in = { CLUSTER_HUMIDITY } }
	};

	if (endpoint == 1)
		answer.simple = (struct zdo_simple_descriptor){ .endpoint = 1,
			.profile = 0x0104,
			.in_count = 3,
			.in = { CLUSTER_BASIC, CLUSTER_METERING, CLUSTER_TEMPERATURE },
			.out_count = 1,
			.out = { CLUSTER_UPGRADE } };
	return answer_zdo(talk, &answer);
}

/* As a node that is awake and knows everything. */
static bool answer_well(struct talk *talk)
{
	switch ((enum zigbee_step)talk->node.interview.step) {
	case STEP_NODE:
		return say_node(talk, ZDO_AWAKE_WHEN_IDLE);
	case STEP_ENDPOINTS:
		return say_endpoints(talk, (struct zdo_endpoints){ 3, { 1, 2, 242 } });
	case STEP_SIMPLE:
		return say_clusters(talk);
	case STEP_BIND:
		return answer_zdo(talk, &(struct zdo_message){ 0 });
	case STEP_REPORTING:
		return answer_zcl(talk, ZCL_CONFIGURE_REPORTING_RESPONSE, "00");
	default:
		return answer_zcl(talk, ZCL_READ_RESPONSE, "");
	}
}

/* Answers well, also the question under way, until the interview stands at the step. */
static void go_to(struct talk *talk, uint8_t step)
{
	while (talk->node.interview.step != step) {
		if (!talk->node.interview.waiting)
			ck_assert_int_eq(turn(talk), INTERVIEW_ASK);
		ck_assert(answer_well(talk));
	}
}

START_TEST(questions_come_in_order_and_one_at_a_time)
{
	static const char *const order[] = { "node 2/0", "endpoints 5/0", "clusters 4/0", "clusters 4/0", "maker 0/1",
		"build 0/1", "firmware 19/1", "binding 21/0", "reporting 402/1", "values 402/1", "binding 21/0",
		"reporting 702/1", "scales 702/1", "values 702/1", "binding 21/0", "reporting 405/2", "values 405/2" };
	struct talk talk;
	char said[64];

	begin(&talk);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		ck_assert_int_eq(turn(&talk), INTERVIEW_ASK);
		(void)snprintf(said, sizeof(said), "%s %x/%u", zigbee_step_name(talk.node.interview.step),
			talk.asked.cluster, talk.asked.endpoint);
		ck_assert_str_eq(said, order[i]);
		ck_assert_uint_eq(talk.asked.profile, talk.asked.endpoint == 0 ? ZDO_PROFILE : 0x0104);
		ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
		ck_assert(answer_well(&talk));
		talk.now_ms += 50;
	}
	ck_assert_uint_eq(talk.node.interview.step, STEP_DONE);
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), INT64_MAX);
	ck_assert_uint_eq(talk.node.endpoint_count, 2); /* without Green Power's */
	ck_assert_uint_eq(talk.node.endpoints[1].reported, zigbee_measures_of(CLUSTER_HUMIDITY));
}
END_TEST

START_TEST(an_interview_that_stands_where_nothing_is_to_be_asked_goes_on)
{
	struct talk talk;

	begin(&talk);
	zigbee_endpoint_init(&talk.node.endpoints[0], 1); /* it does not serve Basic */
	talk.node.endpoint_count = 1;
	talk.node.interview.step = STEP_MAKER;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	ck_assert_uint_eq(talk.node.interview.step, STEP_DONE);
}
END_TEST

START_TEST(a_binding_leads_to_the_gateway_and_reporting_is_as_set)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_BIND);
	expect_question(&talk, STEP_BIND);
	expect_bytes(&talk, "083769d214004b1200010204"
			    "03efbeadde004b120001");
	ck_assert(answer_well(&talk));
	expect_question(&talk, STEP_REPORTING);
	/* int16, 10 to 1800 s, a change of 0.20 °C */
	expect_bytes(&talk, "1009060000"
			    "00290a0008071400");
}
END_TEST

START_TEST(an_unanswered_question_comes_again_after_pauses_that_double)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_SIMPLE);
	for (int64_t pause_ms = PAUSE_MS; pause_ms <= 4 * PAUSE_MS; pause_ms *= 2) {
		expect_question(&talk, STEP_SIMPLE);
		uint8_t sequence = talk.sequence;
		talk.now_ms += ANSWER_MS - 1;
		ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
		talk.now_ms += 1;
		ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
		ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), talk.now_ms + pause_ms);
		talk.now_ms += pause_ms;
		ck_assert_uint_eq(talk.sequence, sequence);
	}
	/* The answer to the first of them is late, that to the last one counts. */
	expect_question(&talk, STEP_SIMPLE);
	talk.sequence--;
	ck_assert(!say_clusters(&talk));
	talk.sequence++;
	ck_assert(say_clusters(&talk));
	ck_assert_uint_eq(talk.node.interview.endpoint, 1);
	ck_assert_uint_eq(talk.node.interview.tries, 0);
}
END_TEST

START_TEST(a_question_that_did_not_reach_the_node_is_not_waited_for)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_ENDPOINTS);
	expect_question(&talk, STEP_ENDPOINTS);
	zigbee_interview_on_unsent(&talk.node, (uint8_t)(talk.sequence - 1), talk.now_ms);
	ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), talk.now_ms + ANSWER_MS);
	zigbee_interview_on_unsent(&talk.node, talk.sequence, talk.now_ms);
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), talk.now_ms + PAUSE_MS);
}
END_TEST

/* Lets the question under way go unanswered, and all that follow, until something else comes; how many there were. */
static unsigned stay_silent(struct talk *talk, enum zigbee_interview_turn *end)
{
	uint8_t step = talk->node.interview.step;
	unsigned asked = 0;

	for (int i = 0; i < 1000 && talk->node.interview.step == step; i++) {
		*end = turn(talk);
		if (*end == INTERVIEW_RESTS)
			break;
		asked += *end == INTERVIEW_ASK && talk->node.interview.step == step;
		talk->now_ms += 1000;
	}
	return asked;
}

START_TEST(a_node_that_says_nothing_of_itself_rests_for_an_hour)
{
	struct talk talk;
	enum zigbee_interview_turn end;

	begin(&talk);
	go_to(&talk, STEP_ENDPOINTS);
	ck_assert_uint_eq(stay_silent(&talk, &end), 4);
	ck_assert_int_eq(end, INTERVIEW_RESTS);
	ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), talk.now_ms + REST_MS);
	talk.now_ms += REST_MS - 1;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	talk.now_ms += 1;
	expect_question(&talk, STEP_ENDPOINTS);
}
END_TEST

START_TEST(a_node_of_use_does_without_what_it_does_not_say)
{
	struct talk talk;
	enum zigbee_interview_turn end;

	begin(&talk);
	go_to(&talk, STEP_MAKER);
	ck_assert_uint_eq(stay_silent(&talk, &end), 4);
	ck_assert_uint_eq(talk.node.interview.step, STEP_BUILD);
	go_to(&talk, STEP_DONE);
	ck_assert_str_eq(talk.node.maker, "");
}
END_TEST

START_TEST(a_sleeper_is_asked_only_just_after_it_spoke)
{
	struct talk talk;

	begin(&talk);
	ck_assert_int_eq(turn(&talk), INTERVIEW_ASK);
	ck_assert(say_node(&talk, 0));
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	ck_assert_int_eq(zigbee_interview_due_ms(&talk.node, talk.now_ms), INT64_MAX);
	talk.now_ms += 86400000;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	talk.node.spoke_ms = talk.now_ms - HEARD_MS - 1;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	talk.node.spoke_ms = talk.now_ms - HEARD_MS;
	expect_question(&talk, STEP_ENDPOINTS);
}
END_TEST

START_TEST(a_sleeper_that_answers_late_is_asked_when_it_is_heard_again)
{
	struct talk talk;

	begin(&talk);
	ck_assert_int_eq(turn(&talk), INTERVIEW_ASK);
	ck_assert(say_node(&talk, 0));
	talk.node.spoke_ms = talk.now_ms;
	expect_question(&talk, STEP_ENDPOINTS);
	/* Its time is over; what it says now still is the answer, as long as nothing else was asked. */
	talk.now_ms += ANSWER_MS - 1;
	ck_assert(say_endpoints(&talk, (struct zdo_endpoints){ 1, { 1 } }));
	talk.node.spoke_ms = talk.now_ms;
	expect_question(&talk, STEP_SIMPLE);
	talk.now_ms += ANSWER_MS;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	ck_assert(!say_clusters(&talk));
	/* Without a pause, for it is awake now. */
	talk.node.spoke_ms = talk.now_ms;
	expect_question(&talk, STEP_SIMPLE);
	ck_assert(say_clusters(&talk));
}
END_TEST

START_TEST(a_sleeper_gets_twelve_tries)
{
	struct talk talk;
	enum zigbee_interview_turn end = INTERVIEW_NOTHING;
	unsigned asked = 0;

	begin(&talk);
	ck_assert_int_eq(turn(&talk), INTERVIEW_ASK);
	ck_assert(say_node(&talk, 0));
	while (end != INTERVIEW_RESTS) {
		talk.node.spoke_ms = talk.now_ms;
		end = turn(&talk);
		asked += end == INTERVIEW_ASK;
		ck_assert_uint_le(asked, 12);
		talk.now_ms += ANSWER_MS;
	}
	ck_assert_uint_eq(asked, 12);
}
END_TEST

START_TEST(a_node_without_endpoints_is_done)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_ENDPOINTS);
	expect_question(&talk, STEP_ENDPOINTS);
	ck_assert(say_endpoints(&talk, (struct zdo_endpoints){ 0 }));
	ck_assert_uint_eq(talk.node.interview.step, STEP_DONE);
	ck_assert_uint_eq(talk.node.endpoint_count, 0);
}
END_TEST

START_TEST(an_endpoint_that_does_not_describe_itself_is_passed_over)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_SIMPLE);
	expect_question(&talk, STEP_SIMPLE);
	ck_assert(answer_zdo(&talk, &(struct zdo_message){ .status = 0x82 }));
	expect_question(&talk, STEP_SIMPLE);
	ck_assert_uint_eq(talk.asked.data[3], 2);
	ck_assert(say_clusters(&talk));
	/* Nobody serves Basic, nobody is a client of OTA Upgrade. */
	expect_question(&talk, STEP_BIND);
	ck_assert(!talk.node.endpoints[0].described);
}
END_TEST

START_TEST(a_refusal_of_the_descriptor_is_asked_again)
{
	struct talk talk;

	begin(&talk);
	expect_question(&talk, STEP_NODE);
	ck_assert(answer_zdo(&talk, &(struct zdo_message){ .status = ZDO_NOT_SUPPORTED }));
	ck_assert(!talk.node.described);
	talk.now_ms += PAUSE_MS;
	expect_question(&talk, STEP_NODE);
}
END_TEST

START_TEST(a_list_of_endpoints_is_freed_of_what_cannot_be)
{
	struct talk talk;
	struct zdo_endpoints many = { ZIGBEE_ENDPOINTS_MAX + 4, { 0 } };

	begin(&talk);
	go_to(&talk, STEP_ENDPOINTS);
	expect_question(&talk, STEP_ENDPOINTS);
	ck_assert(say_endpoints(&talk, (struct zdo_endpoints){ 7, { 0, 3, 3, 242, 255, 1, 3 } }));
	ck_assert_uint_eq(talk.node.endpoint_count, 2);
	ck_assert_uint_eq(talk.node.endpoints[0].number, 3);
	ck_assert_uint_eq(talk.node.endpoints[1].number, 1);
	for (uint8_t i = 0; i < many.count; i++)
		many.list[i] = (uint8_t)(i + 1);
	zigbee_interview_begin(&talk.node, talk.now_ms);
	go_to(&talk, STEP_ENDPOINTS);
	expect_question(&talk, STEP_ENDPOINTS);
	ck_assert(say_endpoints(&talk, many));
	ck_assert_uint_eq(talk.node.endpoint_count, ZIGBEE_ENDPOINTS_MAX);
}
END_TEST

START_TEST(what_answers_something_else_is_no_answer)
{
	struct talk talk;
	struct zdo_message other = { .simple = { .endpoint = 2 } };

	begin(&talk);
	ck_assert(!say_node(&talk, 0)); /* before anything was asked */
	go_to(&talk, STEP_SIMPLE);
	expect_question(&talk, STEP_SIMPLE);
	ck_assert(!answer_zdo(&talk, &other)); /* of another endpoint */
	other = (struct zdo_message){ .cluster = ZDO_BIND | ZDO_RESPONSE, .sequence = talk.sequence };
	ck_assert(!zigbee_interview_on_zdo(&talk.node, &other, talk.now_ms));
	go_to(&talk, STEP_MAKER);
	expect_question(&talk, STEP_MAKER);
	ck_assert(!answer_zcl(&talk, ZCL_REPORT, "0400420141"));
	talk.asked.cluster = CLUSTER_TEMPERATURE;
	ck_assert(!answer_zcl(&talk, ZCL_READ_RESPONSE, ""));
	ck_assert_uint_eq(talk.node.interview.step, STEP_MAKER);
}
END_TEST

START_TEST(garbage_in_an_answer_is_left_alone)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_MAKER);
	expect_question(&talk, STEP_MAKER);
	/* A name with what would break a line of the log; then a text that is longer than the frame. */
	ck_assert(answer_zcl(&talk, ZCL_READ_RESPONSE,
		"04000042"
		"0541220a5c42"
		"05000042"
		"ff41"));
	ck_assert_str_eq(talk.node.maker, "A___B");
	ck_assert_str_eq(talk.node.model, "");
	expect_question(&talk, STEP_BUILD);
	ck_assert(answer_zcl(&talk, ZCL_DEFAULT_RESPONSE, "0086"));
	expect_question(&talk, STEP_FIRMWARE);
	/* Version without maker and type: its next query will tell. */
	ck_assert(answer_zcl(&talk, ZCL_READ_RESPONSE,
		"02000023"
		"04030201"
		"070086"
		"08000099"));
	ck_assert(!talk.node.firmware.known);
	go_to(&talk, STEP_DONE);
}
END_TEST

START_TEST(what_a_node_refuses_to_report_is_not_expected)
{
	struct talk talk;

	begin(&talk);
	go_to(&talk, STEP_REPORTING);
	expect_question(&talk, STEP_REPORTING);
	ck_assert(answer_zcl(&talk, ZCL_CONFIGURE_REPORTING_RESPONSE, "8c"));
	ck_assert_uint_eq(talk.node.endpoints[0].reported, 0);
	go_to(&talk, STEP_BIND);
	go_to(&talk, STEP_REPORTING);
	expect_question(&talk, STEP_REPORTING);
	/* Of the meter's two attributes one is unknown. */
	ck_assert_uint_eq(talk.asked.cluster, CLUSTER_METERING);
	ck_assert(answer_zcl(&talk, ZCL_CONFIGURE_REPORTING_RESPONSE, "86000004"));
	const struct zigbee_measure *energy = zigbee_measure_find(CLUSTER_METERING, 0x0000);
	ck_assert_uint_eq(talk.node.endpoints[0].reported, UINT32_C(1) << (energy - zigbee_measures));
}
END_TEST

START_TEST(who_left_or_has_no_address_is_not_asked)
{
	struct talk talk;

	begin(&talk);
	talk.node.left = true;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	talk.node.left = false;
	talk.node.nwk = ZIGBEE_NWK_NONE;
	ck_assert_int_eq(turn(&talk), INTERVIEW_NOTHING);
	talk.node.nwk = 0x1a2b;
	expect_question(&talk, STEP_NODE);
}
END_TEST

TEST_SUITE(zigbee_interview, questions_come_in_order_and_one_at_a_time,
	an_interview_that_stands_where_nothing_is_to_be_asked_goes_on,
	a_binding_leads_to_the_gateway_and_reporting_is_as_set,
	an_unanswered_question_comes_again_after_pauses_that_double,
	a_question_that_did_not_reach_the_node_is_not_waited_for, a_node_that_says_nothing_of_itself_rests_for_an_hour,
	a_node_of_use_does_without_what_it_does_not_say, a_sleeper_is_asked_only_just_after_it_spoke,
	a_sleeper_that_answers_late_is_asked_when_it_is_heard_again, a_sleeper_gets_twelve_tries,
	a_node_without_endpoints_is_done, an_endpoint_that_does_not_describe_itself_is_passed_over,
	a_refusal_of_the_descriptor_is_asked_again, a_list_of_endpoints_is_freed_of_what_cannot_be,
	what_answers_something_else_is_no_answer, garbage_in_an_answer_is_left_alone,
	what_a_node_refuses_to_report_is_not_expected, who_left_or_has_no_address_is_not_asked)
