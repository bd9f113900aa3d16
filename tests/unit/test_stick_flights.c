#include "drivers/stick_flights.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct zigbee_message message = { .peer = 0x1234, .payload = { "abc", 3 } };

START_TEST(a_flight_keeps_a_copy_of_its_message)
{
	struct stick_flights flights;
	struct flight *flight;
	char payload[] = "abc";
	const struct zigbee_message borrowed = { .peer = 7, .payload = { payload, 3 } };

	stick_flights_init(&flights, 2);
	ck_assert_int_eq(stick_flights_begin(&flights, &borrowed, 9, &flight), 0);
	memset(payload, 0, sizeof(payload));
	ck_assert_uint_eq(flight->message.payload.size, 3);
	ck_assert_mem_eq(flight->message.payload.data, "abc", 3);
	ck_assert_ptr_eq(stick_flights_find(&flights, flight->id), flight);
	ck_assert_uint_eq(stick_flights_end(&flights, flight), 9);
	ck_assert_ptr_null(stick_flights_find(&flights, flight->id));
}
END_TEST

START_TEST(no_two_flights_have_one_number)
{
	struct stick_flights flights;
	struct flight *first, *flight;

	stick_flights_init(&flights, STICK_FLIGHTS_MAX);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 0, &first), 0);
	for (uint32_t i = 1; i < 1000; i++) {
		ck_assert_int_eq(stick_flights_begin(&flights, &message, i, &flight), 0);
		ck_assert_uint_ne(flight->id, first->id);
		ck_assert_uint_ne(flight->id, 0);
		(void)stick_flights_end(&flights, flight);
	}
}
END_TEST

START_TEST(there_is_room_for_as_many_as_the_stick_takes)
{
	struct stick_flights flights;
	struct flight *flight;

	stick_flights_init(&flights, 4);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_int_eq(stick_flights_begin(&flights, &message, i, &flight), 0);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 5, &flight), -EAGAIN);
	(void)stick_flights_end(&flights, flight);
	stick_flights_shrink(&flights);
	ck_assert_uint_eq(flights.room, 2);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 5, &flight), -EAGAIN);
	stick_flights_shrink(&flights);
	stick_flights_shrink(&flights);
	ck_assert_uint_eq(flights.room, 1);
	for (int i = 0; i < 9; i++)
		stick_flights_grow(&flights);
	ck_assert_uint_eq(flights.room, 4);
}
END_TEST

START_TEST(what_is_due_first_is_told_first)
{
	struct stick_flights flights;
	struct flight *late, *soon, *never;

	stick_flights_init(&flights, 3);
	ck_assert_int_eq(stick_flights_deadline(&flights), INT64_MAX);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 1, &late), 0);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 2, &soon), 0);
	ck_assert_int_eq(stick_flights_begin(&flights, &message, 3, &never), 0);
	late->due_ms = 200;
	soon->due_ms = 100;
	ck_assert_int_eq(stick_flights_deadline(&flights), 100);
	ck_assert_ptr_null(stick_flights_due(&flights, 99));
	ck_assert_ptr_eq(stick_flights_due(&flights, 300), soon);
	(void)stick_flights_end(&flights, soon);
	ck_assert_ptr_eq(stick_flights_due(&flights, 300), late);
	(void)stick_flights_end(&flights, late);
	ck_assert_ptr_null(stick_flights_due(&flights, INT64_MAX - 1));
}
END_TEST

START_TEST(a_message_that_fits_no_frame_is_refused)
{
	struct stick_flights flights;
	struct flight *flight;
	static const char payload[ZIGBEE_ASDU_MAX + 1];
	const struct zigbee_message longest = { .payload = { payload, ZIGBEE_ASDU_MAX } };
	const struct zigbee_message longer = { .payload = { payload, ZIGBEE_ASDU_MAX + 1 } };

	stick_flights_init(&flights, 1);
	ck_assert_int_eq(stick_flights_begin(&flights, &longer, 1, &flight), -EMSGSIZE);
	ck_assert_int_eq(stick_flights_begin(&flights, &longest, 1, &flight), 0);
}
END_TEST

TEST_SUITE(stick_flights, a_flight_keeps_a_copy_of_its_message, no_two_flights_have_one_number,
	there_is_room_for_as_many_as_the_stick_takes, what_is_due_first_is_told_first,
	a_message_that_fits_no_frame_is_refused)
