#include "gateway/node_commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/log.h"
#include "gateway/random.h"
#include "tests/unit/suite.h"

static struct node_commands *commands;
static struct driver_command passed;
static int pass_result;
static int results[NODE_COMMANDS_MAX + 1];
static unsigned ended;
static const struct moment now = { .monotonic_ms = 1000, .wall_ms = INT64_C(1790000000000) };

static int pass(void *context, const struct driver_command *command)
{
	passed = *command;
	return pass_result;
}

static void done(void *context, int result, const struct command_reply *reply)
{
	ck_assert((result == 0) == (reply != NULL));
	results[(size_t)context] = result;
	ended++;
}

static void open_commands(uint64_t seed)
{
	struct random random;
	const struct node_commands_parts parts = { .random = &random, .pass = pass };

	log_set_level(LOG_LEVEL_ERROR);
	random_init(&random, seed);
	for (size_t i = 0; i <= NODE_COMMANDS_MAX; i++)
		results[i] = 1;
	ck_assert_int_eq(node_commands_open(&commands, &parts), 0);
}

static int send(const char *node, size_t number, int64_t timeout_ms)
{
	const struct node_order order = { node, "blink", timeout_ms, done, (void *)number };

	return node_commands_send(commands, &order, now);
}

static void reply(const char *node, uint32_t id)
{
	node_commands_on_reply(commands, &(struct command_reply){ .node = node, .id = id, .ok = true });
}

START_TEST(a_reply_ends_the_command_that_it_names)
{
	open_commands(1);
	ck_assert_int_eq(send("a", 0, 5000), 0);
	uint32_t id = passed.id;
	ck_assert_uint_ne(id, 0);
	ck_assert_int_eq(passed.until_ms, 6000);
	reply("a", id + 1);
	reply("b", id);
	ck_assert_uint_eq(ended, 0);
	reply("a", id);
	ck_assert_int_eq(results[0], 0);
	reply("a", id);
	ck_assert_uint_eq(ended, 1);
	node_commands_close(commands);
}
END_TEST

START_TEST(a_command_without_reply_ends_in_time)
{
	open_commands(1);
	ck_assert_int_eq(send("a", 0, 5000), 0);
	ck_assert_int_eq(send("b", 1, 6000), 0);
	(void)node_commands_tick(commands, (struct moment){ .monotonic_ms = 5999 });
	ck_assert_uint_eq(ended, 0);
	(void)node_commands_tick(commands, (struct moment){ .monotonic_ms = 6000 });
	ck_assert_int_eq(results[0], -ETIMEDOUT);
	ck_assert_uint_eq(ended, 1);
	reply("b", passed.id);
	ck_assert_int_eq(results[1], 0);
	node_commands_close(commands);
}
END_TEST

START_TEST(a_node_has_one_command_at_a_time)
{
	open_commands(1);
	ck_assert_int_eq(send("a", 0, 5000), 0);
	uint32_t first = passed.id;
	ck_assert_int_eq(send("a", 1, 5000), -EBUSY);
	reply("a", first);
	ck_assert_int_eq(send("a", 1, 5000), 0);
	ck_assert_uint_ne(passed.id, first);
	node_commands_close(commands);
	ck_assert_int_eq(results[1], -ECANCELED);
}
END_TEST

START_TEST(what_the_network_refuses_is_not_under_way)
{
	open_commands(1);
	pass_result = -ENOTSUP;
	ck_assert_int_eq(send("a", 0, 5000), -ENOTSUP);
	pass_result = 0;
	ck_assert_int_eq(send("a", 0, 5000), 0);
	node_commands_close(commands);
	ck_assert_uint_eq(ended, 1);
}
END_TEST

START_TEST(commands_are_bounded)
{
	char node[16];

	open_commands(1);
	for (size_t i = 0; i < NODE_COMMANDS_MAX; i++) {
		(void)snprintf(node, sizeof(node), "n%zu", i);
		ck_assert_int_eq(send(node, i, 5000), 0);
	}
	ck_assert_int_eq(send("late", NODE_COMMANDS_MAX, 5000), -ENOBUFS);
	node_commands_close(commands);
	ck_assert_uint_eq(ended, NODE_COMMANDS_MAX);
}
END_TEST

START_TEST(a_text_that_a_small_device_cannot_take_is_refused)
{
	char text[NODE_COMMAND_MAX + 2];
	struct node_order order = { "a", text, 5000, done, NULL };

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	open_commands(1);
	ck_assert_int_eq(node_commands_send(commands, &order, now), -EINVAL);
	order.text = "";
	ck_assert_int_eq(node_commands_send(commands, &order, now), -EINVAL);
	order.text = "a\nb";
	ck_assert_int_eq(node_commands_send(commands, &order, now), -EINVAL);
	order.text = text + 1;
	ck_assert_int_eq(node_commands_send(commands, &order, now), 0);
	node_commands_close(commands);
}
END_TEST

START_TEST(another_start_gives_other_ids)
{
	uint32_t first[4];

	for (uint64_t seed = 0; seed < 4; seed++) {
		open_commands(seed);
		ck_assert_int_eq(send("a", 0, 5000), 0);
		first[seed] = passed.id;
		node_commands_close(commands);
	}
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(first[i], first[j]);
}
END_TEST

TEST_SUITE(node_commands, a_reply_ends_the_command_that_it_names, a_command_without_reply_ends_in_time,
	a_node_has_one_command_at_a_time, what_the_network_refuses_is_not_under_way, commands_are_bounded,
	a_text_that_a_small_device_cannot_take_is_refused, another_start_gives_other_ids)
