#include "drivers/coap_parking.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>

static struct coap_parking parking;

static int park(const char *data, size_t size, const char *identity, int64_t now_ms)
{
	return coap_parking_add(
		&parking, &(struct coap_arrival){ .data = data, .size = size, .identity = identity }, now_ms);
}

START_TEST(the_oldest_leaves_first_as_it_came)
{
	ck_assert_int_eq(park("one", 3, "n1", 0), 0);
	ck_assert_int_eq(park("second", 6, NULL, 0), 0);
	ck_assert_int_eq(park("one", 3, "n1", 0), -EALREADY);
	struct coap_parked parked = coap_parking_take(&parking);
	struct coap_arrival arrival = coap_parked_arrival(&parked);
	ck_assert_uint_eq(arrival.size, 3);
	ck_assert_mem_eq(arrival.data, "one", 3);
	ck_assert_str_eq(arrival.identity, "n1");
	parked = coap_parking_take(&parking);
	ck_assert_ptr_null(coap_parked_arrival(&parked).identity);
	ck_assert_uint_eq(parking.count, 0);
}
END_TEST

START_TEST(what_is_too_much_or_too_long_finds_no_place)
{
	static char large[COAP_PARKED_SIZE_MAX + 1];

	ck_assert_int_eq(park(large, sizeof(large), NULL, 0), -ENOBUFS);
	for (char i = 0; i < COAP_PARKED_MAX; i++)
		ck_assert_int_eq(park(&i, 1, NULL, 0), 0);
	ck_assert_int_eq(park("more", 4, NULL, 0), -ENOBUFS);
}
END_TEST

START_TEST(nobody_waits_for_ever)
{
	ck_assert_int_eq(park("old", 3, NULL, 0), 0);
	ck_assert_int_eq(park("new", 3, NULL, 1), 0);
	ck_assert_uint_eq(coap_parking_expire(&parking, COAP_PARKED_MS - 1), 0);
	ck_assert_uint_eq(coap_parking_expire(&parking, COAP_PARKED_MS), 1);
	ck_assert_mem_eq(parking.places[0].data, "new", 3);
}
END_TEST

TEST_SUITE(coap_parking, the_oldest_leaves_first_as_it_came, what_is_too_much_or_too_long_finds_no_place,
	nobody_waits_for_ever)
