#include "drivers/stick_znp.h"

#include <errno.h>
#include <stdlib.h>

#include "protocols/unpi.h"
#include "tests/unit/stick_stage.h"

/* What a stick answers to a command that begins so: frames without FE, length and checksum. "-": nothing. */
struct reply {
	const char *request, *answers;
};

static const struct reply usual[] = {
	{ "2101", "61015906" },
	{ "2102", "610202010207016bb13401" },
	{ "21138200", "61131800" },
	{ "2104", "610401000011004b1200" },
	{ "211c3a00", "611c001100"
		      "00112233445566778899aabbccddeeff" },
	{ "213301070000", "6133000ce803000008070605040302"
			  "01" },
	{ "211c0101", "611c0010"
		      "55555555555555555555555555555555" },
	{ "2400", "640000" },
	{ "253e", "653e00" },
	{ "2536", "653600" },
	{ "2545", "654500" },
};

struct stage {
	struct stick_stage base;
	struct unpi_parser parser;
	const struct reply *replies; /* before the usual ones; ends with NULL */
	uint16_t asked[256];
	unsigned asked_count;
	uint8_t last_tid;
	bool empty;
};

static void feed(struct stage *stage, const char *digits)
{
	uint8_t data[UNPI_DATA_MAX], wire[UNPI_FRAME_MAX];
	size_t size = strlen(digits);
	struct writer out;

	ck_assert_int_eq(hex_parse(data, digits, size), 0);
	const struct unpi_frame frame = { (uint16_t)(data[0] << 8 | data[1]), { data + 2, size / 2 - 2 } };
	writer_init(&out, wire, sizeof(wire));
	unpi_frame_write(&out, &frame);
	stick_on_bytes(stage->base.stick, wire, writer_size(&out));
}

static void answer_nib(struct stage *stage)
{
	uint8_t nib[116] = { 0 };
	char digits[8 + 2 * sizeof(nib) + 1] = "611c0074";

	nib[24] = 15;
	nib[36] = 0x62;
	nib[37] = 0x1a;
	for (uint8_t i = 0; i < 8; i++)
		nib[57 + i] = (uint8_t)(8 - i);
	hex_print(digits + 8, nib, sizeof(nib));
	feed(stage, stage->empty ? "611c0a00" : digits);
}

static const char *reply_to(const struct stage *stage, const char *request)
{
	for (const struct reply *reply = stage->replies; reply && reply->request; reply++) {
		if (strncmp(request, reply->request, strlen(reply->request)) == 0)
			return reply->answers;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strncmp(request, usual[i].request, strlen(usual[i].request)) == 0)
			return usual[i].answers;
	}
	return NULL;
}

static void answer(struct stage *stage, const struct unpi_frame *frame)
{
	char request[4 + 2 * UNPI_DATA_MAX + 1];
	char answers[512];

	snprintf(request, sizeof(request), "%04x", frame->command);
	hex_print(request + 4, frame->data.data, frame->data.size);
	stage->asked[stage->asked_count++ % 256] = frame->command;
	if (frame->command == 0x2401)
		stage->last_tid = frame->data.data[6];
	const char *found = reply_to(stage, request);
	if (!found && strncmp(request, "211c2100", 8) == 0) {
		answer_nib(stage);
		return;
	}
	ck_assert_msg(found != NULL, "the test has no answer to %s", request);
	snprintf(answers, sizeof(answers), "%s", found);
	for (char *rest = NULL, *one = strtok_r(answers, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
		if (*one != '-')
			feed(stage, one);
	}
}

/* Answers what was asked until nothing is. */
static void settle(struct stage *stage)
{
	while (stage->base.sent_size > 0) {
		uint8_t bytes[sizeof(stage->base.sent)];
		struct bytes in = { bytes, stage->base.sent_size };
		struct unpi_frame frame;
		memcpy(bytes, stage->base.sent, in.size);
		stage->base.sent_size = 0;
		while (unpi_parser_take(&stage->parser, &in, &frame) == 0)
			answer(stage, &frame);
	}
}

/* Lets time go by and answers. */
static void pass(struct stage *stage, int64_t ms)
{
	int64_t until_ms = stage->base.now_ms + ms;

	settle(stage);
	while (stage_turn_to_alarm(&stage->base, until_ms - stage->base.now_ms))
		settle(stage);
	stage->base.now_ms = until_ms;
}

static void open_with(struct stage *stage, const struct reply *replies, bool empty)
{
	struct stick_host host = stage_host(&stage->base);

	memset(stage, 0, sizeof(*stage));
	stage->empty = empty;
	stage_init(&stage->base);
	unpi_parser_init(&stage->parser);
	stage->replies = replies;
	stage->base.stick = stick_znp_make(&host, &stage->base.line, 0);
	stick_on_up(stage->base.stick);
	settle(stage);
}

static void open_stage(struct stage *stage, const struct reply *replies)
{
	open_with(stage, replies, false);
}

static void open_empty(struct stage *stage, const struct reply *replies)
{
	open_with(stage, replies, true);
}

static void close_stage(struct stage *stage)
{
	stick_znp.close(stage->base.stick);
}

static int send(struct stage *stage, uint16_t peer, uint32_t tag)
{
	const struct zigbee_message message = { .peer = peer,
		.profile = 0x0104,
		.cluster = 0x0019,
		.own_endpoint = 1,
		.peer_endpoint = 1,
		.payload = { "abc", 3 } };

	return stick_znp.send(stage->base.stick, &message, tag);
}

static const struct reply runs[] = { { "2700", "67000001000011004b12000000070900" }, { NULL, NULL } };

START_TEST(a_stick_with_a_network_comes_up_with_it)
{
	struct stage stage;

	open_stage(&stage, runs);
	ck_assert_str_eq(stage.base.log, "state opening []\nstate up []\n");
	const struct stick *stick = stage.base.stick;
	ck_assert_str_eq(stick->firmware, "Z-Stack 3.x.0 20230507");
	ck_assert_uint_eq(stick->network.eui64, 0x00124b0011000001);
	ck_assert_uint_eq(stick->network.extended_pan, 0x0102030405060708);
	ck_assert_uint_eq(stick->network.pan, 0x1a62);
	ck_assert_uint_eq(stick->network.channel, 15);
	ck_assert_uint_eq(stick->network.frame_counter, 1000);
	ck_assert_uint_eq(stick->network.key[15], 0xff);
	close_stage(&stage);
}
END_TEST

static const struct reply stands[] = { { "2700", "67000001000011004b12000000070000" },
	{ "2540", "654000 45c008 45c009" }, { NULL, NULL } };

START_TEST(a_network_that_does_not_run_is_started)
{
	struct stage stage;

	open_stage(&stage, stands);
	stage_assert_said(&stage.base, "state up");
	close_stage(&stage);
}
END_TEST

static const struct reply silent[] = { { "2101", "-" }, { NULL, NULL } };

START_TEST(a_silent_stick_is_woken_and_then_given_up_in_words)
{
	struct stage stage;

	open_stage(&stage, silent);
	pass(&stage, 1600);
	ck_assert_uint_eq(stage.base.reopened, 0);
	pass(&stage, 4000);
	ck_assert_uint_eq(stage.base.reopened, 1);
	ck_assert_ptr_nonnull(strstr(stage.base.reopened_why, "waits in its bootloader"));
	stage_assert_said(&stage.base, "state down [the stick did not answer");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_in_its_bootloader_is_told_to_leave_it)
{
	struct stage stage;

	open_stage(&stage, silent);
	stage.replies = runs;
	pass(&stage, 1600);
	pass(&stage, 4000);
	stage_assert_said(&stage.base, "event zigbee.stick_woken");
	stage_assert_said(&stage.base, "state up");
	close_stage(&stage);
}
END_TEST

static const struct reply old[] = { { "2102", "61020200020603" }, { NULL, NULL } };

START_TEST(firmware_that_is_too_old_is_refused_in_words)
{
	struct stage stage;

	open_stage(&stage, old);
	stage_assert_said(&stage.base, "state refused [the stick's firmware is too old");
	ck_assert_int_eq(send(&stage, 0x1234, 1), -ENETDOWN);
	pass(&stage, 100000);
	ck_assert_uint_eq(stage.base.reopened, 0);
	close_stage(&stage);
}
END_TEST

static const struct reply forms[] = { { "21132100", "61130000" }, { "2107", "610709" }, { "211d", "611d00" },
	{ "4100", "4180000201020701" }, { "2f08", "6f0800" }, { "2f05", "6f0500 45c009" },
	{ "2700", "67000001000011004b12000000070900" }, { NULL, NULL } };

START_TEST(an_empty_stick_forms_what_it_is_told)
{
	const struct stick_network network = { .pan = 0x1a62, .channel = 15, .extended_pan = 0x0102030405060708 };
	struct stage stage;

	open_empty(&stage, forms);
	stage_assert_said(&stage.base, "state empty");
	ck_assert_int_eq(stick_znp.form(stage.base.stick, &network), 0);
	ck_assert_int_eq(stick_znp.form(stage.base.stick, &network), -EBUSY);
	stage.empty = false;
	pass(&stage, 5000);
	stage_assert_said(&stage.base, "state up");
	close_stage(&stage);
}
END_TEST

static const struct reply takes[] = { { "2700", "67000001000011004b12000000070900" }, { "2401", "640100" },
	{ "2402", "640200" }, { NULL, NULL } };

START_TEST(each_message_has_its_end)
{
	struct stage stage;
	char confirm[16];
	static const struct {
		uint8_t status;
		const char *says;
	} ends[] = { { 0x00, "sent 0 sent" }, { 0xe9, "sent 1 no_ack" }, { 0xcd, "sent 2 no_route" },
		{ 0xf0, "sent 3 expired" }, { 0xb7, "sent 4 no_ack" }, { 0xe5, "sent 5 too_long" } };

	open_stage(&stage, takes);
	for (uint32_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		ck_assert_int_eq(send(&stage, 0x1234, i), 0);
		stage_assert_unsaid(&stage.base, ends[i].says);
		settle(&stage);
		snprintf(confirm, sizeof(confirm), "4480%02x01%02x", ends[i].status, stage.last_tid);
		feed(&stage, confirm);
		stage_assert_said(&stage.base, ends[i].says);
		feed(&stage, confirm);
	}
	ck_assert_uint_eq(stage.base.stick->flights.count, 0);
	close_stage(&stage);
}
END_TEST

START_TEST(a_confirmation_that_never_comes_is_not_waited_for)
{
	struct stage stage;

	open_stage(&stage, takes);
	ck_assert_int_eq(send(&stage, 0x1234, 7), 0);
	pass(&stage, 19000);
	stage_assert_unsaid(&stage.base, "sent 7");
	pass(&stage, 2000);
	stage_assert_said(&stage.base, "sent 7 lost");
	close_stage(&stage);
}
END_TEST

static const struct reply overflows[] = { { "2700", "67000001000011004b12000000070900" }, { "2401", "640111" },
	{ NULL, NULL } };

START_TEST(a_full_stick_is_tried_again_with_fewer)
{
	struct stage stage;

	open_stage(&stage, overflows);
	ck_assert_uint_eq(stage.base.stick->flights.room, 16);
	ck_assert_int_eq(send(&stage, 0x1234, 1), 0);
	settle(&stage);
	ck_assert_uint_eq(stage.base.stick->flights.room, 8);
	stage_assert_unsaid(&stage.base, "sent 1");
	stage.replies = takes;
	pass(&stage, 600);
	char confirm[16];
	snprintf(confirm, sizeof(confirm), "44800001%02x", stage.last_tid);
	feed(&stage, confirm);
	stage_assert_said(&stage.base, "sent 1 sent");
	ck_assert_uint_eq(stage.base.stick->flights.room, 9);
	stage.replies = overflows;
	ck_assert_int_eq(send(&stage, 0x1234, 2), 0);
	pass(&stage, 10000);
	stage_assert_said(&stage.base, "sent 2 busy");
	close_stage(&stage);
}
END_TEST

START_TEST(as_many_as_the_stick_bears_are_under_way)
{
	struct stage stage;
	uint32_t count = 0;

	open_stage(&stage, takes);
	while (send(&stage, 0x1234, count) == 0) {
		count++;
		settle(&stage);
	}
	ck_assert_uint_eq(count, 16);
	ck_assert_int_eq(send(&stage, 0x1234, count), -EAGAIN);
	stick_on_down(stage.base.stick, "unplugged");
	stage_assert_said(&stage.base, "sent 0 lost");
	stage_assert_said(&stage.base, "sent 15 lost\nstate down [unplugged]");
	close_stage(&stage);
}
END_TEST

START_TEST(zdo_messages_travel_as_over_the_air)
{
	struct stage stage;
	const struct zigbee_message request = { .peer = 0x9fa1, .cluster = 0x0002, .payload = { "\x07\xa1\x9f", 3 } };

	open_stage(&stage, takes);
	ck_assert_int_eq(stick_znp.send(stage.base.stick, &request, 3), 0);
	ck_assert_mem_eq(stage.base.sent + 4, "\x02\xa1\x9f", 3);
	settle(&stage);
	stage_assert_said(&stage.base, "sent 3 sent");
	feed(&stage, "45ffa19f00028000070000"
		     "00a19f");
	stage_assert_said(&stage.base, "received 9fa1/0-0 0000:8002 0700a19f\n");
	feed(&stage, "45ffa19f00130000090000"
		     "a19f08070605040302018e");
	stage_assert_said(&stage.base, "joined 0102030405060708 9fa1 fffe\nreceived 9fa1/0-0 0000:0013 09a19f");
	close_stage(&stage);
}
END_TEST

/* The first is a capture of zigbee-herdsman's, see docs/zigbee-sticks.md. */
START_TEST(what_nodes_send_is_passed_on)
{
	struct stage stage;

	open_stage(&stage, takes);
	feed(&stage, "4481000000059fa1230b004800a7760600000919150030000017ffffc1101c");
	stage_assert_said(&stage.base, "received a19f/35-11 0104:0500 19150030000017ffff");
	feed(&stage, "45c49fa101c110");
	stage_assert_said(&stage.base, "routed a19f 1\n");
	feed(&stage, "45caa19f08070605040302010000");
	stage_assert_said(&stage.base, "joined 0102030405060708 9fa1 0000\n");
	feed(&stage, "45c9a19f0807060504030201000001");
	stage_assert_unsaid(&stage.base, "left");
	feed(&stage, "45c9a19f0807060504030201000000");
	stage_assert_said(&stage.base, "left 0102030405060708 9fa1\n");
	close_stage(&stage);
}
END_TEST

static const struct reply fetches[] = { { "2700", "67000001000011004b12000000070900" },
	{ "241278563412000005", "6412000568656c6c6f" }, { "241278563412050000", "64120000" }, { NULL, NULL } };

START_TEST(a_long_message_is_fetched_and_freed)
{
	struct stage stage;

	open_stage(&stage, fetches);
	feed(&stage, "4482000019000"
		     "2a19f00000000000001000001004800785634120905"
		     "00a19f03");
	settle(&stage);
	stage_assert_said(&stage.base, "received 9fa1/1-1 0104:0019 68656c6c6f\n");
	ck_assert_uint_eq(stage.asked[stage.asked_count - 1], 0x2412);
	close_stage(&stage);
}
END_TEST

static const struct reply frees[] = { { "2700", "67000001000011004b12000000070900" },
	{ "241278563412000000", "64120000" }, { NULL, NULL } };

START_TEST(a_message_that_is_too_long_is_freed_too)
{
	struct stage stage;

	open_stage(&stage, frees);
	feed(&stage, "4482000019000"
		     "2a19f00000000000001000001004800785634120900"
		     "04a19f03");
	settle(&stage);
	ck_assert_uint_eq(stage.asked[stage.asked_count - 1], 0x2412);
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_resets_itself_is_brought_up_again)
{
	struct stage stage;

	open_stage(&stage, takes);
	ck_assert_int_eq(send(&stage, 0x1234, 5), 0);
	stage_forget_log(&stage.base);
	feed(&stage, "4180000201020701");
	stage_assert_said(&stage.base, "event zigbee.stick_reset");
	stage_assert_said(&stage.base, "sent 5 lost");
	stage_assert_said(&stage.base, "state opening [the stick was reset]");
	settle(&stage);
	stage_assert_said(&stage.base, "state up");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_resets_soon_after_each_start_gets_pauses)
{
	struct stage stage;

	open_stage(&stage, takes);
	for (unsigned i = 0; i < 3; i++) {
		feed(&stage, "4180000201020701");
		ck_assert_uint_eq(stage.base.reopened, i);
		if (i > 0)
			stick_on_up(stage.base.stick);
		settle(&stage);
		pass(&stage, 59000);
	}
	ck_assert_str_eq(stage.base.reopened_why,
		"the stick was reset, again and again soon after its start: it is started after a pause");
	/* Once it has lasted it is brought up at once again. */
	pass(&stage, 1000);
	stage_forget_log(&stage.base);
	feed(&stage, "4180000201020701");
	settle(&stage);
	stage_assert_said(&stage.base, "state up");
	ck_assert_uint_eq(stage.base.reopened, 2);
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_resets_before_it_is_up_gets_a_pause)
{
	struct stage stage;

	open_stage(&stage, takes);
	stage.replies = silent;
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(stage.base.reopened, 0);
		feed(&stage, "4180000201020701");
	}
	feed(&stage, "4180000201020701");
	ck_assert_uint_eq(stage.base.reopened, 1);
	close_stage(&stage);
}
END_TEST

static const struct reply refuses_joining[] = { { "2700", "67000001000011004b12000000070900" }, { "2536", "653602" },
	{ NULL, NULL } };

START_TEST(what_the_stick_says_to_joining_is_told)
{
	struct stage stage;

	open_stage(&stage, takes);
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), 0);
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), -EBUSY);
	stage_assert_unsaid(&stage.base, "permitted");
	settle(&stage);
	stage_assert_said(&stage.base, "permitted []\n");
	stage_forget_log(&stage.base);
	stage.replies = refuses_joining;
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "permitted [it refused with status 0x02]\n");
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), 0);
	stick_on_down(stage.base.stick, "it is unplugged");
	stage_assert_said(&stage.base, "permitted [it is unplugged]\n");
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), -ENETDOWN);
	close_stage(&stage);
}
END_TEST

static const struct reply deaf_to_joining[] = { { "2536", "-" }, { NULL, NULL } };

START_TEST(a_stick_that_says_nothing_to_joining_is_told_of)
{
	struct stage stage;

	open_stage(&stage, takes);
	stage.replies = deaf_to_joining;
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), 0);
	pass(&stage, 6000);
	stage_assert_said(&stage.base, "permitted [it did not answer]\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_fell_silent_is_noticed)
{
	struct stage stage;

	open_stage(&stage, takes);
	pass(&stage, 61000);
	ck_assert_uint_eq(stage.asked[stage.asked_count - 1], 0x2101);
	stage.replies = silent;
	pass(&stage, 400000);
	ck_assert_uint_eq(stage.base.reopened, 1);
	stage_assert_said(&stage.base, "state down [the stick does not answer any more]");
	close_stage(&stage);
}
END_TEST

static const struct reply deaf[] = { { "2401", "-" }, { "2101", "-" }, { NULL, NULL } };

/* Nodes go on talking through a stick that does not listen to its host any more. */
START_TEST(a_stick_that_only_talks_is_noticed)
{
	struct stage stage;

	open_stage(&stage, takes);
	stage.replies = deaf;
	for (uint32_t i = 0; i < 40 && stage.base.reopened == 0; i++) {
		(void)send(&stage, 0x1ce8, i);
		pass(&stage, 3000);
		feed(&stage, "4481000000059fa1230b004800a7760600000919150030000017ffffc1101c");
	}
	ck_assert_uint_eq(stage.base.reopened, 1);
	close_stage(&stage);
}
END_TEST

static const struct reply scans[] = { { "2700", "67000001000011004b12000000070900" },
	{ "2537", "653700 45b800000000f8ff070000000010"
		  "0102030405060708090a0b0c0d0e0f10" },
	{ NULL, NULL } };

START_TEST(a_scan_tells_each_channel_and_its_end)
{
	struct stage stage;

	open_stage(&stage, scans);
	ck_assert_int_eq(stick_znp.scan(stage.base.stick), 0);
	ck_assert_int_eq(stick_znp.scan(stage.base.stick), -EBUSY);
	settle(&stage);
	stage_assert_said(&stage.base, "scanned 11 1\n");
	stage_assert_said(&stage.base, "scanned 26 16\nscanned 0 0\n");
	ck_assert_int_eq(stick_znp.permit(stage.base.stick, 60), 0);
	settle(&stage);
	close_stage(&stage);
}
END_TEST

/* Rows as zigpy-znp 1.1.1 writes them for a stick on an ARM. */
static const struct reply own_keys[] = { { "2700", "67000001000011004b12000000070900" },
	{ "213301040000000000", "613302" },
	{ "211c4c00", "611c0014"
		      "02000300010001ff0400020000ff0000000000000000" },
	{ "2133010100030000000c", "6133000c"
				  "02ff341202000033004b1200" },
	{ "21330106000100000018", "61330018"
				  "000102030405060708090a0b0c0d0e0f6400000007000000" },
	{ NULL, NULL } };

START_TEST(a_backup_has_the_keys_that_do_not_come_from_the_seed)
{
	struct stage stage;

	open_stage(&stage, own_keys);
	ck_assert_int_eq(stick_znp.backup(stage.base.stick), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "key 00124b0033000002 000102030405060708090a0b0c0d0e0f 100 7\nkeys end\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_backup_of_z_stack_3_0_x_has_them_too)
{
	uint8_t nib[110] = { 0 };
	char nib_answer[8 + 2 * sizeof(nib) + 1] = "611c006e";
	/* Packed, as on an 8051; the second one's place is not among those of keys. */
	const struct reply replies[] = { { "2700", "67000001000011004b12000000070900" },
		{ "2102", "610202020207016bb13401" }, { "21138200", "61131500" }, { "211c2100", nib_answer },
		{ "211c7500", "611c000ce80300000807060504030201" }, { "211c1101", "611c02" },
		{ "211c4c00", "611c000c020003000402010000750001" },
		{ "211c23002100", "611c000b02341202000033004b1200" },
		{ "211c04020000", "611c0018000102030405060708090a0b0c0d0e0f6400000007000000" },
		{ "211c23000000", "611c000b02341203000033004b1200" }, { NULL, NULL } };
	struct stage stage;

	nib[22] = 15;
	nib[33] = 0x62;
	nib[34] = 0x1a;
	for (uint8_t i = 0; i < 8; i++)
		nib[53 + i] = (uint8_t)(8 - i);
	hex_print(nib_answer + 8, nib, sizeof(nib));
	open_stage(&stage, replies);
	ck_assert_int_eq(stick_znp.backup(stage.base.stick), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "key 00124b0033000002 000102030405060708090a0b0c0d0e0f 100 7\nkeys end\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_job_that_is_cut_short_ends_all_the_same)
{
	struct stage stage;

	open_stage(&stage, scans);
	ck_assert_int_eq(stick_znp.backup(stage.base.stick), 0);
	stick_on_down(stage.base.stick, "unplugged");
	stage_assert_said(&stage.base, "keys end\n");
	close_stage(&stage);
}
END_TEST

TEST_SUITE(stick_znp, a_stick_with_a_network_comes_up_with_it, a_network_that_does_not_run_is_started,
	a_silent_stick_is_woken_and_then_given_up_in_words, a_stick_in_its_bootloader_is_told_to_leave_it,
	firmware_that_is_too_old_is_refused_in_words, an_empty_stick_forms_what_it_is_told, each_message_has_its_end,
	a_confirmation_that_never_comes_is_not_waited_for, a_full_stick_is_tried_again_with_fewer,
	as_many_as_the_stick_bears_are_under_way, zdo_messages_travel_as_over_the_air, what_nodes_send_is_passed_on,
	a_long_message_is_fetched_and_freed, a_message_that_is_too_long_is_freed_too,
	a_stick_that_resets_itself_is_brought_up_again, a_stick_that_resets_soon_after_each_start_gets_pauses,
	a_stick_that_resets_before_it_is_up_gets_a_pause, what_the_stick_says_to_joining_is_told,
	a_stick_that_says_nothing_to_joining_is_told_of, a_stick_that_fell_silent_is_noticed,
	a_stick_that_only_talks_is_noticed, a_scan_tells_each_channel_and_its_end,
	a_backup_has_the_keys_that_do_not_come_from_the_seed, a_backup_of_z_stack_3_0_x_has_them_too,
	a_job_that_is_cut_short_ends_all_the_same)
