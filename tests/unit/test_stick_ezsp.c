#include "drivers/stick_ezsp.h"

#include <errno.h>

#include "drivers/ezsp_stick.h"
#include "tests/unit/stick_stage.h"

/*
 * What a stick answers to a command that begins so: its number in four digits, then parameters. Answers are what
 * follows the header; one that begins with '@' is a callback, its number in four digits first. "-": nothing.
 */
struct reply {
	const char *request, *answers;
};

#define KEY "00112233445566778899aabbccddeeff"
#define LINK_KEY "55555555555555555555555555555555"

static const struct reply usual[] = {
	{ "0000", "0d021074" },
	{ "0002", "00" },
	{ "0005", "" },
	{ "0010", "00" },
	{ "0017", "00 @001990" },
	{ "0020", "00 @001991" },
	{ "001e", "00 @001990" },
	{ "0022", "00" },
	{ "0026", "0100001100"
		  "4b1200" },
	{ "0028", "000108070605040302"
		  "01621a080f000000"
		  "0300f8ff07" },
	{ "0034", "0005" },
	{ "0036", "0006" },
	{ "005203", "000a00" },
	{ "00521e", "000100" },
	{ "0053", "00" },
	{ "0055", "00" },
	{ "005a", "60ea0000" },
	{ "0061", "000100002200"
		  "4b1200" },
	{ "0068", "00" },
	{ "007e", "" },
	{ "00ab", "00" },
	{ "00b1", "00" },
	{ "0103", "00" },
	{ "010e", "00000000" },
	{ "010f", "0100002200"
		  "4b1200" KEY "0000"
		  "0a000000"
		  "14000000"
		  "0000"
		  "00000000" },
	{ "0111", "00000000" },
	{ "011401", KEY "00000000" },
	{ "011402", LINK_KEY "00000000" },
	{ "0116", "00000000"
		  "0100"
		  "0300"
		  "e8030000" },
};

struct stage {
	struct stick_stage base;
	struct ash_parser parser;
	const struct reply *replies; /* before the usual ones; ends with NULL */
	uint8_t expected, next;      /* numbers of the stick's side of ASH */
	bool deaf;                   /* it takes bytes and says nothing */
	uint8_t last_sequence, last_tag;
	bool was_first;
	char asked[4096]; /* the numbers of commands */
};

static void put_frame(struct stage *stage, const struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	stick_on_bytes(stage->base.stick, wire, writer_size(&out));
}

static void put_data(struct stage *stage, const uint8_t *data, size_t size)
{
	uint8_t number = stage->next;

	stage->next = (stage->next + 1) % ASH_NUMBERS;
	put_frame(stage,
		&(struct ash_frame){
			.kind = ASH_DATA, .number = number, .acknowledged = stage->expected, .data = { data, size } });
}

static void say(struct stage *stage, const char *digits, uint16_t id)
{
	uint8_t data[200];
	bool callback = *digits == '@';
	struct writer out;

	writer_init(&out, data, sizeof(data));
	write_u8(&out, stage->last_sequence);
	if (stage->was_first) {
		write_u8(&out, 0x80);
		write_u8(&out, 0);
		stage->was_first = false;
	} else {
		uint8_t number[2];
		if (callback)
			ck_assert_int_eq(hex_parse(number, digits + 1, 4), 0);
		write_u8(&out, callback ? 0x90 : 0x80);
		write_u8(&out, 1);
		write_le16(&out, callback ? (uint16_t)(number[0] << 8 | number[1]) : id);
	}
	digits += callback ? 5 : 0;
	ck_assert_int_eq(hex_parse(out.at, digits, strlen(digits)), 0);
	put_data(stage, data, (size_t)(out.at - data) + strlen(digits) / 2);
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

static void answer(struct stage *stage, struct bytes command)
{
	char request[500], answers[500];
	size_t header = command.data[2] == 1 ? 5 : 3;
	uint16_t id = header == 5 ? (uint16_t)(command.data[3] | command.data[4] << 8) : 0;

	stage->last_sequence = command.data[0];
	stage->was_first = header == 3;
	/* A policy's decision and a mode are a byte each, as zigbee-herdsman and bellows write them. */
	ck_assert(id != 0x0055 || command.size == header + 2);
	ck_assert(id != 0x005a || (command.size == header + 1 && command.data[header] == 2));
	if (id == 0x0034)
		stage->last_tag = command.data[5 + 1 + 2 + 11];
	snprintf(request, sizeof(request), "%04x", id);
	strncat(stage->asked, request, sizeof(stage->asked) - strlen(stage->asked) - 1);
	hex_print(request + 4, command.data + header, command.size - header);
	const char *found = reply_to(stage, request);
	ck_assert_msg(found != NULL, "the test has no answer to %s", request);
	snprintf(answers, sizeof(answers), "%s", found);
	if (!*answers)
		say(stage, "", id);
	for (char *rest = NULL, *one = strtok_r(answers, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
		if (*one != '-')
			say(stage, one, id);
	}
}

static void take(struct stage *stage, const struct ash_frame *frame)
{
	if (frame->kind == ASH_RST) {
		stage->expected = stage->next = 0;
		put_frame(stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = ASH_VERSION, .code = 0x0b });
		return;
	}
	if (frame->kind != ASH_DATA)
		return;
	ck_assert_uint_eq(frame->number, stage->expected);
	stage->expected = (stage->expected + 1) % ASH_NUMBERS;
	put_frame(stage, &(struct ash_frame){ .kind = ASH_ACK, .acknowledged = stage->expected });
	answer(stage, frame->data);
}

/* Answers what was asked until nothing is. */
static void settle(struct stage *stage)
{
	while (stage->base.sent_size > 0) {
		uint8_t bytes[sizeof(stage->base.sent)];
		struct bytes in = { bytes, stage->base.sent_size };
		struct ash_frame frame;
		memcpy(bytes, stage->base.sent, in.size);
		stage->base.sent_size = 0;
		while (ash_parser_take(&stage->parser, &in, &frame) != -EAGAIN) {
			if (!stage->deaf)
				take(stage, &frame);
		}
	}
}

static void pass(struct stage *stage, int64_t ms)
{
	int64_t until_ms = stage->base.now_ms + ms;

	settle(stage);
	while (stage_turn_to_alarm(&stage->base, until_ms - stage->base.now_ms))
		settle(stage);
	stage->base.now_ms = until_ms;
}

static void open_stage(struct stage *stage, const struct reply *replies, bool deaf)
{
	struct stick_host host = stage_host(&stage->base);

	memset(stage, 0, sizeof(*stage));
	stage_init(&stage->base);
	stage->replies = replies;
	stage->deaf = deaf;
	stage->base.stick = stick_ezsp_make(&host, &stage->base.line, 0);
	stick_on_up(stage->base.stick);
	settle(stage);
}

static void close_stage(struct stage *stage)
{
	stick_ezsp.close(stage->base.stick);
}

static int send(struct stage *stage, uint16_t peer, uint32_t tag, bool sleeper)
{
	const struct zigbee_message message = { .peer = peer,
		.profile = 0x0104,
		.cluster = 0x0019,
		.own_endpoint = 1,
		.peer_endpoint = 1,
		.to_sleeper = sleeper,
		.payload = { "abc", 3 } };

	return stick_ezsp.send(stage->base.stick, &message, tag);
}

START_TEST(a_stick_with_a_network_comes_up_with_it)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	ck_assert_str_eq(stage.base.log, "state opening []\nstate up []\n");
	const struct stick *stick = stage.base.stick;
	ck_assert_str_eq(stick->firmware, "EmberZNet 7.4.1.0");
	ck_assert_uint_eq(stick->network.extended_pan, 0x0102030405060708);
	ck_assert_uint_eq(stick->network.pan, 0x1a62);
	ck_assert_uint_eq(stick->network.channel, 15);
	ck_assert_uint_eq(stick->network.update_id, 3);
	ck_assert_uint_eq(stick->network.frame_counter, 1000);
	ck_assert_uint_eq(stick->network.key_sequence, 3);
	ck_assert_uint_eq(stick->network.key[15], 0xff);
	ck_assert_uint_eq(stick->network.link_key[0], 0x55);
	ck_assert_uint_eq(stick->flights.most, 10);
	close_stage(&stage);
}
END_TEST

static const struct reply empty[] = { { "0017", "93" }, { NULL, NULL } };

START_TEST(an_empty_stick_forms_what_it_is_told)
{
	const struct stick_network network = { .pan = 0x1a62, .channel = 15, .extended_pan = 7 };
	struct stage stage;

	open_stage(&stage, empty, false);
	stage_assert_said(&stage.base, "state empty");
	ck_assert_int_eq(send(&stage, 0x1234, 1, false), -ENETDOWN);
	ck_assert_int_eq(stick_ezsp.form(stage.base.stick, &network), 0);
	ck_assert_int_eq(stick_ezsp.form(stage.base.stick, &network), -EBUSY);
	stage.asked[0] = '\0';
	/* It was formed when the stick starts for the second time. */
	for (int i = 0; i < 200 && !strstr(stage.asked, "001e"); i++) {
		struct bytes in = { stage.base.sent, stage.base.sent_size };
		struct ash_frame frame;
		uint8_t bytes[sizeof(stage.base.sent)];
		memcpy(bytes, in.data, in.size);
		in.data = bytes;
		stage.base.sent_size = 0;
		while (ash_parser_take(&stage.parser, &in, &frame) != -EAGAIN)
			take(&stage, &frame);
	}
	stage.replies = NULL;
	pass(&stage, 5000);
	stage_assert_said(&stage.base, "state up");
	close_stage(&stage);
}
END_TEST

START_TEST(a_network_that_runs_is_left_before_another_is_formed)
{
	const struct stick_network network = { .pan = 0x1a62, .channel = 15, .extended_pan = 7 };
	struct stage stage;

	open_stage(&stage, NULL, false);
	stage.replies = empty;
	stage.asked[0] = '\0';
	ck_assert_int_eq(stick_ezsp.form(stage.base.stick, &network), 0);
	settle(&stage);
	const char *left = strstr(stage.asked, "0020"), *formed = strstr(stage.asked, "001e");
	ck_assert(left && formed && left < formed);
	close_stage(&stage);
}
END_TEST

START_TEST(another_sticks_network_is_taken_with_its_counter_and_keys)
{
	const struct stick_network network = { .eui64 = 5, .pan = 0x1a62, .channel = 15, .frame_counter = 0x01000000 };
	const struct stick_link_key keys[2] = { { .eui64 = 8 }, { .eui64 = 9 } };
	static const struct reply takes[] = { { "0017", "93" }, { "00ab2304c4090001", "00" }, { "00ab23", "01" },
		{ "01032ae10100"
		  "00000000"
		  "08000000"
		  "0500000000000000",
			"00" },
		{ NULL, NULL } };
	struct stage stage;

	open_stage(&stage, empty, false);
	stage.replies = takes;
	ck_assert_int_eq(stick_ezsp.restore(stage.base.stick, &network, keys, 2), 0);
	settle(&stage);
	ck_assert_ptr_nonnull(strstr(stage.asked, "0103"));
	ck_assert_ptr_nonnull(strstr(stage.asked, "010e"));
	ck_assert_ptr_nonnull(strstr(stage.asked, "001e"));
	stage_assert_said(&stage.base, "event zigbee.keys_left_out stick has room for 1 of 2");
	close_stage(&stage);
}
END_TEST

static const struct reply old[] = { { "0000", "07020065" }, { NULL, NULL } };

START_TEST(firmware_that_is_too_old_is_refused_in_words)
{
	struct stage stage;

	open_stage(&stage, old, false);
	stage_assert_said(&stage.base, "state refused [the stick's firmware is too old: it speaks version 7 of EZSP");
	pass(&stage, 100000);
	ck_assert_uint_eq(stage.base.reopened, 0);
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_does_not_answer_is_told_in_words)
{
	struct stage stage;

	open_stage(&stage, NULL, true);
	pass(&stage, 14000);
	ck_assert_uint_eq(stage.base.reopened, 1);
	stage_assert_said(&stage.base, "state down [the stick does not answer: it is no stick with EmberZNet");
	close_stage(&stage);
}
END_TEST

START_TEST(a_bootloader_is_recognised_by_its_menu)
{
	static const char menu[] = "\r\nGecko Bootloader v1.A.3\r\n1. upload gbl\r\n2. run\r\n3. ebl info\r\nBL > ";
	struct stage stage;

	open_stage(&stage, NULL, true);
	stick_on_bytes(stage.base.stick, menu, strlen(menu));
	ck_assert_mem_eq(stage.base.sent, "2\r\n", 3);
	stage_assert_said(&stage.base, "event zigbee.stick_woken");
	stick_on_bytes(stage.base.stick, menu, strlen(menu));
	stage_assert_said(&stage.base, "state refused [the stick is in its bootloader");
	close_stage(&stage);
}
END_TEST

static void land(struct stage *stage, uint8_t status)
{
	char digits[64];

	snprintf(digits, sizeof(digits), "@003f0034120401190001014001000005%02x%02x00", stage->last_tag, status);
	say(stage, digits, 0);
}

START_TEST(each_message_has_its_end)
{
	static const struct {
		uint8_t status;
		const char *says;
	} ends[] = { { 0x00, "sent 0 sent" }, { 0x66, "sent 1 no_ack" }, { 0xcf, "sent 2 no_route" },
		{ 0x42, "sent 3 expired" }, { 0x74, "sent 4 too_long" } };
	struct stage stage;

	open_stage(&stage, NULL, false);
	for (uint32_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		ck_assert_int_eq(send(&stage, 0x1234, i, false), 0);
		settle(&stage);
		stage_assert_unsaid(&stage.base, ends[i].says);
		land(&stage, ends[i].status);
		stage_assert_said(&stage.base, ends[i].says);
		land(&stage, ends[i].status);
	}
	ck_assert_int_eq(send(&stage, 0xfffc, 9, false), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "sent 9 sent");
	ck_assert_uint_eq(stage.base.stick->flights.count, 0);
	close_stage(&stage);
}
END_TEST

START_TEST(a_full_stick_is_tried_again_with_fewer)
{
	static const struct reply full[] = { { "0034", "7200" }, { NULL, NULL } };
	struct stage stage;

	open_stage(&stage, full, false);
	ck_assert_int_eq(send(&stage, 0x1234, 1, false), 0);
	settle(&stage);
	ck_assert_uint_eq(stage.base.stick->flights.room, 5);
	stage.replies = NULL;
	pass(&stage, 600);
	land(&stage, 0);
	stage_assert_said(&stage.base, "sent 1 sent");
	close_stage(&stage);
}
END_TEST

START_TEST(the_stick_is_told_once_who_sleeps)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	stage.asked[0] = '\0';
	ck_assert_int_eq(send(&stage, 0x1234, 1, true), 0);
	settle(&stage);
	ck_assert_str_eq(stage.asked, "00610034007e");
	ck_assert_int_eq(send(&stage, 0x1234, 2, true), 0);
	settle(&stage);
	ck_assert_str_eq(stage.asked, "00610034007e0034");
	close_stage(&stage);
}
END_TEST

START_TEST(what_nodes_send_is_passed_on)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	say(&stage, "@0045000401020401010001000070ffc4dec9ffff021801", 0);
	stage_assert_said(&stage.base, "received c9de/1-1 0104:0402 1801\n");
	say(&stage, "@0045050401020401010001000070ffc40000ffff021802", 0);
	stage_assert_unsaid(&stage.base, "1802");
	say(&stage, "@0024dec908070605040302010100cdab", 0);
	stage_assert_said(&stage.base, "joined 0102030405060708 c9de abcd\n");
	say(&stage, "@0024dec908070605040302010202cdab", 0);
	stage_assert_said(&stage.base, "left 0102030405060708 c9de\n");
	say(&stage,
		"@0059dec90807060504030201ffc4021111"
		"2222",
		0);
	stage_assert_said(&stage.base, "routed c9de 2\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_gave_up_or_was_reset_is_brought_up_again)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	ck_assert_int_eq(send(&stage, 0x1234, 5, false), 0);
	settle(&stage);
	stage_forget_log(&stage.base);
	put_frame(&stage, &(struct ash_frame){ .kind = ASH_ERROR, .version = 2, .code = 0x51 });
	stage_assert_said(
		&stage.base, "sent 5 lost\nstate opening [the stick gave the connection up (ASH error 0x51)]");
	settle(&stage);
	stage_assert_said(&stage.base, "state up");
	stage.base.now_ms += 60000;
	stage_forget_log(&stage.base);
	put_frame(&stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 2, .code = 0x09 });
	stage_assert_said(&stage.base, "state opening [the stick was reset (reason 0x09)]");
	settle(&stage);
	stage_assert_said(&stage.base, "state up");
	ck_assert_uint_eq(stage.base.reopened, 0);
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_tells_of_two_resets_comes_up)
{
	struct stage stage;
	struct stick_host host = stage_host(&stage.base);

	memset(&stage, 0, sizeof(stage));
	stage_init(&stage.base);
	stage.base.stick = stick_ezsp_make(&host, &stage.base.line, 0);
	stick_on_up(stage.base.stick);
	put_frame(&stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 2, .code = 0x02 });
	settle(&stage);
	settle(&stage);
	stage_assert_said(&stage.base, "state up");
	ck_assert_uint_eq(stage.base.reopened, 0);
	stick_on_down(stage.base.stick, "unplugged");
	stick_on_up(stage.base.stick);
	stage.base.sent_size = 0;
	for (int i = 0; i < 10 && stage.base.reopened == 0; i++)
		put_frame(&stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 2, .code = 0x02 });
	ck_assert_uint_eq(stage.base.reopened, 1);
	close_stage(&stage);
}
END_TEST

START_TEST(a_backup_tells_network_and_keys)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	stage_forget_log(&stage.base);
	ck_assert_int_eq(stick_ezsp.backup(stage.base.stick), 0);
	ck_assert_int_eq(stick_ezsp.scan(stage.base.stick), -EBUSY);
	settle(&stage);
	stage_assert_said(&stage.base, "state up []\nkey 00124b0022000001 " KEY " 10 20\nkeys end\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_scan_tells_each_channel_and_its_end)
{
	static const struct reply scans[] = { { "001a", "00000000 @00480bce @004819e2 @001c0000" }, { NULL, NULL } };
	struct stage stage;

	open_stage(&stage, scans, false);
	ck_assert_int_eq(stick_ezsp.scan(stage.base.stick), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "scanned 11 127\nscanned 25 178\nscanned 0 0\n");
	close_stage(&stage);
}
END_TEST

START_TEST(joining_is_opened_for_all_and_closed)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	stage.asked[0] = '\0';
	ck_assert_int_eq(stick_ezsp.permit(stage.base.stick, 60), 0);
	settle(&stage);
	ck_assert_str_eq(stage.asked, "0111005500220036");
	ck_assert_int_eq(stick_ezsp.permit(stage.base.stick, 0), 0);
	settle(&stage);
	ck_assert_str_eq(stage.asked, "0111005500220036005500220036");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_does_not_open_joining_is_told_of)
{
	static const struct reply refusing[] = { { "0022", "01" }, { NULL, NULL } };
	struct stage stage;

	open_stage(&stage, refusing, false);
	ck_assert_int_eq(stick_ezsp.permit(stage.base.stick, 60), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "permitted [it refused command 0x0022]\n");
	close_stage(&stage);
}
END_TEST

START_TEST(a_network_that_opens_without_what_joining_needs_is_closed_again)
{
	static const struct reply refusing[] = { { "0055", "01" }, { NULL, NULL } };
	struct stage stage;

	open_stage(&stage, NULL, false);
	stage.replies = refusing;
	stage.asked[0] = '\0';
	ck_assert_int_eq(stick_ezsp.permit(stage.base.stick, 60), 0);
	settle(&stage);
	stage_assert_said(&stage.base, "permitted [it refused command 0x0055]\n");
	ck_assert_str_eq(stage.asked, "01110055002200360022");
	close_stage(&stage);
}
END_TEST

START_TEST(a_stick_that_resets_soon_after_each_start_gets_pauses)
{
	struct stage stage;

	open_stage(&stage, NULL, false);
	for (unsigned i = 0; i < 3; i++) {
		put_frame(&stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 2, .code = 0x09 });
		ck_assert_uint_eq(stage.base.reopened, i);
		if (i > 0)
			stick_on_up(stage.base.stick);
		settle(&stage);
		ck_assert_int_eq(stage.base.stick->state, STICK_UP);
	}
	stage_assert_said(&stage.base, "again and again soon after its start");
	close_stage(&stage);
}
END_TEST

TEST_SUITE(stick_ezsp, a_stick_with_a_network_comes_up_with_it, an_empty_stick_forms_what_it_is_told,
	a_network_that_runs_is_left_before_another_is_formed, another_sticks_network_is_taken_with_its_counter_and_keys,
	firmware_that_is_too_old_is_refused_in_words, a_stick_that_does_not_answer_is_told_in_words,
	a_bootloader_is_recognised_by_its_menu, each_message_has_its_end, a_full_stick_is_tried_again_with_fewer,
	the_stick_is_told_once_who_sleeps, what_nodes_send_is_passed_on,
	a_stick_that_gave_up_or_was_reset_is_brought_up_again, a_stick_that_tells_of_two_resets_comes_up,
	a_backup_tells_network_and_keys, a_scan_tells_each_channel_and_its_end, joining_is_opened_for_all_and_closed,
	a_stick_that_does_not_open_joining_is_told_of, a_network_that_opens_without_what_joining_needs_is_closed_again,
	a_stick_that_resets_soon_after_each_start_gets_pauses)
