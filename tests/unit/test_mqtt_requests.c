#include "drivers/mqtt_requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct mqtt_requests requests;

static int add(const char *node, uint32_t offset)
{
	struct mqtt_request request = { .offset = offset, .size = 100 };

	(void)snprintf(request.node, sizeof(request.node), "%s", node);
	return mqtt_requests_add(&requests, &request);
}

START_TEST(requests_leave_in_the_order_in_which_they_came)
{
	requests.count = 0;
	ck_assert_int_eq(add("a", 100), 0);
	ck_assert_int_eq(add("b", 0), 0);
	ck_assert_int_eq(add("a", 0), 0);
	ck_assert_uint_eq(mqtt_requests_take(&requests).offset, 100);
	ck_assert_str_eq(mqtt_requests_take(&requests).node, "b");
	ck_assert_uint_eq(mqtt_requests_take(&requests).offset, 0);
	ck_assert_uint_eq(requests.count, 0);
}
END_TEST

START_TEST(a_request_that_is_made_again_waits_once)
{
	struct mqtt_request other = { .node = "a", .offset = 100, .sha256 = { 1 } };

	requests.count = 0;
	ck_assert_int_eq(add("a", 100), 0);
	ck_assert_int_eq(add("a", 100), -EALREADY);
	ck_assert_int_eq(add("b", 100), 0);
	ck_assert_int_eq(mqtt_requests_add(&requests, &other), 0);
	ck_assert_uint_eq(requests.count, 3);
}
END_TEST

START_TEST(no_node_takes_all_places)
{
	requests.count = 0;
	for (uint32_t i = 0; i < MQTT_REQUESTS_OF_NODE_MAX; i++)
		ck_assert_int_eq(add("fast", i), 0);
	ck_assert_int_eq(add("fast", 1000), -ENOBUFS);
	ck_assert_int_eq(add("slow", 0), 0);
	(void)mqtt_requests_take(&requests);
	ck_assert_int_eq(add("fast", 1000), 0);
}
END_TEST

START_TEST(there_are_only_so_many_places)
{
	char node[16];

	requests.count = 0;
	for (uint32_t i = 0; i < MQTT_REQUESTS_MAX; i++) {
		(void)snprintf(node, sizeof(node), "n%u", i);
		ck_assert_int_eq(add(node, 0), 0);
	}
	ck_assert_int_eq(add("late", 0), -ENOBUFS);
}
END_TEST

TEST_SUITE(mqtt_requests, requests_leave_in_the_order_in_which_they_came, a_request_that_is_made_again_waits_once,
	no_node_takes_all_places, there_are_only_so_many_places)
