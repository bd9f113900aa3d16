#include "gateway/turn_clock.h"
#include "tests/unit/suite.h"

#include <uv.h>

static struct moment counting(void *context)
{
	int64_t *readings = context;

	++*readings;
	return (struct moment){ *readings, 1000 + *readings };
}

START_TEST(a_turn_has_one_moment_and_the_next_has_another)
{
	int64_t readings = 0;
	const struct clock source = { counting, &readings };
	struct turn_clock turn_clock;
	uv_loop_t loop;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	turn_clock_init(&turn_clock, &source, &loop);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(clock_moment(&turn_clock.clock).wall_ms, 1001);
	ck_assert_int_eq(readings, 1);
	for (uint64_t turn = uv_now(&loop); uv_now(&loop) == turn;)
		uv_update_time(&loop);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(clock_moment(&turn_clock.clock).monotonic_ms, 2);
	ck_assert_int_eq(readings, 2);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

TEST_SUITE(turn_clock, a_turn_has_one_moment_and_the_next_has_another)
