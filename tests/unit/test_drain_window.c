#include "gateway/drain_window.h"

#include "tests/unit/suite.h"

#define BATCHES 20000
#define FLIGHTS 8192

/* A line to the broker: batches go one after the other, and a PUBACK comes a round trip after its batch. */
struct line {
	int64_t batch_ms, round_trip_ms;
	int64_t now_ms, free_ms; /* when all that was sent has gone */
	int64_t sent_ms[FLIGHTS], due_ms[FLIGHTS];
	size_t first, end; /* of those under way, modulo FLIGHTS */
	struct drain_window window;
	int64_t longest_wait_ms; /* of a live batch, had there been one */
	unsigned most;
};

static void send_all(struct line *line)
{
	while (line->end - line->first < line->window.size && line->end - line->first < FLIGHTS) {
		if (line->free_ms < line->now_ms)
			line->free_ms = line->now_ms;
		line->free_ms += line->batch_ms;
		line->sent_ms[line->end % FLIGHTS] = line->now_ms;
		line->due_ms[line->end % FLIGHTS] = line->free_ms + line->round_trip_ms;
		line->end++;
	}
	if (line->free_ms - line->now_ms > line->longest_wait_ms)
		line->longest_wait_ms = line->free_ms - line->now_ms;
}

static void receive_one(struct line *line)
{
	size_t slot = line->first % FLIGHTS;
	bool full = line->end - line->first >= line->window.size;

	line->now_ms = line->due_ms[slot];
	line->first++;
	drain_window_note(&line->window, line->sent_ms[slot], line->now_ms, full);
	if (line->window.size > line->most)
		line->most = line->window.size;
}

/* Drains batches over the line; how long it took. */
static int64_t drain(struct line *line, int batches)
{
	int64_t start_ms = line->now_ms;

	for (int i = 0; i < batches; i++) {
		send_all(line);
		receive_one(line);
	}
	return line->now_ms - start_ms;
}

static struct line line_of(int64_t batch_ms, int64_t round_trip_ms)
{
	struct line line = { .batch_ms = batch_ms, .round_trip_ms = round_trip_ms, .now_ms = 1000 };

	drain_window_init(&line.window);
	return line;
}

START_TEST(a_line_is_used_to_the_full)
{
	static const int64_t batch_ms[] = { 1, 5, 60, 1300, 20000 }, round_trip_ms[] = { 1, 20, 100, 600, 2000 };

	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 5; j++) {
			struct line line = line_of(batch_ms[i], round_trip_ms[j]);
			(void)drain(&line, BATCHES);
			int64_t took_ms = drain(&line, BATCHES);
			ck_assert_int_le(took_ms * 95, BATCHES * batch_ms[i] * 100);
		}
	}
}
END_TEST

START_TEST(no_live_batch_waits_much_longer_than_two_batches_take)
{
	static const int64_t batch_ms[] = { 1, 5, 60, 1300, 20000 }, round_trip_ms[] = { 1, 20, 100, 600, 2000 };

	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 5; j++) {
			struct line line = line_of(batch_ms[i], round_trip_ms[j]);
			int64_t alone_ms = batch_ms[i] + round_trip_ms[j];
			(void)drain(&line, BATCHES);
			line.longest_wait_ms = 0;
			(void)drain(&line, BATCHES);
			int64_t most_ms = 2 * alone_ms + 150 + batch_ms[i];
			ck_assert_int_le(line.longest_wait_ms, most_ms);
		}
	}
}
END_TEST

START_TEST(a_line_that_becomes_slow_is_taken_for_what_it_is)
{
	struct line line = line_of(5, 20);

	(void)drain(&line, BATCHES);
	line.round_trip_ms = 3000;
	(void)drain(&line, BATCHES);
	int64_t took_ms = drain(&line, BATCHES);
	ck_assert_int_le(took_ms * 90, BATCHES * 5 * 100);
}
END_TEST

START_TEST(it_grows_only_while_all_of_it_is_used)
{
	struct drain_window window;

	drain_window_init(&window);
	for (int64_t i = 0; i < 100; i++)
		drain_window_note(&window, i * 1000, i * 1000 + 20, false);
	ck_assert_uint_eq(window.size, DRAIN_WINDOW_FIRST);
	drain_window_note(&window, 0, 20, true);
	ck_assert_uint_eq(window.size, DRAIN_WINDOW_FIRST + 1);
}
END_TEST

START_TEST(one_crowd_halves_it_once_and_then_it_grows_slowly)
{
	struct drain_window window;

	drain_window_init(&window);
	for (int i = 0; i < 36; i++)
		drain_window_note(&window, 0, 20, true);
	ck_assert_uint_eq(window.size, DRAIN_WINDOW_FIRST + 36);
	for (int i = 0; i < 36; i++)
		drain_window_note(&window, 100, 1000 + i, true);
	ck_assert_uint_eq(window.size, (DRAIN_WINDOW_FIRST + 36) / 2);
	for (int i = 0; i < (DRAIN_WINDOW_FIRST + 36) / 2; i++)
		drain_window_note(&window, 1980, 2000, true);
	ck_assert_uint_eq(window.size, (DRAIN_WINDOW_FIRST + 36) / 2 + 1);
	drain_window_note(&window, 2000, 3000, true);
	ck_assert_uint_eq(window.size, (DRAIN_WINDOW_FIRST + 36) / 4);
}
END_TEST

TEST_SUITE(drain_window, a_line_is_used_to_the_full, no_live_batch_waits_much_longer_than_two_batches_take,
	a_line_that_becomes_slow_is_taken_for_what_it_is, it_grows_only_while_all_of_it_is_used,
	one_crowd_halves_it_once_and_then_it_grows_slowly)
