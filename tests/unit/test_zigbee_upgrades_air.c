/* Many nodes that fetch over one channel, in virtual time: how full it is, and how long a report waits for it. */
#include "drivers/zigbee_upgrades.h"

#include "tests/unit/suite.h"
#include "tests/unit/upgrade_stage.h"

#define CROWD 20
#define BLOCK 50
#define IMAGE 8000
#define REPORT_EVERY 20 /* frames: reports take a twentieth of the air */
#define NEVER INT64_MAX
#define FORGET_FROM 64 /* frames that were sent */

/* A node's client: asks for a block after the other, or for a page. */
struct client {
	char name[8];
	uint32_t offset, page_end;
	int64_t asks_us;    /* puts its request on the air */
	int64_t heard_us;   /* its request is with the server */
	int64_t repeats_us; /* if it has no answer */
	uint8_t sequence;
	bool pages;
};

/* One frame is on the air at a time, each takes as long: first come, first served. */
struct channel {
	int64_t frame_us, think_us, free_us, busy_us, now_us, begun_us;
	struct client clients[CROWD];
	int64_t confirm_us[STAGE_SENT_MAX];
	size_t taken; /* of what was sent */
	int64_t report_us, longest_us;
	size_t most_at_a_time;
};

static struct upgrade_stage stage;

static int64_t put_on_air(struct channel *channel)
{
	int64_t from_us = channel->free_us > channel->now_us ? channel->free_us : channel->now_us;

	channel->free_us = from_us + channel->frame_us;
	channel->busy_us += channel->frame_us;
	return channel->free_us;
}

static void open_channel(struct channel *channel, int64_t frame_us, int64_t think_us, bool pages)
{
	stage_open_with(&stage,
		&(struct upgrade_file_plan){
			.manufacturer = 0x115f, .image_type = 0x4201, .version = 0x02000000, .payload = IMAGE });
	stage.settings.transfers = 64;
	stage.confirms = false;
	*channel = (struct channel){ .frame_us = frame_us, .think_us = think_us, .now_us = stage.now_ms * 1000 };
	channel->begun_us = channel->free_us = channel->report_us = channel->now_us;
	for (int i = 0; i < CROWD; i++) {
		struct client *client = &channel->clients[i];
		(void)snprintf(client->name, sizeof(client->name), "n%d", i + 1);
		client->pages = pages;
		client->asks_us = channel->now_us + i * 10000;
		client->heard_us = client->repeats_us = NEVER;
		stage_offer(&stage, client->name);
	}
}

static void ask(struct channel *channel, struct client *client)
{
	client->asks_us = NEVER;
	client->heard_us = put_on_air(channel);
	client->repeats_us = client->heard_us + 5000000;
}

static void reach_server(struct client *client)
{
	struct zigbee_upgrade request = { .command = client->pages ? UPGRADE_PAGE : UPGRADE_BLOCK,
		.file = stage_file(&stage),
		.offset = client->offset,
		.most = BLOCK,
		.page_bytes = 500 };

	client->heard_us = NEVER;
	client->page_end = client->pages ? client->offset + 500 : client->offset + BLOCK;
	stage_ask(&stage, client->name, &request, ++client->sequence);
}

/* The image is endless: at its end the node begins anew. */
static void take_answer(struct channel *channel, const struct upgrade_sent *sent)
{
	struct client *client = &channel->clients[sent->nwk - 0x1001];
	struct zigbee_upgrade message;
	struct zcl_frame frame;

	ck_assert_int_eq(zcl_frame_parse(&frame, sent->data, sent->size), 0);
	ck_assert(!frame.is_global);
	ck_assert_int_eq(zigbee_upgrade_parse(&message, &frame), 0);
	if (message.command != UPGRADE_BLOCK_RESPONSE)
		return;
	client->repeats_us = NEVER;
	if (message.status == ZCL_WAIT_FOR_DATA) {
		client->asks_us = channel->now_us + (int64_t)message.at_s * 1000000;
		return;
	}
	client->offset = message.offset + (uint32_t)message.data.size;
	client->repeats_us = channel->now_us + 5000000;
	if (client->offset < client->page_end && client->offset < IMAGE)
		return;
	if (client->offset >= IMAGE)
		client->offset = 0;
	client->repeats_us = NEVER;
	client->asks_us = channel->now_us + channel->think_us;
}

static void take_sent(struct channel *channel)
{
	for (; channel->taken < stage.sent_count; channel->taken++)
		channel->confirm_us[channel->taken] = put_on_air(channel);
}

static void forget_arrived(struct channel *channel)
{
	size_t left = 0;

	if (stage.sent_count < FORGET_FROM)
		return;
	take_sent(channel);
	for (size_t i = 0; i < stage.sent_count; i++) {
		if (stage.sent[i].done)
			continue;
		stage.sent[left] = stage.sent[i];
		channel->confirm_us[left++] = channel->confirm_us[i];
	}
	stage.sent_count = channel->taken = left;
}

static void let_arrive(struct channel *channel)
{
	for (size_t i = 0; i < stage.sent_count; i++) {
		if (stage.sent[i].done || i >= channel->taken || channel->confirm_us[i] > channel->now_us)
			continue;
		struct upgrade_sent sent = stage.sent[i];
		stage_confirm(&stage, i, STICK_SENT);
		if ((sent.data[0] & 3) == 1)
			take_answer(channel, &sent);
	}
	forget_arrived(channel);
}

static void let_clients_act(struct channel *channel)
{
	for (int i = 0; i < CROWD; i++) {
		struct client *client = &channel->clients[i];
		if (client->repeats_us <= channel->now_us)
			client->asks_us = channel->now_us;
		if (client->asks_us <= channel->now_us)
			ask(channel, client);
		if (client->heard_us <= channel->now_us)
			reach_server(client);
	}
}

/* Of a node that fetches nothing: it waits for all that is on its way. */
static void let_report(struct channel *channel)
{
	if (channel->now_us < channel->report_us)
		return;
	int64_t took_us = put_on_air(channel) - channel->now_us;
	channel->longest_us = took_us > channel->longest_us ? took_us : channel->longest_us;
	channel->report_us += REPORT_EVERY * channel->frame_us;
}

static void run_channel(struct channel *channel, int64_t seconds)
{
	int64_t until_us = channel->now_us + seconds * 1000000;

	while (channel->now_us < until_us) {
		channel->now_us += 1000;
		stage.now_ms = channel->now_us / 1000;
		let_arrive(channel);
		let_clients_act(channel);
		let_report(channel);
		stage_run(&stage);
		take_sent(channel);
		size_t fetching = zigbee_upgrades_counters(stage.upgrades)->transfers;
		channel->most_at_a_time = fetching > channel->most_at_a_time ? fetching : channel->most_at_a_time;
	}
}

/* Percent of the time that the air was in use. */
static int64_t use_of(const struct channel *channel)
{
	return 100 * channel->busy_us / (channel->now_us - channel->begun_us);
}

START_TEST(nodes_that_answer_at_once_fill_the_air_four_at_a_time)
{
	static struct channel channel;

	open_channel(&channel, 5000, 5000, false);
	run_channel(&channel, 30);
	ck_assert_int_ge(use_of(&channel), 95);
	ck_assert_uint_eq(channel.most_at_a_time, 4);
	ck_assert_int_le(channel.longest_us, 100000);
	stage_close(&stage);
}
END_TEST

/* Two seconds a block, as lamps take to write their flash: four would use two percent of the air. */
START_TEST(while_slow_nodes_leave_the_air_empty_more_of_them_fetch)
{
	static struct channel channel;

	open_channel(&channel, 5000, 2000000, false);
	run_channel(&channel, 120);
	ck_assert_uint_ge(channel.most_at_a_time, CROWD - 1);
	ck_assert_int_le(channel.longest_us, 200000);
	stage_close(&stage);
}
END_TEST

/* Frames that take long: many hops, repetitions, a channel that others use. None of it is told to the gateway. */
START_TEST(a_report_waits_a_second_at_most_whatever_a_frame_takes)
{
	static const int64_t frames_us[] = { 5000, 50000, 150000 };
	static struct channel channel;

	for (size_t i = 0; i < 2 * sizeof(frames_us) / sizeof(frames_us[0]); i++) {
		open_channel(&channel, frames_us[i / 2], 5000, i % 2);
		run_channel(&channel, 20); /* in which it is found out what the channel bears */
		channel.longest_us = 0;
		run_channel(&channel, 60);
		ck_assert_int_le(channel.longest_us, 1000000);
		ck_assert_int_ge(use_of(&channel), 95);
		stage_close(&stage);
	}
}
END_TEST

/* As after a stall of the machine, or another network's noise. */
START_TEST(a_channel_that_was_slow_for_a_while_is_filled_again)
{
	static struct channel channel;

	open_channel(&channel, 200000, 5000, false);
	run_channel(&channel, 30);
	channel.frame_us = 5000;
	run_channel(&channel, 30);
	channel.begun_us = channel.now_us;
	channel.busy_us = channel.most_at_a_time = 0;
	run_channel(&channel, 20);
	ck_assert_int_ge(use_of(&channel), 95);
	ck_assert_uint_eq(channel.most_at_a_time, 4);
	stage_close(&stage);
}
END_TEST

TEST_SUITE(zigbee_upgrades_air, nodes_that_answer_at_once_fill_the_air_four_at_a_time,
	while_slow_nodes_leave_the_air_empty_more_of_them_fetch, a_report_waits_a_second_at_most_whatever_a_frame_takes,
	a_channel_that_was_slow_for_a_while_is_filled_again)
