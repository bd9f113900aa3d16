#include "drivers/coap_commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct coap_commands commands;

static int put(const char *node, uint32_t id, int64_t until_ms)
{
	return coap_commands_put(&commands, &(struct driver_command){ node, id, "blink", until_ms }, 0);
}

START_TEST(a_command_waits_for_its_node_until_it_is_too_late)
{
	coap_commands_init(&commands);
	ck_assert_int_eq(put("a", 1, 100), 0);
	ck_assert_ptr_null(coap_commands_find(&commands, "b", 0));
	ck_assert_uint_eq(coap_commands_find(&commands, "a", 99)->id, 1);
	ck_assert_ptr_null(coap_commands_find(&commands, "a", 100));
	coap_commands_finish(&commands);
}
END_TEST

START_TEST(a_later_command_replaces_one_that_waits)
{
	coap_commands_init(&commands);
	ck_assert_int_eq(put("a", 1, 100), 0);
	ck_assert_int_eq(put("a", 2, 100), 0);
	coap_commands_remove(&commands, "a", 1);
	ck_assert_uint_eq(coap_commands_find(&commands, "a", 0)->id, 2);
	coap_commands_remove(&commands, "a", 2);
	ck_assert_ptr_null(coap_commands_find(&commands, "a", 0));
	coap_commands_remove(&commands, "a", 2);
	coap_commands_finish(&commands);
}
END_TEST

START_TEST(what_is_too_late_makes_room)
{
	char node[16];

	coap_commands_init(&commands);
	for (uint32_t i = 0; i < COAP_COMMANDS_MAX; i++) {
		(void)snprintf(node, sizeof(node), "n%u", i);
		ck_assert_int_eq(put(node, i + 1, i % 2 ? 100 : 200), 0);
	}
	ck_assert_int_eq(put("late", 5000, 300), -ENOBUFS);
	const struct driver_command late = { "late", 5000, "blink", 300 };
	ck_assert_int_eq(coap_commands_put(&commands, &late, 100), 0);
	ck_assert_uint_eq(commands.by_node.count, COAP_COMMANDS_MAX / 2 + 1);
	ck_assert_uint_eq(coap_commands_find(&commands, "n0", 100)->id, 1);
	coap_commands_finish(&commands);
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	char text[NODE_COMMAND_MAX + 2], node[NODE_ID_MAX + 2];

	memset(text, 'x', sizeof(text) - 1);
	memset(node, 'x', sizeof(node) - 1);
	text[sizeof(text) - 1] = node[sizeof(node) - 1] = '\0';
	coap_commands_init(&commands);
	ck_assert_int_eq(coap_commands_put(&commands, &(struct driver_command){ "a", 1, text, 9 }, 0), -EINVAL);
	ck_assert_int_eq(coap_commands_put(&commands, &(struct driver_command){ node, 1, "x", 9 }, 0), -EINVAL);
	ck_assert_int_eq(coap_commands_put(&commands, &(struct driver_command){ node + 1, 1, text + 1, 9 }, 0), 0);
	coap_commands_finish(&commands);
}
END_TEST

TEST_SUITE(coap_commands, a_command_waits_for_its_node_until_it_is_too_late, a_later_command_replaces_one_that_waits,
	what_is_too_late_makes_room, what_is_too_long_is_refused)
