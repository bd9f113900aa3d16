#include <errno.h>
#include <string.h>

#include "drivers/far_state.h"
#include "tests/unit/suite.h"

/* What the driver's calls became, in the place of far_gateway.c. */
static struct {
	struct driver_message sent;
	unsigned count;
	int send_result, wait_result;
	struct driver_message answer;
} t;

int far_send(struct far_gateway *gateway, const struct driver_message *message, struct span data)
{
	char head[DRIVER_HEAD_MAX];
	char why[160];
	struct driver_message parsed;

	/* The gateway must be able to read whatever a driver says. */
	size_t size = driver_message_write(message, head);
	ck_assert_msg(driver_message_parse(&parsed, (struct span){ head, size }, why, sizeof(why)) == 0, "%s", why);
	t.sent = parsed;
	t.count++;
	return t.send_result;
}

int far_wait(struct far_gateway *gateway, enum driver_message_type type, uint32_t id, struct driver_message *out)
{
	ck_assert_uint_eq(id, t.sent.id);
	if (t.wait_result == 0)
		*out = t.answer;
	return t.wait_result;
}

void far_take_offers(struct far_gateway *gateway)
{
}

static struct far_gateway gateway;

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	memset(&gateway, 0, sizeof(gateway));
	far_host_init(&gateway);
}

static int contact(int battery_percent, int signal_dbm, struct contact_answer *answer)
{
	const struct node_contact node = { .node = "n1", .battery_percent = battery_percent, .signal_dbm = signal_dbm };

	return gateway.host.contact(gateway.host.context, &node, answer);
}

START_TEST(what_a_node_claims_of_its_battery_and_signal_cannot_end_its_driver)
{
	static const int batteries[][2] = { { -1, -1 }, { 0, 0 }, { 100, 100 }, { 101, -1 }, { 255, -1 } };
	static const int signals[][2] = { { -87, -87 }, { 0, 0 }, { 1, 0 }, { 127, 0 } };
	struct contact_answer answer;

	begin();
	for (size_t i = 0; i < sizeof(batteries) / sizeof(batteries[0]); i++) {
		ck_assert_int_eq(contact(batteries[i][0], 0, &answer), 0);
		ck_assert_int_eq(t.sent.battery, batteries[i][1]);
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		ck_assert_int_eq(contact(-1, signals[i][0], &answer), 0);
		ck_assert_int_eq(t.sent.signal, signals[i][1]);
	}
	far_host_finish(&gateway);
}
END_TEST

START_TEST(a_contact_that_is_not_answered_is_to_come_again)
{
	struct contact_answer answer = { 0 };

	begin();
	t.wait_result = -ETIMEDOUT;
	ck_assert_int_eq(contact(-1, 0, &answer), -EBUSY);
	ck_assert_uint_eq(answer.next_s, FAR_BUSY_S);
	t.wait_result = 0;
	t.answer.result = -EACCES;
	ck_assert_int_eq(contact(-1, 0, &answer), -EACCES);
	far_host_finish(&gateway);
}
END_TEST

START_TEST(an_identity_that_is_too_long_is_not_said)
{
	char node[NODE_ID_MAX + 2];
	struct contact_answer answer;

	begin();
	memset(node, 'n', sizeof(node) - 1);
	node[sizeof(node) - 1] = '\0';
	ck_assert_int_eq(
		gateway.host.contact(gateway.host.context, &(struct node_contact){ .node = node }, &answer), -EINVAL);
	ck_assert_uint_eq(t.count, 0);
	far_host_finish(&gateway);
}
END_TEST

START_TEST(trouble_is_passed_on_and_its_end_too)
{
	begin();
	gateway.host.trouble(gateway.host.context, DRIVER_ERROR, "its network is not up: unplugged");
	ck_assert_int_eq(t.sent.type, DRIVER_TROUBLE);
	ck_assert_int_eq(t.sent.level, DRIVER_ERROR);
	ck_assert_str_eq(t.sent.text, "its network is not up: unplugged");
	gateway.host.trouble(gateway.host.context, DRIVER_NOTICE, "");
	ck_assert_str_eq(t.sent.text, "");
	far_host_finish(&gateway);
}
END_TEST

TEST_SUITE(far_host, what_a_node_claims_of_its_battery_and_signal_cannot_end_its_driver,
	a_contact_that_is_not_answered_is_to_come_again, an_identity_that_is_too_long_is_not_said,
	trouble_is_passed_on_and_its_end_too)
