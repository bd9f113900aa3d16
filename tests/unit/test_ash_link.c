#include "drivers/ash_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MESSAGES 500

/* The other side of the line: it takes frames in order as UG101 says, acknowledges and echoes them. */
struct peer {
	struct ash_parser parser;
	uint8_t expected, next, acknowledged;
	uint8_t waiting[ASH_NUMBERS][8]; /* echoes not acknowledged, by number */
	bool rejecting;
};

struct stage {
	struct ash_link link;
	struct peer peer;
	int64_t now_ms;
	uint32_t seed;
	unsigned loss_percent, damage_percent;
	uint8_t to_peer[65536], to_host[65536];
	size_t to_peer_size, to_host_size;
	unsigned ups, fails;
	char why[128];
	unsigned received; /* messages, each with the number that comes next */
	bool answers;      /* each of them at once */
	enum ash_kind last_kind;
	unsigned frames_seen;
};

static uint32_t draw(struct stage *stage)
{
	stage->seed = stage->seed * 1664525 + 1013904223;
	return stage->seed >> 8;
}

/* A line that loses whole writes and changes bytes. */
static void put(struct stage *stage, uint8_t *line, size_t *size, const uint8_t *data, size_t count)
{
	if (draw(stage) % 100 < stage->loss_percent)
		return;
	ck_assert_uint_le(*size + count, 65536);
	memcpy(line + *size, data, count);
	if (draw(stage) % 100 < stage->damage_percent)
		line[*size + draw(stage) % count] ^= 0x08;
	*size += count;
}

static void on_write(void *context, const void *data, size_t size)
{
	struct stage *stage = context;

	put(stage, stage->to_peer, &stage->to_peer_size, data, size);
}

static void on_up(void *context)
{
	((struct stage *)context)->ups++;
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
	struct stage *stage = context;
	char expected[16];

	snprintf(expected, sizeof(expected), "%06u", stage->received++);
	ck_assert_uint_eq(size, 6);
	ck_assert_mem_eq(data, expected, 6);
	if (stage->answers)
		ck_assert_int_eq(ash_link_send(&stage->link, stage->now_ms, "answer", 6), 0);
}

static void on_failed(void *context, const char *why)
{
	struct stage *stage = context;

	stage->fails++;
	snprintf(stage->why, sizeof(stage->why), "%s", why);
}

static void say(struct stage *stage, const struct ash_frame *frame)
{
	uint8_t wire[ASH_WIRE_MAX];
	struct writer out;

	writer_init(&out, wire, sizeof(wire));
	ash_frame_write(&out, frame);
	put(stage, stage->to_host, &stage->to_host_size, wire, writer_size(&out));
}

static void echo(struct stage *stage, uint8_t number, bool repeated)
{
	say(stage, &(struct ash_frame){ .kind = ASH_DATA,
			   .number = number,
			   .acknowledged = stage->peer.expected,
			   .repeated = repeated,
			   .data = { stage->peer.waiting[number], 6 } });
}

static void repeat_echoes(struct stage *stage)
{
	for (uint8_t n = stage->peer.acknowledged; n != stage->peer.next; n = (n + 1) % ASH_NUMBERS)
		echo(stage, n, true);
}

static void take_at_peer(struct stage *stage, const struct ash_frame *frame)
{
	struct peer *peer = &stage->peer;

	stage->last_kind = frame->kind;
	stage->frames_seen++;
	if (frame->kind == ASH_RST) {
		memset(peer, 0, sizeof(*peer));
		say(stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = ASH_VERSION, .code = 0x0b });
		return;
	}
	peer->acknowledged = frame->acknowledged;
	if (frame->kind == ASH_NAK)
		repeat_echoes(stage);
	if (frame->kind != ASH_DATA)
		return;
	if (frame->number != peer->expected) {
		say(stage, &(struct ash_frame){
				   .kind = frame->repeated ? ASH_ACK : ASH_NAK, .acknowledged = peer->expected });
		return;
	}
	peer->expected = (peer->expected + 1) % ASH_NUMBERS;
	memcpy(peer->waiting[peer->next], frame->data.data, 6);
	peer->next = (peer->next + 1) % ASH_NUMBERS;
	echo(stage, (peer->next + ASH_NUMBERS - 1) % ASH_NUMBERS, false);
}

static void run_peer(struct stage *stage)
{
	struct bytes in = { stage->to_peer, stage->to_peer_size };
	struct ash_frame frame;
	int result;

	while ((result = ash_parser_take(&stage->peer.parser, &in, &frame)) != -EAGAIN) {
		if (result == 0)
			take_at_peer(stage, &frame);
	}
	stage->to_peer_size = 0;
}

static void run_host(struct stage *stage, size_t piece)
{
	uint8_t bytes[sizeof(stage->to_host)];
	size_t size = stage->to_host_size;

	memcpy(bytes, stage->to_host, size);
	stage->to_host_size = 0;
	for (size_t at = 0; at < size; at += piece)
		ash_link_take(&stage->link, stage->now_ms, bytes + at, size - at < piece ? size - at : piece);
}

static void init(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->seed = 4711;
	ash_link_init(&stage->link, &(struct ash_link_host){ stage, on_write, on_up, on_received, on_failed });
}

static void exchange(struct stage *stage)
{
	run_peer(stage);
	run_host(stage, 1024);
}

static void come_up(struct stage *stage)
{
	ash_link_reset(&stage->link, stage->now_ms);
	exchange(stage);
	ck_assert_uint_eq(stage->ups, 1);
}

/* Sends all messages and gets them back, a few at a time; time goes on by 100 ms a round. */
static void converse(struct stage *stage, size_t piece)
{
	unsigned sent = 0;

	for (unsigned round = 0; stage->received < MESSAGES && stage->fails == 0; round++) {
		char message[16];
		snprintf(message, sizeof(message), "%06u", sent);
		if (sent < MESSAGES && sent < stage->received + 3 &&
			ash_link_send(&stage->link, stage->now_ms, message, 6) == 0)
			sent++;
		run_peer(stage);
		/* What the peer has not had acknowledged it repeats by itself. */
		if (round % 8 == 7)
			repeat_echoes(stage);
		run_host(stage, piece);
		stage->now_ms += 100;
		ash_link_alarm(&stage->link, stage->now_ms);
		ck_assert_uint_lt(round, 100 * MESSAGES);
	}
	ck_assert_str_eq(stage->why, "");
	ck_assert_uint_eq(stage->received, MESSAGES);
}

START_TEST(messages_go_both_ways_in_order)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	converse(stage, 1024);
	free(stage);
}
END_TEST

START_TEST(bytes_may_come_one_at_a_time)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	converse(stage, 1);
	free(stage);
}
END_TEST

START_TEST(lost_and_damaged_frames_are_repeated_and_nothing_comes_twice)
{
	struct stage *stage = malloc(sizeof(*stage));

	for (uint32_t seed = 1; seed <= 20; seed++) {
		init(stage);
		come_up(stage);
		stage->seed = seed;
		stage->loss_percent = 15;
		stage->damage_percent = 10;
		converse(stage, 7);
	}
	free(stage);
}
END_TEST

START_TEST(a_reset_is_repeated_and_then_given_up)
{
	struct stage *stage = malloc(sizeof(*stage));
	unsigned resets = 1;

	init(stage);
	stage->loss_percent = 100;
	ash_link_reset(&stage->link, 0);
	while (stage->fails == 0) {
		ck_assert_int_ne(ash_link_deadline(&stage->link), INT64_MAX);
		stage->now_ms = ash_link_deadline(&stage->link);
		ash_link_alarm(&stage->link, stage->now_ms);
		resets++;
	}
	ck_assert_uint_eq(resets, 6);
	ck_assert_ptr_nonnull(strstr(stage->why, "does not answer: it is no stick with EmberZNet"));
	ck_assert_int_eq(ash_link_deadline(&stage->link), INT64_MAX);
	ck_assert_int_eq(ash_link_send(&stage->link, 0, "abc", 3), -ENOTCONN);
	free(stage);
}
END_TEST

START_TEST(a_peer_that_fell_silent_is_given_up)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	stage->loss_percent = 100;
	ck_assert_int_eq(ash_link_send(&stage->link, 0, "000000", 6), 0);
	while (stage->fails == 0) {
		stage->now_ms = ash_link_deadline(&stage->link);
		ash_link_alarm(&stage->link, stage->now_ms);
	}
	ck_assert_str_eq(stage->why, "the stick does not answer any more");
	/* Six time-outs of 0.8, 1.6 and then 2.4 s. */
	ck_assert_int_eq(stage->now_ms, 12000);
	free(stage);
}
END_TEST

START_TEST(an_error_frame_and_an_unasked_reset_end_the_connection)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	say(stage, &(struct ash_frame){ .kind = ASH_ERROR, .version = 2, .code = 0x51 });
	run_host(stage, 1024);
	ck_assert_str_eq(stage->why, "the stick gave the connection up (ASH error 0x51)");
	say(stage, &(struct ash_frame){ .kind = ASH_ERROR, .version = 2, .code = 0x51 });
	ash_link_reset(&stage->link, 0);
	exchange(stage);
	ck_assert_uint_eq(stage->fails, 1);
	ck_assert_uint_eq(stage->ups, 2);
	say(stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 2, .code = 0x02 });
	run_host(stage, 1024);
	ck_assert_str_eq(stage->why, "the stick was reset (reason 0x02)");
	ash_link_reset(&stage->link, 0);
	stage->to_peer_size = 0;
	say(stage, &(struct ash_frame){ .kind = ASH_RSTACK, .version = 3, .code = 0x02 });
	run_host(stage, 1024);
	ck_assert_ptr_nonnull(strstr(stage->why, "version 3 of ASH"));
	free(stage);
}
END_TEST

START_TEST(no_more_than_the_window_is_under_way)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	stage->frames_seen = 0;
	for (unsigned i = 0; i < ASH_LINK_QUEUE; i++)
		ck_assert_int_eq(ash_link_send(&stage->link, 0, "000000", 6), 0);
	ck_assert_int_eq(ash_link_send(&stage->link, 0, "000000", 6), -ENOBUFS);
	ck_assert_int_eq(ash_link_send(&stage->link, 0, "00", 2), -EMSGSIZE);
	run_peer(stage);
	ck_assert_uint_eq(stage->frames_seen, ASH_LINK_WINDOW);
	free(stage);
}
END_TEST

START_TEST(a_gap_is_rejected_once)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	stage->frames_seen = 0;
	memcpy(stage->peer.waiting[1], "000001", 6);
	memcpy(stage->peer.waiting[2], "000002", 6);
	echo(stage, 1, false);
	echo(stage, 2, false);
	run_host(stage, 1024);
	run_peer(stage);
	ck_assert_uint_eq(stage->frames_seen, 1);
	ck_assert_int_eq(stage->last_kind, ASH_NAK);
	echo(stage, 2, true);
	run_host(stage, 1024);
	run_peer(stage);
	ck_assert_int_eq(stage->last_kind, ASH_ACK);
	ck_assert_uint_eq(stage->received, 0);
	free(stage);
}
END_TEST

/* The peer says so many things at once; returns how many frames it got for them. */
static unsigned say_together(struct stage *stage, uint8_t count)
{
	stage->frames_seen = 0;
	for (uint8_t i = 0; i < count; i++) {
		(void)snprintf((char *)stage->peer.waiting[i], sizeof(stage->peer.waiting[i]), "%06u", i);
		echo(stage, i, false);
	}
	run_host(stage, 1024);
	run_peer(stage);
	return stage->frames_seen;
}

START_TEST(frames_that_come_together_are_acknowledged_together)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	ck_assert_uint_eq(say_together(stage, 3), 1);
	ck_assert_int_eq(stage->last_kind, ASH_ACK);
	ck_assert_uint_eq(stage->peer.acknowledged, 3);
	free(stage);
}
END_TEST

START_TEST(an_answer_acknowledges_what_it_answers)
{
	struct stage *stage = malloc(sizeof(*stage));

	init(stage);
	come_up(stage);
	stage->answers = true;
	ck_assert_uint_eq(say_together(stage, 1), 1);
	ck_assert_int_eq(stage->last_kind, ASH_DATA);
	ck_assert_uint_eq(stage->peer.acknowledged, 1);
	free(stage);
}
END_TEST

TEST_SUITE(ash_link, messages_go_both_ways_in_order, bytes_may_come_one_at_a_time,
	lost_and_damaged_frames_are_repeated_and_nothing_comes_twice, a_reset_is_repeated_and_then_given_up,
	a_peer_that_fell_silent_is_given_up, an_error_frame_and_an_unasked_reset_end_the_connection,
	no_more_than_the_window_is_under_way, a_gap_is_rejected_once,
	frames_that_come_together_are_acknowledged_together, an_answer_acknowledges_what_it_answers)
