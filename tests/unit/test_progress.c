#include "gateway/cli/progress.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cli/table.h"
#include "tests/unit/suite.h"

static char line[PROGRESS_LINE_MAX];

static struct progress of_width(unsigned width)
{
	return (struct progress){ .label = "sending", .total = 1000, .width = width };
}

static const char *line_at(const struct progress *progress, uint64_t done, int64_t now_ms)
{
	progress_line(progress, done, now_ms, line, sizeof(line));
	return line;
}

START_TEST(the_bar_grows_with_what_is_done)
{
	struct progress progress = of_width(60);

	ck_assert_str_eq(line_at(&progress, 0, 0), "sending [>                  ]   0 %");
	ck_assert_str_eq(line_at(&progress, 500, 1000), "sending [=========>         ]  50 %  500 B/s  1 s left");
	ck_assert_str_eq(line_at(&progress, 1000, 2000), "sending [===================] 100 %  500 B/s");
}
END_TEST

START_TEST(the_line_never_outgrows_the_terminal)
{
	for (unsigned width = 45; width <= 200; width++) {
		struct progress progress = of_width(width);
		progress.total = UINT64_C(1) << 40;
		for (uint64_t done = 0; done <= progress.total; done += progress.total / 7)
			ck_assert_uint_le(text_width(line_at(&progress, done, 1000)), width);
	}
}
END_TEST

START_TEST(bytes_that_were_there_before_do_not_count_as_speed)
{
	struct progress progress = of_width(0);

	progress.begun_at = 800;
	ck_assert_str_eq(line_at(&progress, 900, 1000), "sending  90 %  100 B/s  1 s left");
}
END_TEST

START_TEST(more_than_all_is_all)
{
	struct progress progress = of_width(0);

	ck_assert_str_eq(line_at(&progress, 2000, 1000), "sending 100 %  1000 B/s");
	progress.total = 0;
	ck_assert_str_eq(line_at(&progress, 0, 1000), "sending 100 %  0 B/s");
}
END_TEST

START_TEST(without_a_terminal_each_tenth_is_told_once)
{
	char *text;
	size_t size;
	struct progress progress = of_width(0);

	progress.out = open_memstream(&text, &size);
	for (uint64_t done = 0; done <= 1000; done += 50)
		progress_show(&progress, done, (int64_t)done * 10);
	progress_end(&progress, 1000, 10000);
	fclose(progress.out);
	unsigned lines = 0;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	ck_assert_uint_eq(lines, 10);
	free(text);
}
END_TEST

START_TEST(a_short_transfer_is_not_worth_a_line)
{
	char *text;
	size_t size;
	struct progress progress = of_width(0);

	progress.out = open_memstream(&text, &size);
	progress_show(&progress, 500, 400);
	progress_end(&progress, 1000, 800);
	fclose(progress.out);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(on_a_terminal_it_draws_ten_times_a_second)
{
	char *text;
	size_t size;
	struct progress progress = of_width(60);

	progress.on_terminal = true;
	progress.out = open_memstream(&text, &size);
	progress.drawn_ms = -100;
	for (int64_t now_ms = 0; now_ms < 1000; now_ms += 10)
		progress_show(&progress, (uint64_t)now_ms, now_ms);
	fclose(progress.out);
	unsigned draws = 0;
	for (const char *c = text; *c; c++)
		draws += *c == '\r';
	ck_assert_uint_eq(draws, 10);
	free(text);
}
END_TEST

TEST_SUITE(progress, the_bar_grows_with_what_is_done, the_line_never_outgrows_the_terminal,
	bytes_that_were_there_before_do_not_count_as_speed, more_than_all_is_all,
	without_a_terminal_each_tenth_is_told_once, a_short_transfer_is_not_worth_a_line,
	on_a_terminal_it_draws_ten_times_a_second)
