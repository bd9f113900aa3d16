#include "gateway/wave.h"

#include <stdio.h>

#include "tests/unit/suite.h"

static uint32_t place(const char *rollout, const char *node)
{
	return wave_place(rollout, node);
}

/* From Python: int.from_bytes(hashlib.sha256(b"spring\0n0001").digest()[:8], "big") * 1000000 >> 64, and so on. */
START_TEST(places_are_those_that_anyone_can_compute)
{
	ck_assert_uint_eq(place("spring", "n0001"), 989841);
	ck_assert_uint_eq(place("spring", "n0002"), 682521);
	ck_assert_uint_eq(place("summer", "n0001"), 369862);
	ck_assert_uint_eq(place("a", "b"), 350379);
}
END_TEST

START_TEST(the_first_wave_that_holds_a_place_is_its_wave)
{
	static const uint32_t shares[] = { 10000, 50000, WAVE_ALL };

	ck_assert_uint_eq(wave_of(0, shares, 3), 0);
	ck_assert_uint_eq(wave_of(9999, shares, 3), 0);
	ck_assert_uint_eq(wave_of(10000, shares, 3), 1);
	ck_assert_uint_eq(wave_of(50000, shares, 3), 2);
	ck_assert_uint_eq(wave_of(WAVE_ALL - 1, shares, 3), 2);
	ck_assert_uint_eq(wave_of(60000, shares, 2), 2);
}
END_TEST

/* 200,000 nodes: one percent of them is 2000, with a standard deviation of 44.5. */
START_TEST(a_share_of_the_places_is_that_share_of_the_nodes)
{
	static const uint32_t shares[] = { 10000, WAVE_ALL };
	unsigned first = 0;
	char node[16];

	for (unsigned i = 0; i < 200000; i++) {
		snprintf(node, sizeof(node), "node-%06u", i);
		first += wave_of(place("canary", node), shares, 2) == 0;
	}
	ck_assert_uint_ge(first, 1900);
	ck_assert_uint_le(first, 2100);
}
END_TEST

TEST_SUITE(wave, places_are_those_that_anyone_can_compute, the_first_wave_that_holds_a_place_is_its_wave,
	a_share_of_the_places_is_that_share_of_the_nodes)
