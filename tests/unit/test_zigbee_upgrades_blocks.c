#include "drivers/zigbee_upgrades.h"

#include "tests/unit/suite.h"
#include "tests/unit/upgrade_stage.h"

static struct upgrade_stage stage;

START_TEST(a_block_is_answered_at_once_from_its_offset)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 500, 50, 33);
	ck_assert_uint_eq(stage.sent[0].data[1], 33);
	ck_assert_uint_eq(stage.sent[0].nwk, 0x1001);
	ck_assert(!stage.sent[0].wants_ack);
	(void)stage_expect_block(&stage, 500, 50);
	stage_ask_block(&stage, "n1", 100, 50, 34);
	(void)stage_expect_block(&stage, 100, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(a_vendors_wrapper_is_not_served)
{
	stage_open_with(&stage, &(struct upgrade_file_plan){ .manufacturer = 0x117c,
					.image_type = 1,
					.version = 2,
					.payload = 100,
					.before = 616,
					.after = 512 });
	stage_offer(&stage, "n1");
	for (uint32_t offset = 0; offset < 162; offset += 50) {
		stage_ask_block(&stage, "n1", offset, 50, 1);
		(void)stage_expect_block(&stage, offset, offset + 50 > 162 ? 162 - offset : 50);
	}
	stage_ask_block(&stage, "n1", 162, 50, 1);
	stage_expect_status(&stage, UPGRADE_BLOCK_RESPONSE, ZCL_ABORT);
	stage_close(&stage);
}
END_TEST

START_TEST(the_route_decides_how_large_a_block_is)
{
	struct zigbee_upgrade_peer far = stage_peer("n1");
	uint8_t data[64];
	struct zcl_frame frame;
	struct writer out;

	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 0, 255, 1);
	(void)stage_expect_block(&stage, 0, 65);
	far.relays = 4;
	const struct zigbee_upgrade request = {
		.command = UPGRADE_BLOCK, .file = stage_file(&stage), .offset = 65, .most = 255
	};
	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, &request, 2);
	ck_assert_int_eq(zcl_frame_parse(&frame, data, writer_size(&out)), 0);
	zigbee_upgrades_on_frame(stage.upgrades, &far, &frame, stage.now_ms);
	(void)stage_expect_block(&stage, 65, 55);
	stage_close(&stage);
}
END_TEST

START_TEST(blocks_that_are_lost_again_and_again_become_smaller)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 65, 65, 1);
	(void)stage_expect_block(&stage, 65, 65);
	for (uint8_t i = 0; i < 3; i++) {
		stage.now_ms += 2000;
		stage_ask_block(&stage, "n1", 65, 65, (uint8_t)(2 + i));
		(void)stage_expect_block(&stage, 65, 65);
	}
	stage.now_ms += 2000;
	stage_ask_block(&stage, "n1", 65, 65, 6);
	(void)stage_expect_block(&stage, 65, 40);
	stage_ask_block(&stage, "n1", 105, 65, 7);
	(void)stage_expect_block(&stage, 105, 40);
	stage_close(&stage);
}
END_TEST

START_TEST(a_first_block_that_does_not_arrive_is_made_smaller_at_once)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 0, 63, 1);
	(void)stage_expect_block(&stage, 0, 63);
	stage_confirm(&stage, 0, STICK_NO_ACK);
	stage.now_ms += 2000;
	stage_ask_block(&stage, "n1", 0, 63, 2);
	(void)stage_expect_block(&stage, 0, 40);
	stage_close(&stage);
}
END_TEST

START_TEST(what_was_too_long_is_sent_again_shorter)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 0, 63, 1);
	(void)stage_expect_block(&stage, 0, 63);
	stage_confirm(&stage, 0, STICK_TOO_LONG);
	stage_run(&stage);
	(void)stage_expect_block(&stage, 0, 40);
	stage_close(&stage);
}
END_TEST

START_TEST(what_the_stick_could_not_send_is_sent_again)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 100, 50, 1);
	(void)stage_expect_block(&stage, 100, 50);
	stage_confirm(&stage, 0, STICK_BUSY);
	stage_pass(&stage, 100);
	(void)stage_expect_block(&stage, 100, 50);
	stage_confirm(&stage, 1, STICK_SENT);
	stage_pass(&stage, 1000);
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

START_TEST(a_stick_that_is_full_is_tried_again)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.stick_full = true;
	stage_ask_block(&stage, "n1", 100, 50, 1);
	stage_expect_silence(&stage);
	stage.stick_full = false;
	stage_pass(&stage, 30);
	(void)stage_expect_block(&stage, 100, 50);
	ck_assert_uint_eq(stage.fetched, 50 + 17 + 17);
	stage_close(&stage);
}
END_TEST

START_TEST(a_request_that_the_radio_repeats_is_answered_once)
{
	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 100, 50, 1);
	stage_ask_block(&stage, "n1", 100, 50, 1);
	(void)stage_expect_block(&stage, 100, 50);
	stage_expect_silence(&stage);
	stage_ask_block(&stage, "n1", 100, 50, 2);
	(void)stage_expect_block(&stage, 100, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(a_page_is_sent_with_its_spacing)
{
	const struct zigbee_upgrade request = { .command = UPGRADE_PAGE,
		.offset = 100,
		.most = 50,
		.page_bytes = 120,
		.spacing_ms = 40,
		.file = { 0x115f, 0x4201, 0x02000000 } };

	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask(&stage, "n1", &request, 77);
	(void)stage_expect_block(&stage, 100, 50);
	stage_expect_silence(&stage);
	stage_pass(&stage, 39);
	stage_expect_silence(&stage);
	stage_pass(&stage, 1);
	ck_assert_uint_eq(stage.sent[1].data[1], 77);
	(void)stage_expect_block(&stage, 150, 50);
	stage_pass(&stage, 40);
	(void)stage_expect_block(&stage, 200, 20);
	stage_pass(&stage, 1000);
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

START_TEST(a_page_without_spacing_goes_as_fast_as_the_stick)
{
	const struct zigbee_upgrade request = {
		.command = UPGRADE_PAGE, .most = 50, .page_bytes = 1000, .file = { 0x115f, 0x4201, 0x02000000 }
	};

	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask(&stage, "n1", &request, 77);
	ck_assert_uint_eq(stage.sent_count, 3); /* the window */
	for (size_t i = 0; i < stage.sent_count; i++)
		stage_confirm(&stage, i, STICK_SENT);
	ck_assert_uint_eq(stage.sent_count, 20);
	for (uint32_t i = 0; i < 20; i++)
		(void)stage_expect_block(&stage, i * 50, 50);
	stage_close(&stage);
}
END_TEST

/* The node asks for a page of 20 blocks, each of which is tried when the one before has its outcome. */
static void ask_long_page(const char *node, uint16_t spacing_ms)
{
	const struct zigbee_upgrade request = { .command = UPGRADE_PAGE,
		.most = 50,
		.page_bytes = 1000,
		.spacing_ms = spacing_ms,
		.file = { 0x115f, 0x4201, 0x02000000 } };

	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, node);
	stage_ask(&stage, node, &request, 77);
}

/* What becomes of the oldest block without an outcome; time for the next one. */
static void end_block(enum stick_sent outcome)
{
	for (size_t i = 0; i < stage.sent_count; i++) {
		if (stage.sent[i].done)
			continue;
		stage_confirm(&stage, i, outcome);
		break;
	}
	stage_pass(&stage, 20);
}

START_TEST(a_page_to_a_node_that_is_gone_ends_after_four_blocks)
{
	ask_long_page("n1", 20);
	for (size_t i = 1; i <= 4; i++) {
		ck_assert_uint_eq(stage.sent_count, i);
		end_block(STICK_NO_ACK);
	}
	stage_pass(&stage, 20000);
	ck_assert_uint_eq(stage.sent_count, 4);
	/* It is back, and asks for what is missing. */
	stage_forget_sent(&stage);
	stage_ask_block(&stage, "n1", 100, 40, 78);
	(void)stage_expect_block(&stage, 100, 40);
	stage_close(&stage);
}
END_TEST

/* A page of 8,000 bytes, of which each block arrives at the next hop. How many are sent, where those that want an
 * acknowledgement of the node have this outcome, which comes late. */
static size_t send_behind_router(enum stick_sent proof)
{
	const struct upgrade_file_plan plan = {
		.manufacturer = 0x115f, .image_type = 0x4201, .version = 0x02000000, .payload = 8000 - 62
	};
	const struct zigbee_upgrade request = {
		.command = UPGRADE_PAGE, .most = 50, .page_bytes = 8000, .file = { 0x115f, 0x4201, 0x02000000 }
	};
	size_t late = 0, done = 0;

	stage_open_with(&stage, &plan);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_ask(&stage, "n1", &request, 77);
	while (done < stage.sent_count || late > 0) {
		if (done == stage.sent_count) {
			stage_confirm(&stage, late, proof);
			late = 0;
		} else if (stage.sent[done].wants_ack) {
			ck_assert_uint_eq(late, 0);
			late = done++;
		} else {
			stage_confirm(&stage, done++, STICK_SENT);
		}
		stage_pass(&stage, 1);
	}
	stage_close(&stage);
	return done;
}

START_TEST(a_page_behind_a_router_ends_when_its_node_does_not_acknowledge_one_of_its_blocks)
{
	ck_assert_uint_eq(send_behind_router(STICK_NO_ACK), 64);
}
END_TEST

START_TEST(a_page_to_one_that_does_goes_to_its_end)
{
	ck_assert_uint_eq(send_behind_router(STICK_SENT), 160);
}
END_TEST

START_TEST(a_page_goes_on_where_a_block_arrives_or_the_node_is_heard)
{
	const struct zigbee_upgrade_peer peer = stage_peer("n1");

	ask_long_page("n1", 20);
	for (unsigned i = 0; i < 5; i++)
		end_block(i == 3 ? STICK_SENT : STICK_EXPIRED);
	for (unsigned i = 0; i < 10; i++) {
		stage.now_ms++;
		zigbee_upgrades_meet(stage.upgrades, &peer, true, stage.now_ms);
		end_block(STICK_NO_ACK);
	}
	ck_assert_uint_eq(stage.sent_count, 16);
	stage_close(&stage);
}
END_TEST

START_TEST(of_a_sleepers_page_two_blocks_are_with_its_parent)
{
	ask_long_page("s1", 0);
	ck_assert_uint_eq(stage.sent_count, 2);
	stage_pass(&stage, 5000);
	ck_assert_uint_eq(stage.sent_count, 2);
	for (size_t i = 3; i <= 20; i++) {
		end_block(STICK_SENT);
		ck_assert_uint_eq(stage.sent_count, i);
	}
	stage_close(&stage);
}
END_TEST

START_TEST(a_block_request_ends_a_page)
{
	const struct zigbee_upgrade request = { .command = UPGRADE_PAGE,
		.most = 50,
		.page_bytes = 1000,
		.spacing_ms = 100,
		.file = { 0x115f, 0x4201, 0x02000000 } };

	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage_ask(&stage, "n1", &request, 77);
	(void)stage_expect_block(&stage, 0, 50);
	stage_ask_block(&stage, "n1", 300, 50, 78);
	(void)stage_expect_block(&stage, 300, 50);
	stage_pass(&stage, 1000);
	stage_expect_silence(&stage);
	stage_close(&stage);
}
END_TEST

START_TEST(nodes_take_turns)
{
	const struct zigbee_upgrade page = {
		.command = UPGRADE_PAGE, .most = 50, .page_bytes = 500, .file = { 0x115f, 0x4201, 0x02000000 }
	};

	stage_open(&stage);
	stage.confirms = false;
	stage_offer(&stage, "n1");
	stage_offer(&stage, "n2");
	stage_ask(&stage, "n1", &page, 1);
	stage_ask(&stage, "n2", &page, 1);
	for (size_t i = 0; i < stage.sent_count; i++)
		stage_confirm(&stage, i, STICK_SENT);
	ck_assert_uint_eq(stage.sent_count, 20);
	for (size_t i = 4; i < 16; i++)
		ck_assert_uint_ne(stage.sent[i].nwk, stage.sent[i + 1].nwk);
	stage_close(&stage);
}
END_TEST

START_TEST(beyond_the_places_a_node_is_told_to_wait)
{
	stage_open(&stage);
	for (int i = 1; i <= 6; i++) {
		char node[8];
		(void)snprintf(node, sizeof(node), "n%d", i);
		stage_offer(&stage, node);
		stage_ask_block(&stage, node, 0, 50, 1);
	}
	for (int i = 1; i <= 4; i++)
		(void)stage_expect_block(&stage, 0, 50);
	ck_assert_uint_ge(stage_expect_wait(&stage).at_s, 2);
	ck_assert_uint_ge(stage_expect_wait(&stage).at_s, 2);
	stage_offer(&stage, "s7");
	stage_ask_block(&stage, "s7", 0, 50, 1);
	(void)stage_expect_block(&stage, 0, 50);
	ck_assert(stage.sent[6].to_sleeper);
	/* The first four are silent: their places are free. */
	stage_pass(&stage, 20000);
	stage_forget_sent(&stage);
	stage_ask_block(&stage, "n5", 0, 50, 2);
	(void)stage_expect_block(&stage, 0, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(outside_its_window_a_node_waits)
{
	stage_open(&stage);
	stage_offer_at(&stage, "n1",
		(struct offer_times){ .fetch_from_ms = stage.now_ms + 60000, .fetch_until_ms = stage.now_ms + 120000 });
	stage_ask_block(&stage, "n1", 0, 50, 3);
	stage_expect(&stage, "19 03 05 97 00000000 3c000000 0000");
	stage.now_ms += 60000;
	stage_ask_block(&stage, "n1", 0, 50, 4);
	(void)stage_expect_block(&stage, 0, 50);
	stage.now_ms += 60000;
	stage_ask_block(&stage, "n1", 50, 50, 5);
	ck_assert_uint_eq(stage_expect_wait(&stage).at_s, 60);
	stage_offer_at(&stage, "n1", (struct offer_times){ .fetch_from_ms = stage.now_ms + 86400000 });
	stage_ask_block(&stage, "n1", 50, 50, 6);
	ck_assert_uint_eq(stage_expect_wait(&stage).at_s, 3600);
	stage_close(&stage);
}
END_TEST

static void ask_with_period(uint32_t offset, uint16_t period, bool says_it)
{
	const struct zigbee_upgrade request = { .command = UPGRADE_BLOCK,
		.file = stage_file(&stage),
		.offset = offset,
		.most = 50,
		.period_known = true,
		.has_period = says_it,
		.period = period };

	stage_ask(&stage, "n1", &request, (uint8_t)(offset / 50 + 1));
}

/* 2 is said first: whoever counts in seconds then pauses for two. */
START_TEST(a_throttle_is_told_in_the_unit_that_the_node_counts_in)
{
	for (int seconds = 0; seconds <= 1; seconds++) {
		stage_open(&stage);
		stage_offer(&stage, "n1");
		stage.fetch_ms = 300;
		ask_with_period(0, 0, true);
		struct zigbee_upgrade wait = stage_expect_wait(&stage);
		ck_assert_uint_eq(wait.at_s, 1);
		ck_assert_uint_eq(wait.period, 2);
		stage.fetch_ms = 0;
		stage.now_ms += 1000;
		ask_with_period(0, 2, true);
		(void)stage_expect_block(&stage, 0, 50);
		stage.now_ms += seconds ? 2010 : 12;
		stage.fetch_ms = 1300;
		ask_with_period(50, 2, true);
		wait = stage_expect_wait(&stage);
		ck_assert_uint_eq(wait.at_s, 0);
		ck_assert_uint_eq(wait.period, seconds ? 2 : 1300);
		stage_close(&stage);
	}
}
END_TEST

START_TEST(a_throttle_that_is_not_needed_any_more_is_taken_back)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.fetch_ms = 300;
	ask_with_period(0, 0, false);
	(void)stage_expect_wait(&stage);
	stage.fetch_ms = 0;
	for (uint32_t i = 0; i < 10; i++) {
		stage.now_ms += 1000;
		ask_with_period(i * 50, 0, false);
		(void)stage_expect_block(&stage, i * 50, 50);
	}
	stage.now_ms += 1000;
	ask_with_period(500, 0, false);
	struct zigbee_upgrade wait = stage_expect_wait(&stage);
	ck_assert(wait.at_s == 0 && wait.period == 0);
	ask_with_period(500, 0, false);
	(void)stage_expect_block(&stage, 500, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(a_longer_wait_keeps_the_nodes_own_period)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.fetch_ms = 45000;
	ask_with_period(0, 250, true);
	struct zigbee_upgrade wait = stage_expect_wait(&stage);
	ck_assert(wait.at_s == 45 && wait.period == 250);
	stage_close(&stage);
}
END_TEST

START_TEST(a_client_that_refuses_to_wait_is_served_in_time)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.fetch_ms = 5000;
	stage_ask_block(&stage, "n1", 0, 50, 3);
	(void)stage_expect_wait(&stage);
	stage_hear_hex(&stage, "n1", "18 03 0b 05 80");
	stage_ask_block(&stage, "n1", 0, 50, 4);
	stage_expect_silence(&stage);
	stage.fetch_ms = 0;
	stage_pass(&stage, 2000);
	(void)stage_expect_block(&stage, 0, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(a_client_that_ends_because_it_was_told_to_wait_has_not_failed)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.fetch_ms = 5000;
	stage_ask_block(&stage, "n1", 0, 50, 3);
	(void)stage_expect_wait(&stage);
	stage_say_end(&stage, "n1", ZCL_ABORT);
	stage_expect(&stage, "18 09 0b 06 00");
	ck_assert_ptr_null(strstr(stage.told, "failed"));
	(void)stage_expect_command(&stage, UPGRADE_IMAGE_NOTIFY);
	stage_close(&stage);
}
END_TEST

START_TEST(bytes_that_are_being_fetched_are_waited_for)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	stage.absent = true;
	stage_ask_block(&stage, "n1", 100, 50, 3);
	stage_pass(&stage, 300);
	stage_expect_silence(&stage);
	stage.absent = false;
	zigbee_upgrades_images_ready(stage.upgrades, stage.now_ms);
	stage_run(&stage);
	(void)stage_expect_block(&stage, 100, 50);
	stage.absent = true;
	stage_ask_block(&stage, "n1", 150, 50, 4);
	stage_pass(&stage, 600);
	ck_assert_uint_eq(stage_expect_wait(&stage).at_s, 1);
	stage_close(&stage);
}
END_TEST

START_TEST(an_image_whose_header_is_not_here_yet_is_waited_for_too)
{
	stage_open(&stage);
	stage.absent = true;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 100, 50, 3);
	stage_expect_silence(&stage);
	stage.absent = false;
	zigbee_upgrades_images_ready(stage.upgrades, stage.now_ms);
	stage_run(&stage);
	(void)stage_expect_wait(&stage);
	stage_ask_block(&stage, "n1", 100, 50, 4);
	(void)stage_expect_block(&stage, 100, 50);
	stage_close(&stage);
}
END_TEST

/* As after a restart: the node asks before the header was looked at again. */
START_TEST(a_header_that_is_here_by_now_is_read_with_the_request)
{
	stage_open(&stage);
	stage.absent = true;
	stage_offer(&stage, "n1");
	stage.absent = false;
	stage_ask_block(&stage, "n1", 700, 50, 3);
	(void)stage_expect_block(&stage, 700, 50);
	stage_close(&stage);
}
END_TEST

START_TEST(the_airtime_budget_holds_for_all_nodes_together)
{
	stage_open(&stage);
	stage.settings.airtime_percent = 10;
	zigbee_upgrades_close(stage.upgrades);
	ck_assert_int_eq(zigbee_upgrades_open(&stage.upgrades, &stage.settings, &stage.port, stage.now_ms), 0);
	stage_offer(&stage, "n1");
	stage_offer(&stage, "n2");
	uint32_t offset[2] = { 0, 0 };
	int64_t end_ms = stage.now_ms + 10000;
	while (stage.now_ms < end_ms) {
		for (int i = 0; i < 2; i++) {
			stage_ask_block(&stage, i ? "n2" : "n1", offset[i], 50, (uint8_t)(stage.now_ms / 100));
			offset[i] = (offset[i] + 50) % 1000;
		}
		stage_pass(&stage, 100);
	}
	/* A block with its request is 7.1 ms on the air: 10 s * 10 % / 7.1 ms. */
	ck_assert_uint_le(zigbee_upgrades_counters(stage.upgrades)->blocks, 150);
	ck_assert_uint_ge(zigbee_upgrades_counters(stage.upgrades)->blocks, 130);
	stage_close(&stage);
}
END_TEST

START_TEST(what_is_not_offered_is_not_served)
{
	stage_open(&stage);
	stage_ask_block(&stage, "n1", 0, 50, 1);
	ck_assert_uint_eq(stage_expect_wait(&stage).at_s, 5);
	stage.now_ms += 60000;
	stage_ask_block(&stage, "n1", 0, 50, 2);
	stage_expect_status(&stage, UPGRADE_BLOCK_RESPONSE, ZCL_ABORT);
	stage_offer(&stage, "n1");
	stage.plan.version++;
	stage_ask_block(&stage, "n1", 0, 50, 3);
	stage_expect_status(&stage, UPGRADE_BLOCK_RESPONSE, ZCL_ABORT);
	stage_close(&stage);
}
END_TEST

START_TEST(a_transfer_that_is_halted_keeps_what_it_has)
{
	stage_open(&stage);
	stage.now_ms += 3600000;
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 0, 50, 1);
	(void)stage_expect_block(&stage, 0, 50);
	zigbee_upgrades_withdraw(stage.upgrades, "n1", stage.now_ms);
	stage_ask_block(&stage, "n1", 50, 50, 2);
	(void)stage_expect_wait(&stage);
	stage_offer(&stage, "n1");
	stage_ask_block(&stage, "n1", 50, 50, 3);
	(void)stage_expect_block(&stage, 50, 50);
	zigbee_upgrades_withdraw(stage.upgrades, "n1", stage.now_ms);
	stage.now_ms += 601000;
	stage_ask_block(&stage, "n1", 100, 50, 4);
	stage_expect_status(&stage, UPGRADE_BLOCK_RESPONSE, ZCL_ABORT);
	stage_close(&stage);
}
END_TEST

START_TEST(a_transfer_is_told_in_steps_and_at_its_end)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	for (uint32_t offset = 0; offset < 1062; offset += 50)
		stage_ask_block(&stage, "n1", offset, 50, 1);
	ck_assert_str_eq(stage.told, "n1 downloading 0 0\nn1 downloading 1050 0\n");
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee_upgrades_blocks, a_block_is_answered_at_once_from_its_offset, a_vendors_wrapper_is_not_served,
	the_route_decides_how_large_a_block_is, blocks_that_are_lost_again_and_again_become_smaller,
	a_first_block_that_does_not_arrive_is_made_smaller_at_once, what_was_too_long_is_sent_again_shorter,
	what_the_stick_could_not_send_is_sent_again, a_stick_that_is_full_is_tried_again,
	a_request_that_the_radio_repeats_is_answered_once, a_page_is_sent_with_its_spacing,
	a_page_without_spacing_goes_as_fast_as_the_stick, a_page_to_a_node_that_is_gone_ends_after_four_blocks,
	a_page_behind_a_router_ends_when_its_node_does_not_acknowledge_one_of_its_blocks,
	a_page_to_one_that_does_goes_to_its_end, a_page_goes_on_where_a_block_arrives_or_the_node_is_heard,
	of_a_sleepers_page_two_blocks_are_with_its_parent, a_block_request_ends_a_page, nodes_take_turns,
	beyond_the_places_a_node_is_told_to_wait, outside_its_window_a_node_waits,
	a_throttle_is_told_in_the_unit_that_the_node_counts_in, a_throttle_that_is_not_needed_any_more_is_taken_back,
	a_longer_wait_keeps_the_nodes_own_period, a_client_that_refuses_to_wait_is_served_in_time,
	a_client_that_ends_because_it_was_told_to_wait_has_not_failed, bytes_that_are_being_fetched_are_waited_for,
	an_image_whose_header_is_not_here_yet_is_waited_for_too, a_header_that_is_here_by_now_is_read_with_the_request,
	the_airtime_budget_holds_for_all_nodes_together, what_is_not_offered_is_not_served,
	a_transfer_that_is_halted_keeps_what_it_has, a_transfer_is_told_in_steps_and_at_its_end)
