#include "drivers/zigbee_outbox.h"

#include <errno.h>
#include <string.h>

#include "drivers/stick_dummy.h"
#include "tests/unit/suite.h"

static struct zigbee_outbox outbox;
static struct stick *stick;
static unsigned told;
static enum stick_sent latest;
static uint64_t latest_about;

static void on_done(void *context, uint64_t about, enum stick_sent outcome)
{
	told++;
	latest = outcome;
	latest_about = about;
}

static void on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	zigbee_outbox_on_sent(&outbox, tag, outcome, *(int64_t *)context);
}

static int64_t now_ms;

static void set_up(void)
{
	const struct stick_host host = { .context = &now_ms, .sent = on_sent };
	const struct stick_port port = { .path = "/dev/ttyUSB0" };
	char why[64];

	now_ms = 1000;
	ck_assert_int_eq(stick_dummy.open(&stick, NULL, &port, &host, why, sizeof(why)), 0);
	zigbee_outbox_init(&outbox);
	zigbee_outbox_attach(&outbox, &stick_dummy, stick);
}

static int put(char letter, bool urgent, uint64_t about)
{
	const struct zigbee_delivery delivery = { .done = on_done, .about = about };

	return zigbee_outbox_put(
		&outbox, &(struct zigbee_message){ .peer = 1, .payload = { &letter, 1 } }, urgent, &delivery, now_ms);
}

/* What the stick was given, letter by letter. */
static const char *given(void)
{
	static char letters[STICK_DUMMY_ROOM + 1];

	for (size_t i = 0; i < stick->sent_count; i++)
		letters[i] = (char)stick->sent[i].data[0];
	letters[stick->sent_count] = '\0';
	return letters;
}

START_TEST(urgent_messages_go_first_and_each_kind_in_its_order)
{
	set_up();
	ck_assert_int_eq(put('a', false, 0), 0);
	ck_assert_int_eq(put('b', false, 0), 0);
	ck_assert_int_eq(put('c', true, 0), 0);
	ck_assert_int_eq(put('d', true, 0), 0);
	zigbee_outbox_turn(&outbox, now_ms);
	ck_assert_str_eq(given(), "cdab");
	stick_dummy.close(stick);
}
END_TEST

START_TEST(each_outcome_is_told_once_to_who_asked)
{
	set_up();
	ck_assert_int_eq(put('a', false, 7), 0);
	ck_assert_int_eq(put('b', false, 8), 0);
	zigbee_outbox_turn(&outbox, now_ms);
	ck_assert_uint_eq(told, 0);
	ck_assert(stick_dummy_deliver(stick, STICK_NO_ACK, NULL));
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(latest_about, 7);
	ck_assert_int_eq(latest, STICK_NO_ACK);
	stick_dummy.close(stick); /* what is under way is lost */
	ck_assert_uint_eq(told, 2);
	ck_assert_int_eq(latest, STICK_LOST);
	ck_assert_uint_eq(outbox.count, 0);
}
END_TEST

START_TEST(what_was_busy_is_tried_again_a_few_times)
{
	set_up();
	ck_assert_int_eq(put('a', false, 7), 0);
	zigbee_outbox_turn(&outbox, now_ms);
	for (int tries = 1; tries < ZIGBEE_OUTBOX_TRIES; tries++) {
		ck_assert(stick_dummy_deliver(stick, STICK_BUSY, NULL));
		zigbee_outbox_turn(&outbox, now_ms);
		ck_assert_str_eq(given(), "");
		now_ms = zigbee_outbox_due_ms(&outbox);
		zigbee_outbox_turn(&outbox, now_ms);
		ck_assert_str_eq(given(), "a");
	}
	ck_assert_uint_eq(told, 0);
	ck_assert(stick_dummy_deliver(stick, STICK_BUSY, NULL));
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(latest, STICK_BUSY);
	stick_dummy.close(stick);
}
END_TEST

START_TEST(what_waits_too_long_is_given_up)
{
	set_up();
	zigbee_outbox_attach(&outbox, NULL, NULL);
	ck_assert_int_eq(put('a', false, 7), 0);
	zigbee_outbox_turn(&outbox, now_ms + ZIGBEE_OUTBOX_PATIENCE_MS - 1);
	ck_assert_uint_eq(told, 0);
	zigbee_outbox_turn(&outbox, now_ms + ZIGBEE_OUTBOX_PATIENCE_MS);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(zigbee_outbox_due_ms(&outbox), INT64_MAX);
	stick_dummy.close(stick);
}
END_TEST

START_TEST(there_is_a_limit_and_room_kept_for_answers)
{
	static const char large[ZIGBEE_ASDU_MAX + 1];

	set_up();
	for (int i = 0; i < ZIGBEE_OUTBOX_ROOM - ZIGBEE_OUTBOX_KEPT; i++)
		ck_assert_int_eq(put('a', false, 0), 0);
	ck_assert_int_eq(put('a', false, 0), -ENOBUFS);
	for (int i = 0; i < ZIGBEE_OUTBOX_KEPT; i++)
		ck_assert_int_eq(put('b', true, 0), 0);
	ck_assert_int_eq(put('b', true, 0), -ENOBUFS);
	ck_assert_int_eq(zigbee_outbox_put(&outbox, &(struct zigbee_message){ .payload = { large, sizeof(large) } },
				 true, NULL, now_ms),
		-EMSGSIZE);
	stick_dummy.close(stick);
}
END_TEST

TEST_SUITE(zigbee_outbox, urgent_messages_go_first_and_each_kind_in_its_order, each_outcome_is_told_once_to_who_asked,
	what_was_busy_is_tried_again_a_few_times, what_waits_too_long_is_given_up,
	there_is_a_limit_and_room_kept_for_answers)
