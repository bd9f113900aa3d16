#include "gateway/ticker.h"

#include <uv.h>

#include "tests/unit/suite.h"

/* A clock that moves on by ten milliseconds whenever it is read. */
static struct moment stepping(void *context)
{
	int64_t *at_ms = context;

	*at_ms += 10;
	return (struct moment){ .monotonic_ms = *at_ms };
}

struct counted {
	int calls;
	int64_t wants_ms;
	int64_t last_ms;
};

static int64_t count(void *context, struct moment now)
{
	struct counted *counted = context;

	counted->calls++;
	counted->last_ms = now.monotonic_ms;
	return counted->wants_ms;
}

static void run_rounds(uv_loop_t *loop, int rounds)
{
	for (int i = 0; i < rounds; i++)
		uv_run(loop, UV_RUN_NOWAIT);
}

START_TEST(a_patient_module_is_called_when_due_and_an_eager_one_every_round)
{
	uv_loop_t loop;
	struct ticker *ticker;
	int64_t at_ms = 0;
	struct clock clock = { .now = stepping, .context = &at_ms };
	struct counted patient = { .wants_ms = 50 };
	struct counted eager = { .wants_ms = 100000 };

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(ticker_open(&ticker, &loop, &clock), 0);
	ticker_add(ticker, &(struct tick){ .call = count, .context = &patient });
	ticker_add(ticker, &(struct tick){ .call = count, .context = &eager, .eager = true });
	run_rounds(&loop, 11); /* at 10, 20, … 110 ms */
	ck_assert_int_eq(eager.calls, 11);
	ck_assert_int_eq(patient.calls, 3); /* at 10, 60 and 110 ms */
	ck_assert_int_eq(patient.last_ms, 110);
	ticker_close(ticker);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(the_wait_ends_when_the_next_module_is_due)
{
	uv_loop_t loop;
	struct ticker *ticker;
	struct counted module = { .wants_ms = 20 };
	struct moment before = clock_moment(&machine_clock);

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(ticker_open(&ticker, &loop, &machine_clock), 0);
	ticker_add(ticker, &(struct tick){ .call = count, .context = &module });
	while (module.calls < 3)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_ge(module.last_ms - before.monotonic_ms, 40);
	ticker_close(ticker);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(without_a_loop_it_says_when_the_next_module_is_due)
{
	uv_loop_t loop;
	struct ticker *ticker;
	int64_t at_ms = 0;
	struct clock clock = { .now = stepping, .context = &at_ms };
	struct counted sooner = { .wants_ms = 50 };
	struct counted later = { .wants_ms = 70 };

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(ticker_open(&ticker, &loop, &clock), 0);
	ticker_add(ticker, &(struct tick){ .call = count, .context = &later });
	ticker_add(ticker, &(struct tick){ .call = count, .context = &sooner });
	ck_assert_int_eq(ticker_run(ticker), 50); /* at 10 ms */
	ck_assert_int_eq(ticker_run(ticker), 40);
	at_ms = 70;
	ck_assert_int_eq(ticker_run(ticker), 50); /* at 80 ms, when both are due */
	ck_assert_int_eq(sooner.calls, 2);
	ck_assert_int_eq(later.calls, 2);
	ticker_close(ticker);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

TEST_SUITE(ticker, a_patient_module_is_called_when_due_and_an_eager_one_every_round,
	without_a_loop_it_says_when_the_next_module_is_due, the_wait_ends_when_the_next_module_is_due)
