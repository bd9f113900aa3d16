#include "drivers/driver.h"

#include "drivers/image_source.h"
#include "tests/unit/suite.h"
#include "tests/unit/upgrade_file.h"
#include "tests/unit/zigbee_stage.h"

static struct stage stage;

START_TEST(an_empty_stick_is_formed_and_its_network_kept_as_a_secret)
{
	stage_init(&stage);
	struct stick *stick = stage.driver->stick;
	stick_dummy_state(stick, STICK_EMPTY, "");
	zigbee_turn(stage.driver);
	ck_assert_uint_eq(stick->forms, 1);
	ck_assert_uint_eq(stick->network.channel, 15);
	stage_up(&stage);
	ck_assert_ptr_nonnull(stage_record(&stage, "network"));
	ck_assert(stage_record(&stage, "network")->secret);
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.network_up stick=dummy"));
	stage_close(&stage);
}
END_TEST

START_TEST(a_joining_node_is_interviewed_until_it_reports_by_itself)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	const struct zigbee_node *node = stage.driver->nodes.list[0];
	ck_assert_str_eq(node->maker, "ACME");
	ck_assert_str_eq(node->model, "soil");
	ck_assert(zigbee_node_sleeps(node));
	ck_assert_uint_eq(node->endpoint_count, 1); /* without Green Power's */
	ck_assert_uint_eq(node->endpoints[0].reported,
		zigbee_measures_of(CLUSTER_TEMPERATURE) | zigbee_measures_of(CLUSTER_BATTERY));
	/* It said what it runs, and its first values. */
	ck_assert_uint_eq(stage.checkins, 1);
	ck_assert_str_eq(stage.hardware, "117c-4203");
	ck_assert_str_eq(stage.version, "0x01020304");
	ck_assert_uint_eq(stage.reports, 2);
	ck_assert_str_eq(stage.reading, "battery=90.0 %EL");
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.interviewed node=" STAGE_SENSOR_ID));
	stage_close(&stage);
}
END_TEST

START_TEST(a_report_becomes_a_reading_once)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	unsigned before = stage.reports;
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_str_eq(stage.reading, "temperature=21.50 Cel");
	ck_assert_int_eq(stage.contact.signal_dbm, -60);
	ck_assert(stage.contact.unscheduled);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_uint_eq(stage.reports, before + 1);
	ck_assert_uint_eq(stage.driver->counters.repeated, 1);
	/* The same sequence number comes again in time, with other readings. */
	stage_pass(&stage, 60000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_uint_eq(stage.reports, before + 2);
	stage_close(&stage);
}
END_TEST

/* A sleeper whose acknowledgements are lost: APS waits 1.6 s and 7.68 s for its parent before each of three
 * repetitions.
 */
START_TEST(what_a_sleeper_says_in_one_breath_and_repeats_counts_once)
{
	char frame[] = "18000a0000296608";

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	unsigned before = stage.reports;
	for (unsigned copy = 0; copy < 4; copy++, stage_pass(&stage, 9280)) {
		for (unsigned i = 0; i < 20; i++) {
			(void)snprintf(frame, sizeof(frame), "18%02x0a0000296608", 0x50 + i);
			stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, frame);
		}
	}
	ck_assert_uint_eq(stage.reports, before + 20);
	ck_assert_uint_eq(stage.driver->counters.repeated, 60);
	stage_close(&stage);
}
END_TEST

START_TEST(a_report_that_wants_an_answer_gets_it_once_it_is_durable)
{
	struct stick_dummy_sent sent;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "08420a0000296608");
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_uint_eq(sent.message.payload.size, 5);
	ck_assert_mem_eq(sent.data, "\x10\x42\x0b\x0a\x00", 5);
	/* Its repetition is told the same. */
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "08420a0000296608");
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_mem_eq(sent.data, "\x10\x42\x0b\x0a\x00", 5);
	stage_close(&stage);
}
END_TEST

START_TEST(what_the_gateway_has_no_room_for_waits_with_its_time)
{
	struct stick_dummy_sent sent;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage.report_result = -ENOSPC;
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "08430a0000296708");
	int64_t heard_ms = STAGE_WALL_MS + stage.now_ms;
	ck_assert(!stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	/* Its repetition is not told that it is kept. */
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "08430a0000296708");
	ck_assert(!stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_uint_eq(stage.driver->counters.unkept_now, 1);
	unsigned tried = stage.reports;
	stage_pass(&stage, 29000);
	ck_assert_uint_eq(stage.reports, tried);
	stage_pass(&stage, 1000);
	ck_assert_uint_eq(stage.reports, tried + 1);
	stage.report_result = 0;
	stage_pass(&stage, 30000);
	ck_assert_str_eq(stage.reading, "temperature=21.51 Cel");
	ck_assert_int_eq(stage.reading_us, heard_ms * 1000);
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_mem_eq(sent.data, "\x10\x43\x0b\x0a\x00", 5);
	ck_assert_uint_eq(stage.driver->counters.unkept_now, 0);
	ck_assert_uint_eq(stage.driver->counters.unkept_lost, 0);
	stage_close(&stage);
}
END_TEST

START_TEST(no_more_reports_wait_than_there_is_room_for)
{
	struct stick_dummy_sent sent;
	char frame[] = "08000a0000290000";

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage.report_result = -ENOBUFS;
	for (unsigned i = 0; i <= ZIGBEE_UNKEPT_MAX; i++) {
		(void)snprintf(frame, sizeof(frame), "08%02x0a000029%02x%02x", i & 255, i & 255, i >> 8);
		stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, frame);
	}
	ck_assert_uint_eq(stage.driver->counters.unkept_now, ZIGBEE_UNKEPT_MAX);
	ck_assert_uint_eq(stage.driver->counters.unkept_lost, 1);
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_mem_eq(sent.data, "\x10\xf4\x0b\x0a\x89", 5);
	/* What was lost is taken if the node says it again, and what waited does not come as a flood. */
	stage.report_result = 0;
	unsigned before = stage.reports;
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, frame);
	ck_assert_uint_eq(stage.reports, before + 1);
	stage_pass(&stage, 30000);
	ck_assert_uint_le(stage.reports, before + 1 + 40);
	for (int i = 0; i < 100; i++)
		stage_pass(&stage, 100);
	ck_assert_uint_eq(stage.reports, before + 1 + ZIGBEE_UNKEPT_MAX);
	ck_assert_uint_eq(stage.driver->counters.unkept_now, 0);
	stage_close(&stage);
}
END_TEST

START_TEST(nodes_are_known_after_a_restart)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	struct stick_network network = stage.driver->stick->network;
	stage_close(&stage);
	stage_open(&stage);
	stage.driver->stick->network = network;
	stage_up(&stage);
	ck_assert_uint_eq(stage.driver->stick->sent_count, 0);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_str_eq(stage.reading, "temperature=21.50 Cel");
	/* Any of them may have been durable before the restart, for as long as a node repeats: the gateway looks. */
	unsigned fresh = stage.fresh;
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18430a0000296708");
	ck_assert_uint_eq(stage.fresh, fresh);
	stage_pass(&stage, ZIGBEE_REPEATS_MS);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296808");
	ck_assert_uint_eq(stage.fresh, fresh + 1);
	stage_close(&stage);
}
END_TEST

START_TEST(an_interview_goes_on_after_a_restart_and_with_a_sleeper_only_when_it_is_heard)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_join(&stage);
	ck_assert(stage_exchange(&stage)); /* the node descriptor */
	struct stick_network network = stage.driver->stick->network;
	stage_close(&stage);
	stage_open(&stage);
	stage.driver->stick->network = network;
	stage.now_ms += 60000;
	stage_up(&stage);
	stage_pass(&stage, 60000);
	ck_assert_uint_eq(stage.driver->stick->sent_count, 0);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	ck_assert_uint_eq(stage.driver->stick->sent_count, 1);
	ck_assert_uint_eq(stage.driver->stick->sent[0].message.cluster, ZDO_ACTIVE_ENDPOINTS);
	ck_assert(stage.driver->stick->sent[0].message.to_sleeper);
	stage_close(&stage);
}
END_TEST

START_TEST(a_silent_node_is_asked_again_but_not_for_ever)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_join(&stage);
	unsigned asked = 0;
	for (int i = 0; i < 600; i++) {
		asked += stick_dummy_deliver(stage.driver->stick, STICK_NO_ACK, NULL);
		stage_pass(&stage, 1000);
	}
	ck_assert_uint_ge(asked, 2);
	ck_assert_uint_le(asked, 12);
	stage_close(&stage);
}
END_TEST

START_TEST(another_stick_is_refused_and_taken_when_told)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_close(&stage);
	stage_open(&stage);
	stage.driver->stick->network = (struct stick_network){ .extended_pan = 0xaaaaaaaaaaaaaaaa, .channel = 20 };
	stage_up(&stage);
	ck_assert_uint_eq(stage.driver->counters.network_up_now, 0);
	stage_ask(&stage, "status", "{}");
	ck_assert_ptr_nonnull(strstr(stage.answer, "\"state\":\"refused\""));
	ck_assert_ptr_nonnull(strstr(stage.answer, "wakegate zigbee restore"));
	stage_ask(&stage, "adopt", "{}");
	ck_assert_int_eq(stage.result, -EPERM);
	stage_ask(&stage, "adopt", "{\"yes\":true}");
	ck_assert_int_eq(stage.result, 0);
	ck_assert_uint_eq(stage.driver->counters.network_up_now, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(the_remembered_network_is_restored_onto_an_empty_stick)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_close(&stage);
	stage_open(&stage);
	struct stick *stick = stage.driver->stick;
	stick_dummy_state(stick, STICK_EMPTY, "");
	zigbee_turn(stage.driver);
	ck_assert_uint_eq(stick->forms, 0);
	stage_ask(&stage, "restore", "{\"yes\":true}");
	ck_assert_uint_eq(stick->restores, 1);
	ck_assert_uint_eq(stick->network.extended_pan, 0xdddddddddddddddd);
	ck_assert_uint_eq(stick->network.frame_counter, ZIGBEE_COUNTER_MARGIN);
	ck_assert(!stage.answered);
	stage_up(&stage);
	ck_assert(stage.answered);
	ck_assert_int_eq(stage.result, 0);
	ck_assert_uint_eq(stage.driver->nodes.count, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_backup_restores_network_nodes_and_keys)
{
	static char backup[8192], arguments[8192 + 16];

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage.driver->stick->keys[0] = (struct stick_link_key){ .eui64 = STAGE_SENSOR, .key = { 7 }, .tx_counter = 3 };
	stage.driver->stick->key_count = 1;
	stage_ask(&stage, "backup", "{}");
	ck_assert_int_eq(stage.result, 0);
	strcpy(backup, stage.answer);
	stage_close(&stage);
	stage.record_count = 0; /* another gateway */
	stage_open(&stage);
	stick_dummy_state(stage.driver->stick, STICK_OPENING, "");
	stage.driver->network.state = NETWORK_REFUSED;
	(void)snprintf(arguments, sizeof(arguments), "{\"yes\":true,%s", backup + 1);
	stage_ask(&stage, "restore", arguments);
	struct stick *stick = stage.driver->stick;
	ck_assert_uint_eq(stick->restores, 1);
	ck_assert_uint_eq(stick->network.extended_pan, 0xdddddddddddddddd);
	ck_assert_uint_eq(stick->network.eui64, 0x00124b00deadbeef);
	ck_assert_uint_eq(stick->key_count, 1);
	ck_assert_uint_eq(stick->keys[0].key[0], 7);
	stage_up(&stage);
	ck_assert_int_eq(stage.result, 0);
	ck_assert_ptr_nonnull(zigbee_nodes_at(&stage.driver->nodes, STAGE_NWK));
	stage_close(&stage);
}
END_TEST

START_TEST(joining_is_permitted_for_a_bounded_time)
{
	stage_init(&stage);
	stage_ask(&stage, "permit", "{\"seconds\":60}");
	ck_assert_int_eq(stage.result, -ENETDOWN);
	stage_up(&stage);
	stage_ask(&stage, "permit", "{\"seconds\":181}");
	ck_assert_int_eq(stage.result, -EINVAL);
	stage_ask(&stage, "permit", "{}");
	stage_permit(&stage, NULL);
	ck_assert_str_eq(stage.answer, "{\"seconds\":180}");
	stage_ask(&stage, "permit", "{\"seconds\":0}");
	ck_assert_uint_eq(stage.driver->stick->permit_s, 0);
	stage_permit(&stage, NULL);
	ck_assert(!stage_has(&stage, "status", "\"permit_s\":1"));
	stage_close(&stage);
}
END_TEST

START_TEST(nobody_is_told_that_nodes_may_join_before_the_stick_said_so)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_ask(&stage, "permit", "{\"seconds\":60}");
	ck_assert(!stage.answered);
	stage_ask(&stage, "permit", "{\"seconds\":60}");
	ck_assert_int_eq(stage.result, -EBUSY);
	ck_assert(stage_has(&stage, "status", "\"permit_s\":0"));
	stage.answered = false;
	stage_permit(&stage, NULL);
	ck_assert_int_eq(stage.result, 0);
	ck_assert(stage_has(&stage, "status", "\"permit_s\":60"));
	stage_ask(&stage, "permit", "{\"seconds\":120}");
	stage_permit(&stage, "it refused with status 0x02");
	ck_assert_int_eq(stage.result, -EIO);
	ck_assert_str_eq(stage.answer, "the stick was asked to let nodes join, but it refused with status 0x02");
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.permit_failed seconds=120"));
	ck_assert(stage_has(&stage, "status", "\"permit_s\":60"));
	/* One that says nothing at all. */
	stage_ask(&stage, "permit", "{\"seconds\":120}");
	stage_pass(&stage, 20000);
	ck_assert_int_eq(stage.result, -ETIMEDOUT);
	stage_close(&stage);
}
END_TEST

START_TEST(a_stick_that_was_away_is_asked_for_the_rest_of_the_time)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_ask(&stage, "permit", "{\"seconds\":60}");
	stage_permit(&stage, NULL);
	stage_pass(&stage, 10000);
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "unplugged");
	stage_pass(&stage, 20000);
	ck_assert(stage_has(&stage, "status", "\"permit_s\":0"));
	stage_up(&stage);
	ck_assert_uint_eq(stage.driver->stick->permit_s, 30);
	/* It goes before it has answered. */
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "unplugged");
	stage_up(&stage);
	stage.answered = false;
	stage_permit(&stage, NULL);
	ck_assert(!stage.answered);
	ck_assert(stage_has(&stage, "status", "\"permit_s\":30"));
	/* One that refuses is not asked on and on. */
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "unplugged");
	stage_up(&stage);
	stage_permit(&stage, "it refused");
	stage_pass(&stage, 1000);
	ck_assert(!stage.driver->stick->permit_asked);
	stage_close(&stage);
}
END_TEST

START_TEST(nodes_are_shown_and_interviewed_anew)
{
	struct stick_dummy_sent sent;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_ask(&stage, "nodes", "{}");
	ck_assert_ptr_nonnull(strstr(stage.answer, "\"node\":\"" STAGE_SENSOR_ID "\""));
	ck_assert_ptr_nonnull(strstr(stage.answer, "\"measures\":[\"temperature\",\"battery\",\"battery_voltage\"]"));
	stage_ask(&stage, "interview", "{\"node\":\"0x0000000000000001\"}");
	ck_assert_int_eq(stage.result, -ENOENT);
	stage_ask(&stage, "interview", "{\"node\":\"" STAGE_SENSOR_ID "\"}");
	ck_assert_int_eq(stage.result, 0);
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_uint_eq(sent.message.cluster, ZDO_NODE_DESCRIPTOR);
	stage_ask(&stage, "sing", "{}");
	ck_assert_int_eq(stage.result, -EINVAL);
	stage_close(&stage);
}
END_TEST

START_TEST(a_question_that_the_stick_never_answers_is_answered)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_ask(&stage, "scan", "{}");
	ck_assert(!stage.answered);
	stage_pass(&stage, 61000);
	ck_assert(stage.answered);
	ck_assert_int_eq(stage.result, -ETIMEDOUT);
	stage_ask(&stage, "form", "{\"yes\":true}");
	ck_assert(!stage.answered);
	stage_close(&stage);
	ck_assert(stage.answered);
}
END_TEST

START_TEST(the_time_is_told_in_seconds_since_2000)
{
	struct stick_dummy_sent sent;
	uint32_t seconds;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_hear_zcl(&stage, CLUSTER_TIME, "0007000000010099990000");
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	struct zcl_frame frame;
	struct zcl_record record;
	struct reader in;
	int64_t value;
	ck_assert_int_eq(zcl_frame_parse(&frame, sent.data, sent.message.payload.size), 0);
	ck_assert_uint_eq(frame.sequence, 7);
	ck_assert(frame.to_client);
	reader_init(&in, frame.payload.data, frame.payload.size);
	ck_assert_int_eq(zcl_record_read(&record, &in, ZCL_READ_RESPONSE), 1);
	ck_assert(zcl_value_integer(&record.value, &value));
	seconds = (uint32_t)value;
	ck_assert_uint_eq(seconds, (STAGE_WALL_MS + stage.now_ms) / 1000 - 946684800);
	ck_assert_int_eq(zcl_record_read(&record, &in, ZCL_READ_RESPONSE), 1);
	ck_assert(zcl_value_integer(&record.value, &value));
	ck_assert_int_eq(value, 3);
	ck_assert_int_eq(zcl_record_read(&record, &in, ZCL_READ_RESPONSE), 1);
	ck_assert_uint_eq(record.status, ZCL_UNSUPPORTED_ATTRIBUTE);
	stage_close(&stage);
}
END_TEST

START_TEST(a_command_that_nobody_serves_is_told_so)
{
	struct stick_dummy_sent sent;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_hear_zcl(&stage, 0x0006, "010502");
	ck_assert(stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	ck_assert_mem_eq(sent.data, "\x18\x05\x0b\x02\x81", 5);
	/* Never to a default response. */
	stage_hear_zcl(&stage, 0x0006, "00050b0281");
	ck_assert(!stick_dummy_deliver(stage.driver->stick, STICK_SENT, &sent));
	stage_close(&stage);
}
END_TEST

START_TEST(an_unknown_address_is_asked_whose_it_is)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18420a0000296608");
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18430a0000296608");
	ck_assert_uint_eq(stage.driver->stick->sent_count, 1);
	ck_assert(stage_exchange(&stage));
	ck_assert_ptr_nonnull(zigbee_nodes_find(&stage.driver->nodes, STAGE_SENSOR));
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296608");
	ck_assert_str_eq(stage.reading, "temperature=21.50 Cel");
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_leaves_or_falls_silent_is_lost_once)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stage_pass(&stage, 3 * 1800000 - 1000);
	ck_assert_uint_eq(stage.losses, 0);
	stage_pass(&stage, 2000);
	stage_pass(&stage, 100000);
	ck_assert_uint_eq(stage.losses, 1);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296608");
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.node_back"));
	struct stick *stick = stage.driver->stick;
	stick->host.left(stick->host.context, STAGE_SENSOR, STAGE_NWK);
	stick->host.left(stick->host.context, STAGE_SENSOR, STAGE_NWK);
	ck_assert_uint_eq(stage.losses, 2);
	ck_assert_ptr_null(zigbee_nodes_at(&stage.driver->nodes, STAGE_NWK));
	stage_close(&stage);
}
END_TEST

START_TEST(what_a_refused_node_says_is_not_taken)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	unsigned before = stage.reports;
	stage.refuses = true;
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296608");
	ck_assert_uint_eq(stage.reports, before);
	ck_assert_uint_ge(stage.driver->counters.nodes_refused, 1);
	stage_close(&stage);
}
END_TEST

/* Its port opens, and nobody answers as this kind does. */
static void stay_silent(void)
{
	stick_dummy_state(stage.driver->stick, STICK_OPENING, "");
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "it does not answer");
	zigbee_turn(stage.driver);
}

START_TEST(the_kind_of_stick_is_tried_in_turn_until_one_answers)
{
	struct stick_ops other = stick_dummy;
	const struct stick_ops *const sticks[] = { &stick_dummy, &other, NULL };

	other.name = "other";
	stage_init(&stage);
	stage.driver->sticks = sticks;
	/* A port that is not there says nothing about the kind. */
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "there is no such port");
	stage_pass(&stage, 60000);
	ck_assert_str_eq(stage.driver->ops->name, "dummy");
	stay_silent();
	ck_assert_str_eq(stage.driver->ops->name, "other");
	stay_silent();
	ck_assert_str_eq(stage.driver->ops->name, "dummy");
	stay_silent();
	stage_up(&stage);
	ck_assert_str_eq(stage.driver->ops->name, "other");
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.stick_kind kind=other former=none"));
	stage_close(&stage);
	/* The next start begins with it. */
	stage_open_with(&stage, sticks);
	ck_assert_str_eq(stage.driver->ops->name, "other");
	stage_close(&stage);
}
END_TEST

START_TEST(a_stick_of_the_other_kind_is_noticed_when_it_takes_the_place)
{
	struct stick_ops other = stick_dummy;
	const struct stick_ops *const sticks[] = { &stick_dummy, &other, NULL };

	other.name = "other";
	stage_init(&stage);
	stage.driver->sticks = sticks;
	stage_up(&stage);
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "unplugged");
	stage_pass(&stage, 60000);
	stay_silent();
	ck_assert_str_eq(stage.driver->ops->name, "dummy");
	stay_silent();
	ck_assert_str_eq(stage.driver->ops->name, "other");
	stage_up(&stage);
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.stick_kind kind=other former=dummy"));
	stage_close(&stage);
}
END_TEST

START_TEST(an_unplugged_stick_is_told_and_comes_back)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "the port is gone");
	ck_assert_ptr_nonnull(strstr(stage.events, "zigbee.stick_down port=/dev/ttyUSB0 reason=\"the port is gone\""));
	stage_ask(&stage, "permit", "{}");
	ck_assert_int_eq(stage.result, -ENETDOWN);
	ck_assert_str_eq(stage.answer, "the port is gone");
	stage_pass(&stage, 59000);
	ck_assert(stage_has(&stage, "status", "\"state\":\"waiting\",\"since_s\":59,\"reason\":\"the port is gone\""));
	ck_assert(stage_has(&stage, "status", "\"nodes\":1,\"nodes_up\":0"));
	ck_assert(stage_has(&stage, "nodes", "\"state\":\"unheard\""));
	ck_assert_str_eq(stage.trouble, "");
	stage_pass(&stage, 1000);
	ck_assert_str_eq(stage.trouble, "0 its network is not up: the port is gone");
	stick_dummy_state(stage.driver->stick, STICK_OPENING, "");
	ck_assert(stage_has(&stage, "status", "\"reason\":\"the port is gone\""));
	stage_up(&stage);
	ck_assert_str_eq(stage.trouble, "2 ");
	ck_assert(stage_has(&stage, "status", "\"nodes_up\":1"));
	ck_assert(stage_has(&stage, "status", "\"falls\":1,\"fell_s\":60,\"fall\":\"the port is gone\""));
	ck_assert(stage_has(&stage, "nodes", "\"state\":\"up\""));
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296608");
	ck_assert_str_eq(stage.reading, "temperature=21.50 Cel");
	stage_close(&stage);
}
END_TEST

START_TEST(a_stick_that_goes_again_and_again_is_trouble)
{
	stage_init(&stage);
	for (int i = 0; i < 3; i++) {
		stage_up(&stage);
		ck_assert_str_eq(stage.trouble, "");
		stick_dummy_state(stage.driver->stick, STICK_OPENING, "the stick was reset");
		stage_pass(&stage, 5000);
	}
	ck_assert_str_eq(stage.trouble, "1 its network goes down again and again: the stick was reset");
	stage_up(&stage);
	stage_pass(&stage, 584000);
	ck_assert_str_eq(stage.trouble, "1 its network goes down again and again: the stick was reset");
	stage_pass(&stage, 1000);
	ck_assert_str_eq(stage.trouble, "2 ");
	stage_close(&stage);
}
END_TEST

/* ---- firmware ---- */

static uint8_t firmware[UPGRADE_FILE_MAX];

static int read_firmware(struct image_source *image, uint32_t offset, void *buffer, size_t size)
{
	size_t left = offset < image->size_bytes ? image->size_bytes - offset : 0;

	size = size < left ? size : left;
	memcpy(buffer, firmware + offset, size);
	return (int)size;
}

static void keep_firmware(struct image_source *image)
{
	(void)image;
}

static void offer_firmware(struct image_source *image)
{
	static const struct image_source_ops ops = { read_firmware, keep_firmware };
	const struct upgrade_file_plan plan = { 0x117c, 0x4203, .version = 0x02000000, .payload = 500 };

	*image = (struct image_source){ .ops = &ops, .references = 1, .format = "zigbee-ota" };
	image->size_bytes = (uint32_t)upgrade_file_make(firmware, &plan);
	ck_assert_int_eq(driver_zigbee.offer(stage.driver, &(struct driver_offer){ STAGE_SENSOR_ID, image, { 0 } }), 0);
}

/* How often the node, which reports now, is spoken to of its firmware within a second. */
static unsigned words_of_firmware(void)
{
	struct stick_dummy_sent sent;
	unsigned words = 0;

	stage_pass(&stage, 1000);
	stage_hear_zcl(&stage, CLUSTER_TEMPERATURE, "18440a0000296608");
	while (stick_dummy_deliver(stage.driver->stick, STICK_NO_ACK, &sent))
		words += sent.message.cluster == CLUSTER_UPGRADE;
	return words;
}

START_TEST(a_node_that_was_given_up_is_told_of_its_image_when_the_stick_is_back)
{
	struct image_source image;

	stage_init(&stage);
	stage_up(&stage);
	stage_interview(&stage);
	offer_firmware(&image);
	for (unsigned said = 0; said < 8;) /* a pause of many minutes follows */
		said += words_of_firmware();
	ck_assert_uint_eq(words_of_firmware(), 0);
	stick_dummy_state(stage.driver->stick, STICK_DOWN, "the port is gone");
	stage_up(&stage);
	ck_assert_uint_eq(words_of_firmware(), 1);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee, an_empty_stick_is_formed_and_its_network_kept_as_a_secret,
	a_joining_node_is_interviewed_until_it_reports_by_itself, a_report_becomes_a_reading_once,
	what_a_sleeper_says_in_one_breath_and_repeats_counts_once,
	a_report_that_wants_an_answer_gets_it_once_it_is_durable, what_the_gateway_has_no_room_for_waits_with_its_time,
	no_more_reports_wait_than_there_is_room_for, nodes_are_known_after_a_restart,
	an_interview_goes_on_after_a_restart_and_with_a_sleeper_only_when_it_is_heard,
	a_silent_node_is_asked_again_but_not_for_ever, another_stick_is_refused_and_taken_when_told,
	the_remembered_network_is_restored_onto_an_empty_stick, a_backup_restores_network_nodes_and_keys,
	joining_is_permitted_for_a_bounded_time, nobody_is_told_that_nodes_may_join_before_the_stick_said_so,
	a_stick_that_was_away_is_asked_for_the_rest_of_the_time,
	a_stick_of_the_other_kind_is_noticed_when_it_takes_the_place, a_stick_that_goes_again_and_again_is_trouble,
	nodes_are_shown_and_interviewed_anew, a_question_that_the_stick_never_answers_is_answered,
	the_time_is_told_in_seconds_since_2000, a_command_that_nobody_serves_is_told_so,
	an_unknown_address_is_asked_whose_it_is, a_node_that_leaves_or_falls_silent_is_lost_once,
	what_a_refused_node_says_is_not_taken, the_kind_of_stick_is_tried_in_turn_until_one_answers,
	an_unplugged_stick_is_told_and_comes_back, a_node_that_was_given_up_is_told_of_its_image_when_the_stick_is_back)
