#include "gateway/block_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/topics.h"
#include "tests/unit/suite.h"

#define SIZE 1000
#define BLOCK 300
#define HEAD "0000000000000000"

static struct block_settings settings;
static struct topics topics;
static struct fetch_source *source;
static struct fetch *fetch;
static struct moment now;
static uint8_t image[SIZE], got[SIZE];
static uint32_t got_size;
static unsigned asked[16], ask_count;
static int publish_result, data_result, end_result;
static char said[64];

static int publish(void *context, const struct uplink_message *message)
{
	unsigned offset = 0;
	unsigned size = 0;
	char sha256[65];

	if (publish_result < 0)
		return publish_result;
	ck_assert_str_eq(message->topic, "ota/g/get");
	ck_assert_int_eq(sscanf(message->payload, "{\"sha256\":\"%64[0-9a-f]\",\"offset\":%u,\"size\":%u}", sha256,
				 &offset, &size),
		3);
	ck_assert_uint_le(offset + size, SIZE);
	if (ask_count < 16)
		asked[ask_count++] = offset;
	return 0;
}

static int on_begin(void *context, uint32_t offset, const char *etag)
{
	got_size = offset;
	return 0;
}

static int on_data(void *context, const void *data, size_t size)
{
	if (data_result < 0)
		return data_result;
	memcpy(got + got_size, data, size);
	got_size += (uint32_t)size;
	return 0;
}

static void on_end(void *context, int result, uint32_t retry_after_s, const char *sentence)
{
	end_result = result;
	snprintf(said, sizeof(said), "%s", sentence);
	fetch = NULL;
}

static int start(uint32_t offset)
{
	static const uint8_t sha256[32];
	const struct fetch_request request = { .sha256 = sha256, .size_bytes = SIZE, .offset = offset };
	const struct fetch_host host = { .begin = on_begin, .data = on_data, .end = on_end };

	return block_fetch.start(&fetch, source, &request, &host);
}

static int64_t tick(void)
{
	return block_source_tick(source, now);
}

static void begin_scene(uint32_t offset)
{
	static const struct topic_settings templates = {
		.telemetry = "t/{gateway}",
		.status = "s/{gateway}",
		.manifests = "ota/{gateway}",
		.commands = "c/{gateway}",
		.alerts = "a/{gateway}",
	};
	const struct block_source_parts parts = { .settings = &settings, .topics = &topics, .publish = publish };

	settings = (struct block_settings){ .size_bytes = BLOCK, .window = 2, .timeout_ms = 1000 };
	topics_expand(&topics, &templates, "g");
	for (int i = 0; i < SIZE; i++)
		image[i] = (uint8_t)(i * 7);
	end_result = 1;
	ck_assert_int_eq(block_source_open(&source, &parts), 0);
	block_source_on_session(source, true, now);
	ck_assert_int_eq(start(offset), 0);
	tick();
}

static void end_scene(void)
{
	block_source_close(source);
}

static void answer(uint32_t offset, uint32_t size)
{
	char topic[64];

	snprintf(topic, sizeof(topic), "ota/g/block/" HEAD "/%u", offset);
	block_source_on_message(
		source, &(struct uplink_message){ .topic = topic, .payload = image + offset, .size = size }, now);
	tick();
}

START_TEST(blocks_are_asked_for_in_a_window)
{
	begin_scene(0);
	ck_assert_uint_eq(ask_count, 2);
	ck_assert_uint_eq(asked[0], 0);
	ck_assert_uint_eq(asked[1], 300);
	answer(0, 300);
	ck_assert_uint_eq(asked[2], 600);
	answer(300, 300);
	answer(600, 300);
	ck_assert_uint_eq(asked[3], 900);
	answer(900, 100);
	ck_assert_int_eq(end_result, 0);
	ck_assert_uint_eq(got_size, SIZE);
	ck_assert_mem_eq(got, image, SIZE);
	end_scene();
}
END_TEST

START_TEST(blocks_out_of_order_are_put_in_order)
{
	begin_scene(0);
	answer(300, 300);
	ck_assert_uint_eq(got_size, 0);
	answer(0, 300);
	ck_assert_uint_eq(got_size, 600);
	answer(900, 100);
	answer(600, 300);
	ck_assert_mem_eq(got, image, SIZE);
	ck_assert_int_eq(end_result, 0);
	end_scene();
}
END_TEST

START_TEST(a_fetch_goes_on_at_any_byte)
{
	begin_scene(777);
	ck_assert_uint_eq(ask_count, 1);
	ck_assert_uint_eq(asked[0], 777);
	answer(777, 223);
	ck_assert_int_eq(end_result, 0);
	ck_assert_mem_eq(got + 777, image + 777, 223);
	end_scene();
}
END_TEST

START_TEST(an_unanswered_request_is_repeated_and_then_given_up)
{
	begin_scene(0);
	answer(300, 300);
	for (int i = 0; i < BLOCK_REPEATS_MAX; i++) {
		ck_assert_int_eq(tick(), 1000);
		now.monotonic_ms += 1000;
		tick();
		ck_assert_uint_eq(asked[2 + i], 0);
	}
	ck_assert_int_eq(end_result, 1);
	now.monotonic_ms += 1000;
	tick();
	ck_assert_int_eq(end_result, -ETIMEDOUT);
	end_scene();
}
END_TEST

START_TEST(a_server_without_the_image_says_so_with_nothing)
{
	begin_scene(0);
	answer(0, 0);
	ck_assert_int_eq(end_result, -ENOENT);
	end_scene();
}
END_TEST

START_TEST(bytes_that_nobody_asked_for_are_passed_over)
{
	begin_scene(0);
	answer(600, 300);
	answer(0, 299);
	answer(1, 300);
	block_source_on_message(source, &(struct uplink_message){ .topic = "ota/g/block/x/0", .size = 1 }, now);
	block_source_on_message(source, &(struct uplink_message){ .topic = "ota/g/block/" HEAD "/0x", .size = 1 }, now);
	block_source_on_message(source, &(struct uplink_message){ .topic = "ota/g/block/" HEAD "/", .size = 1 }, now);
	block_source_on_message(source,
		&(struct uplink_message){ .topic = "ota/g/block/1111111111111111/0", .payload = image, .size = 300 },
		now);
	tick();
	ck_assert_uint_eq(got_size, 0);
	answer(0, 300);
	ck_assert_uint_eq(got_size, 300);
	end_scene();
}
END_TEST

START_TEST(a_full_taker_is_waited_for)
{
	begin_scene(0);
	data_result = -EAGAIN;
	answer(0, 300);
	answer(300, 300);
	ck_assert_uint_eq(got_size, 0);
	ck_assert_uint_eq(ask_count, 2);
	data_result = 0;
	tick();
	ck_assert_uint_eq(got_size, 0);
	block_fetch.resume(fetch);
	tick();
	ck_assert_uint_eq(got_size, 600);
	ck_assert_uint_eq(ask_count, 4);
	end_scene();
}
END_TEST

START_TEST(a_taker_that_gives_up_ends_the_fetch)
{
	begin_scene(0);
	data_result = -ECANCELED;
	answer(0, 300);
	ck_assert_int_eq(end_result, -ECANCELED);
	end_scene();
}
END_TEST

START_TEST(without_a_session_there_is_no_fetch)
{
	begin_scene(0);
	block_source_on_session(source, false, now);
	ck_assert_int_eq(end_result, -ENOTCONN);
	ck_assert_int_eq(start(0), -ENOTCONN);
	end_scene();
}
END_TEST

START_TEST(a_rate_spreads_the_requests)
{
	begin_scene(0);
	settings.rate_bytes_per_s = 300;
	answer(0, 300);
	ck_assert_uint_eq(ask_count, 3);
	answer(300, 300);
	ck_assert_uint_eq(ask_count, 3);
	now.monotonic_ms += 999;
	tick();
	ck_assert_uint_eq(ask_count, 3);
	now.monotonic_ms += 1;
	tick();
	ck_assert_uint_ge(ask_count, 4);
	end_scene();
}
END_TEST

TEST_SUITE(block_fetch, blocks_are_asked_for_in_a_window, blocks_out_of_order_are_put_in_order,
	a_fetch_goes_on_at_any_byte, an_unanswered_request_is_repeated_and_then_given_up,
	a_server_without_the_image_says_so_with_nothing, bytes_that_nobody_asked_for_are_passed_over,
	a_full_taker_is_waited_for, a_taker_that_gives_up_ends_the_fetch, without_a_session_there_is_no_fetch,
	a_rate_spreads_the_requests)
