#include "drivers/zigbee_upgrades.h"

#include "tests/unit/suite.h"
#include "tests/unit/upgrade_stage.h"

#define OLD 0x01000000
#define NEW 0x02000000
#define READ_REQUEST "0100 0200 0400 0600 0700 0800"

static struct upgrade_stage stage;

/* The node says where it stands: FileOffset, CurrentFileVersion, ImageUpgradeStatus. */
static void say_state(const char *node, uint32_t offset, uint32_t version, uint8_t status)
{
	char hex[128];

	(void)snprintf(hex, sizeof(hex),
		"08 01 01 0100 00 23 %02x%02x%02x%02x 0200 00 23 %02x%02x%02x%02x 0400 86 0600 00 30 %02x 0700 86 0800 "
		"86",
		offset & 0xff, offset >> 8 & 0xff, offset >> 16 & 0xff, offset >> 24, version & 0xff,
		version >> 8 & 0xff, version >> 16 & 0xff, version >> 24, status);
	hex[0] = '0';
	hex[1] = '0'; /* from client to server */
	stage_hear_hex(&stage, node, hex);
}

/* The node has an offer, and its address is known. */
static void open_with(const char *node)
{
	struct zigbee_upgrade_peer peer = stage_peer(node);

	stage_open(&stage);
	stage_offer(&stage, node);
	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
}

static void expect_read(void)
{
	const struct upgrade_sent *sent = stage_next(&stage);
	struct frame_bytes expected = frame_bytes("18 00 00 " READ_REQUEST);

	expected.data[1] = sent->data[1];
	ck_assert_uint_eq(sent->size, expected.size);
	ck_assert_mem_eq(sent->data, expected.data, expected.size);
	ck_assert(sent->wants_ack);
}

/* ---- Query Next Image ---- */

START_TEST(a_query_is_answered_with_what_is_offered)
{
	stage_open(&stage);
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	stage_offer(&stage, "n1");
	stage_ask_next(&stage, "n1", OLD);
	stage_expect(&stage, "19 01 02 00 5f11 0142 00000002 26040000");
	stage_ask_next(&stage, "n2", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_str_eq(stage.told, "n1 runs 01000000\nn1 runs 01000000\nn2 runs 01000000\n");
	stage_close(&stage);
}
END_TEST

START_TEST(a_query_about_another_kind_of_image_gets_none)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.plan.image_type++;
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	stage.plan.image_type--;
	stage.plan.manufacturer++;
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	stage_close(&stage);
}
END_TEST

START_TEST(a_file_for_any_type_is_for_this_one)
{
	stage_open_with(&stage, &(struct upgrade_file_plan){
					.manufacturer = 0x115f, .image_type = 0xffff, .version = NEW, .payload = 100 });
	stage_offer(&stage, "n1");
	stage.plan.image_type = 0x4201;
	stage_ask_next(&stage, "n1", OLD);
	stage_expect(&stage, "19 01 02 00 5f11 0142 00000002 a2000000");
	stage_ask_block(&stage, "n1", 0, 16, 2);
	stage_expect(&stage, "19 02 05 00 5f11 0142 00000002 00000000 10 1ef1ee0b 00013800 00005f11 ffff0000");
	stage_close(&stage);
}
END_TEST

START_TEST(a_file_for_any_maker_is_for_this_one)
{
	stage_open_with(&stage, &(struct upgrade_file_plan){
					.manufacturer = 0xffff, .image_type = 0x4201, .version = NEW, .payload = 100 });
	stage_offer(&stage, "n1");
	stage.plan.manufacturer = 0x115f;
	stage_ask_next(&stage, "n1", OLD);
	stage_expect(&stage, "19 01 02 00 5f11 0142 00000002 a2000000");
	stage_ask_block(&stage, "n1", 0, 4, 2);
	stage_expect(&stage, "19 02 05 00 5f11 0142 00000002 00000000 04 1ef1ee0b");
	stage_close(&stage);
}
END_TEST

START_TEST(a_version_without_its_kind_proves_nothing)
{
	stage_open(&stage);
	say_state("n1", 0, OLD, 0); /* manufacturer and type are not told, and nothing is offered */
	ck_assert_str_eq(stage.told, "");
	stage_offer(&stage, "n1");
	say_state("n1", 0, OLD, 0);
	ck_assert_str_eq(stage.told, "n1 runs 01000000\n");
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_left_is_not_spoken_to_at_its_former_address)
{
	struct zigbee_upgrade_peer peer = stage_peer("n1");

	open_with("n1");
	zigbee_upgrades_part(stage.upgrades, "n1");
	stage_pass(&stage, 7200000);
	stage_expect_silence(&stage);
	peer.nwk = 0x2002;
	zigbee_upgrades_meet(stage.upgrades, &peer, true, stage.now_ms);
	stage_run(&stage);
	ck_assert_uint_eq(stage_next(&stage)->nwk, 0x2002);
	stage_close(&stage);
}
END_TEST

START_TEST(the_hardware_version_of_the_request_decides)
{
	struct zigbee_upgrade request = {
		.command = UPGRADE_QUERY_NEXT, .file = { 0x115f, 0x4201, OLD }, .has_hardware = true, .hardware = 16
	};

	stage_open_with(&stage, &(struct upgrade_file_plan){ .manufacturer = 0x115f,
					.image_type = 0x4201,
					.version = NEW,
					.payload = 100,
					.hardware_least = 2,
					.hardware_most = 16 });
	stage_offer(&stage, "n1");
	stage_ask(&stage, "n1", &request, 1);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_SUCCESS);
	request.hardware = 17;
	stage_ask(&stage, "n1", &request, 1);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 unfit 166 0\n"));
	stage_close(&stage);
}
END_TEST

/* Manufacturer and image type are the same for several models. */
START_TEST(an_image_for_some_models_is_not_for_others)
{
	struct zigbee_upgrade_peer peer = stage_peer("n1");

	stage_open(&stage);
	(void)snprintf(
		stage.image.only_for, sizeof(stage.image.only_for), "{\"models\":[\"plug\"],\"versions\":[1,%d]}", OLD);
	stage_offer(&stage, "n1");
	stage_ask_next(&stage, "n1", OLD); /* its model is not known yet */
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_ptr_null(strstr(stage.told, "unfit"));
	peer.model = "plug";
	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_SUCCESS);
	stage_ask_next(&stage, "n1", OLD + 1); /* more than it may run */
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 unfit 1062 0\n"));
	peer = stage_peer("n2");
	peer.model = "lamp";
	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	stage_offer(&stage, "n2");
	stage_ask_next(&stage, "n2", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_ptr_nonnull(strstr(stage.told, "n2 unfit 1062 0\n"));
	stage_close(&stage);
}
END_TEST

START_TEST(an_image_that_can_be_fetched_much_later_is_not_told_of)
{
	stage_open(&stage);
	stage_offer_at(&stage, "n1", (struct offer_times){ .fetch_from_ms = stage.now_ms + 7200000 });
	stage_offer_at(&stage, "s2", (struct offer_times){ .fetch_from_ms = stage.now_ms + 7200000 });
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	stage_ask_next(&stage, "s2", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_SUCCESS);
	stage_close(&stage);
}
END_TEST

START_TEST(a_query_with_the_offered_version_is_proof)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask_next(&stage, "n1", NEW);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_str_eq(stage.told, "n1 runs 02000000 as offered\n");
	ck_assert_uint_eq(stage.image.references, 1);
	stage_close(&stage);
}
END_TEST

/* ---- telling nodes of images ---- */

START_TEST(an_awake_node_is_asked_where_it_stands_and_told_of_its_image)
{
	struct zigbee_upgrade_peer peer = stage_peer("n1");

	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_pass(&stage, 1000);
	stage_expect_silence(&stage); /* nobody knows where it is */
	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	stage_run(&stage);
	expect_read();
	say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	struct zigbee_upgrade notify = stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	ck_assert_uint_eq(notify.jitter, 100);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_amid_a_transfer_is_left_alone)
{
	open_with("n1");
	stage_run(&stage);
	expect_read();
	say_state("n1", 500, OLD, UPGRADE_STATUS_DOWNLOADING);
	stage_pass(&stage, 30000);
	stage_expect_silence(&stage);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 downloading 500 0\n"));
	stage_pass(&stage, 31000);
	expect_read(); /* it was silent for too long */
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_does_not_answer_questions_is_told_all_the_same)
{
	open_with("n1");
	stage_pass(&stage, 120000);
	expect_read();
	expect_read();
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_cannot_be_reached_is_told_again_ever_more_seldom)
{
	open_with("n1");
	stage.confirms = false;
	for (int i = 0; i < 72; i++) {
		stage_pass(&stage, 3600000);
		for (size_t k = 0; k < stage.sent_count; k++)
			if (!stage.sent[k].done)
				stage_confirm(&stage, k, STICK_NO_ACK);
	}
	size_t words = stage.sent_count;
	ck_assert_uint_ge(words, 72);
	ck_assert_uint_le(words, 90);
	stage_forget_sent(&stage);
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_SUCCESS);
	ck_assert_ptr_null(strstr(stage.told, "failed"));
	stage_close(&stage);
}
END_TEST

/* A frame that arrived need not have reached the client: counters of eight bits come round within seconds. */
START_TEST(a_first_word_that_is_lost_is_said_again_in_seconds)
{
	open_with("n1");
	stage_run(&stage);
	expect_read();
	stage_pass(&stage, 7000);
	expect_read();
	say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_pass(&stage, 7000);
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_pass(&stage, 20000);
	stage_expect_silence(&stage);
	stage_pass(&stage, 20000);
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_close(&stage);
}
END_TEST

START_TEST(a_sleeper_is_spoken_to_when_it_was_heard)
{
	struct zigbee_upgrade_peer peer = stage_peer("s1");

	stage_open(&stage);
	stage_offer(&stage, "s1");
	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	stage_pass(&stage, 3600000);
	stage_expect_silence(&stage);
	zigbee_upgrades_meet(stage.upgrades, &peer, true, stage.now_ms);
	stage_run(&stage);
	expect_read();
	ck_assert(stage.sent[0].to_sleeper);
	say_state("s1", 0, OLD, UPGRADE_STATUS_NORMAL);
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_close(&stage);
}
END_TEST

START_TEST(no_more_nodes_are_told_than_there_are_places)
{
	stage_open(&stage);
	for (int i = 1; i <= 20; i++) {
		char node[8];
		(void)snprintf(node, sizeof(node), "n%d", i);
		struct zigbee_upgrade_peer peer = stage_peer(node);
		stage_offer(&stage, node);
		zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	}
	stage_run(&stage);
	for (int i = 1; i <= 20; i++) {
		char node[8];
		(void)snprintf(node, sizeof(node), "n%d", i);
		say_state(node, 0, OLD, UPGRADE_STATUS_NORMAL);
	}
	ck_assert_uint_eq(zigbee_upgrades_counters(stage.upgrades)->notifies, 4);
	stage_pass(&stage, 60000);
	ck_assert_uint_ge(zigbee_upgrades_counters(stage.upgrades)->notifies, 20);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_does_not_want_its_image_is_not_told_every_minute)
{
	open_with("n1");
	for (int i = 0; i < 1440; i++) {
		size_t before = stage.sent_count;
		stage_pass(&stage, 60000);
		if (stage.sent_count == before)
			continue;
		bool is_notify = stage.sent[stage.sent_count - 1].data[2] == UPGRADE_IMAGE_NOTIFY &&
				 stage.sent[stage.sent_count - 1].data[0] == 0x19;
		if (is_notify)
			stage_ask_next(&stage, "n1", OLD);
		else
			say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	}
	ck_assert_uint_le(zigbee_upgrades_counters(stage.upgrades)->notifies, 40);
	ck_assert_uint_ge(zigbee_upgrades_counters(stage.upgrades)->notifies, 10);
	stage_close(&stage);
}
END_TEST

/* ---- back again ---- */

START_TEST(a_node_that_gave_up_is_spoken_to_when_the_network_is_back)
{
	open_with("n1");
	stage.confirms = false;
	for (int i = 0; i < 5; i++) {
		stage_pass(&stage, 3600000);
		for (size_t k = 0; k < stage.sent_count; k++)
			if (!stage.sent[k].done)
				stage_confirm(&stage, k, STICK_LOST);
	}
	stage.confirms = true;
	stage_forget_sent(&stage);
	stage_pass(&stage, 60000);
	stage_expect_silence(&stage);
	zigbee_upgrades_on_network_up(stage.upgrades, stage.now_ms);
	stage_pass(&stage, 100);
	expect_read();
	say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_close(&stage);
}
END_TEST

START_TEST(a_transfer_goes_on_when_the_network_is_back)
{
	open_with("n1");
	stage_ask_block(&stage, "n1", 0, 50, 1);
	(void)stage_expect_block(&stage, 0, 50);
	zigbee_upgrades_on_network_up(stage.upgrades, stage.now_ms);
	stage_pass(&stage, 100);
	expect_read();
	say_state("n1", 50, OLD, UPGRADE_STATUS_DOWNLOADING);
	stage_pass(&stage, 50000);
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

START_TEST(a_sleeper_that_comes_back_is_asked_what_it_runs_while_it_listens)
{
	struct zigbee_upgrade_peer peer = stage_peer("s1");

	open_with("s1");
	stage_ask_block(&stage, "s1", 0, 50, 1);
	stage_say_end(&stage, "s1", ZCL_SUCCESS);
	stage_forget_sent(&stage);
	stage_pass(&stage, 60000);
	zigbee_upgrades_meet(stage.upgrades, &peer, true, stage.now_ms);
	stage_expect_silence(&stage);
	zigbee_upgrades_on_joined(stage.upgrades, "s1", stage.now_ms);
	stage_pass(&stage, 1900);
	stage_expect_silence(&stage); /* it may say so by itself */
	stage_pass(&stage, 200);
	expect_read();
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_checks_its_image_is_left_alone_when_it_comes_back)
{
	open_with("n1");
	for (uint32_t offset = 0; offset < 1062; offset += 50)
		stage_ask_block(&stage, "n1", offset, 50, (uint8_t)offset);
	stage_forget_sent(&stage);
	zigbee_upgrades_on_joined(stage.upgrades, "n1", stage.now_ms);
	zigbee_upgrades_on_network_up(stage.upgrades, stage.now_ms);
	stage_pass(&stage, 60000);
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

/* ---- Upgrade End ---- */

START_TEST(a_good_image_is_applied_at_once_where_nothing_speaks_against_it)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	stage_expect(&stage, "19 09 07 5f11 0142 00000002 00000000 01000000");
	ck_assert(stage.sent[0].wants_ack);
	ck_assert_str_eq(stage.told, "n1 downloaded 1062 0\nn1 applying 1062 0\n");
	stage_pass(&stage, 119000);
	stage_expect_silence(&stage);
	stage_pass(&stage, 1000);
	expect_read();
	say_state("n1", 0, NEW, UPGRADE_STATUS_NORMAL);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 runs 02000000 as offered\n"));
	stage_close(&stage);
}
END_TEST

START_TEST(an_image_is_staged_and_released_in_its_window)
{
	stage_open(&stage);
	stage.chance = 5000;
	stage_offer_at(&stage, "n1",
		(struct offer_times){ .apply_at_ms = stage.now_ms + 60000, .apply_until_ms = stage.now_ms + 120000 });
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	stage_expect(&stage, "19 09 07 5f11 0142 00000002 00000000 ffffffff");
	ck_assert_str_eq(stage.told, "n1 downloaded 1062 0\n");
	stage_pass(&stage, 64999);
	stage_expect_silence(&stage);
	stage_pass(&stage, 1);
	struct zigbee_upgrade word = stage_expect_command(&stage, UPGRADE_END_RESPONSE);
	ck_assert(word.current_s == 0 && word.at_s == 1);
	ck_assert_str_eq(stage.told, "n1 downloaded 1062 0\nn1 applying 1062 0\n");
	stage_close(&stage);
}
END_TEST

START_TEST(a_sleeper_is_released_when_it_is_heard_in_the_window)
{
	struct zigbee_upgrade_peer peer = stage_peer("s1");

	stage_open(&stage);
	stage_offer_at(&stage, "s1",
		(struct offer_times){ .apply_at_ms = stage.now_ms + 60000, .apply_until_ms = stage.now_ms + 7200000 });
	stage_say_end(&stage, "s1", ZCL_SUCCESS);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, ZIGBEE_UPGRADE_EVER);
	stage_pass(&stage, 3600000);
	stage_expect_silence(&stage);
	zigbee_upgrades_meet(stage.upgrades, &peer, true, stage.now_ms);
	stage_run(&stage);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(after_its_window_a_node_waits_for_the_next)
{
	stage_open(&stage);
	stage_offer_at(&stage, "n1", (struct offer_times){ .apply_until_ms = stage.now_ms - 1 });
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, ZIGBEE_UPGRADE_EVER);
	stage_pass(&stage, 3600000);
	stage_expect_silence(&stage);
	stage_offer_at(&stage, "n1", (struct offer_times){ .apply_at_ms = stage.now_ms + 1000 });
	stage_pass(&stage, 2000);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_word_to_upgrade_that_is_lost_is_said_again)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	(void)stage_expect_command(&stage, UPGRADE_END_RESPONSE);
	stage_confirm(&stage, 0, STICK_NO_ACK);
	ck_assert_ptr_null(strstr(stage.told, "applying"));
	stage_pass(&stage, 10000);
	(void)stage_expect_command(&stage, UPGRADE_END_RESPONSE);
	stage_confirm(&stage, 1, STICK_SENT);
	ck_assert_ptr_nonnull(strstr(stage.told, "applying"));
	stage_close(&stage);
}
END_TEST

START_TEST(what_nobody_ordered_is_not_applied)
{
	stage_open(&stage);
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, ZIGBEE_UPGRADE_EVER);
	stage_offer(&stage, "n1");
	stage.plan.version++;
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	stage_expect(&stage, "18 09 0b 06 95");
	ck_assert_str_eq(stage.told, "");
	stage_close(&stage);
}
END_TEST

START_TEST(a_bad_image_is_answered_and_told)
{
	static const struct {
		uint8_t status;
		const char *told;
	} ends[] = { { ZCL_INVALID_IMAGE, "n1 failed 1062 5\n" }, { ZCL_INSUFFICIENT_SPACE, "n1 failed 1062 2\n" },
		{ ZCL_ABORT, "n1 failed 1062 8\n" }, { ZCL_NOT_AUTHORIZED, "n1 failed 1062 6\n" } };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		stage_open(&stage);
		stage_offer(&stage, "n1");
		stage_say_end(&stage, "n1", ends[i].status);
		stage_expect(&stage, "18 09 0b 06 00");
		ck_assert_str_eq(stage.told, ends[i].told);
		stage_close(&stage);
	}
}
END_TEST

/* ---- proof ---- */

START_TEST(a_node_that_still_runs_its_old_image_has_fallen_back)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_say_end(&stage, "n1", ZCL_SUCCESS);
	(void)stage_expect_command(&stage, UPGRADE_END_RESPONSE);
	stage_ask_next(&stage, "n1", OLD);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_NO_IMAGE_AVAILABLE);
	ck_assert_ptr_null(strstr(stage.told, "reverted")); /* it may not have restarted yet */
	stage_pass(&stage, 120000);
	expect_read();
	say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 reverted 1062 0\n"));
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_says_nothing_after_the_last_block_is_asked)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 1050, 50, 1);
	(void)stage_expect_block(&stage, 1050, 12);
	stage_pass(&stage, 599000);
	stage_expect_silence(&stage);
	stage_pass(&stage, 2000);
	expect_read();
	say_state("n1", 0, OLD, UPGRADE_STATUS_NORMAL);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 failed 1062 8\n"));
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_waits_since_before_the_restart_is_released)
{
	open_with("n1");
	stage_run(&stage);
	expect_read();
	say_state("n1", 1062, OLD, UPGRADE_STATUS_WAITING);
	ck_assert_uint_eq(stage_expect_command(&stage, UPGRADE_END_RESPONSE).at_s, 1);
	ck_assert_ptr_nonnull(strstr(stage.told, "n1 downloaded 1062 0\nn1 applying 1062 0\n"));
	stage_close(&stage);
}
END_TEST

/* ---- other frames ---- */

START_TEST(strange_frames_are_answered_with_what_is_wrong)
{
	stage_open(&stage);
	stage_hear_hex(&stage, "n1", "01 05 01 00 5f11");
	stage_expect(&stage, "18 05 0b 01 80");
	stage_hear_hex(&stage, "n1", "01 06 20 00");
	stage_expect(&stage, "18 06 0b 20 81");
	stage_hear_hex(&stage, "n1", "05 5f11 07 01 00");
	stage_expect(&stage, "1c 5f11 07 0b 01 81");
	stage_hear_hex(&stage, "n1", "01 0a 08 8877665544332211 5f11 c0ff 04030201 0200");
	stage_expect(&stage, "19 0a 09 98");
	stage_hear_hex(&stage, "n1", "18 07 0a 0000 29 6608");
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

START_TEST(an_answer_waits_for_a_stick_that_is_full)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.stick_full = true;
	stage_ask_next(&stage, "n1", OLD);
	stage.stick_full = false;
	stage_pass(&stage, 30);
	stage_expect_status(&stage, UPGRADE_QUERY_NEXT_RESPONSE, ZCL_SUCCESS);
	stage_close(&stage);
}
END_TEST

START_TEST(an_image_of_another_format_is_refused)
{
	const struct driver_offer offer = { "n1", &stage.image, { 0 } };

	stage_open(&stage);
	memset(stage.file, 0, 4);
	ck_assert_int_eq(zigbee_upgrades_offer(stage.upgrades, &offer, stage.now_ms), -ENOTSUP);
	ck_assert_uint_eq(stage.image.references, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(a_node_that_left_is_forgotten_with_its_frames_under_way)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 0, 50, 1);
	zigbee_upgrades_forget(stage.upgrades, "n1");
	stage_confirm(&stage, 0, STICK_NO_ACK);
	zigbee_upgrades_forget(stage.upgrades, "n1");
	ck_assert_uint_eq(stage.image.references, 1);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee_upgrades, a_query_is_answered_with_what_is_offered, a_query_about_another_kind_of_image_gets_none,
	a_file_for_any_type_is_for_this_one, a_file_for_any_maker_is_for_this_one,
	a_version_without_its_kind_proves_nothing, a_node_that_left_is_not_spoken_to_at_its_former_address,
	the_hardware_version_of_the_request_decides, an_image_for_some_models_is_not_for_others,
	an_image_that_can_be_fetched_much_later_is_not_told_of, a_query_with_the_offered_version_is_proof,
	an_awake_node_is_asked_where_it_stands_and_told_of_its_image, a_node_amid_a_transfer_is_left_alone,
	a_node_that_does_not_answer_questions_is_told_all_the_same,
	a_node_that_cannot_be_reached_is_told_again_ever_more_seldom,
	a_first_word_that_is_lost_is_said_again_in_seconds, a_sleeper_is_spoken_to_when_it_was_heard,
	no_more_nodes_are_told_than_there_are_places, a_node_that_does_not_want_its_image_is_not_told_every_minute,
	a_node_that_gave_up_is_spoken_to_when_the_network_is_back, a_transfer_goes_on_when_the_network_is_back,
	a_sleeper_that_comes_back_is_asked_what_it_runs_while_it_listens,
	a_node_that_checks_its_image_is_left_alone_when_it_comes_back,
	a_good_image_is_applied_at_once_where_nothing_speaks_against_it, an_image_is_staged_and_released_in_its_window,
	a_sleeper_is_released_when_it_is_heard_in_the_window, after_its_window_a_node_waits_for_the_next,
	a_word_to_upgrade_that_is_lost_is_said_again, what_nobody_ordered_is_not_applied,
	a_bad_image_is_answered_and_told, a_node_that_still_runs_its_old_image_has_fallen_back,
	a_node_that_says_nothing_after_the_last_block_is_asked, a_node_that_waits_since_before_the_restart_is_released,
	strange_frames_are_answered_with_what_is_wrong, an_answer_waits_for_a_stick_that_is_full,
	an_image_of_another_format_is_refused, a_node_that_left_is_forgotten_with_its_frames_under_way)
