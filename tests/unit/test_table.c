#include "gateway/cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static const struct table_column columns[] = { { "NAME", false, true }, { "SIZE", true, false },
	{ "NOTE", false, true } };

static char *text;
static size_t text_size;

static struct table *filled(void)
{
	struct table *table = table_open(columns, 3);

	table_cell(table, TONE_PLAIN, "alpha");
	table_cell(table, TONE_PLAIN, "%d", 7);
	table_cell(table, TONE_GOOD, "fine");
	table_cell(table, TONE_PLAIN, "b");
	table_cell(table, TONE_PLAIN, "%d", 12345);
	table_cell(table, TONE_BAD, "a note of many words");
	return table;
}

static void ck_prints(struct table *table, unsigned width, bool colour, const char *expected)
{
	FILE *out = open_memstream(&text, &text_size);

	table_print(table, out, width, colour);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
	table_close(table);
}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	ck_prints(filled(), 0, false,
		"NAME    SIZE  NOTE\n"
		"alpha      7  fine\n"
		"b      12345  a note of many words\n");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_cut_where_it_may_give)
{
	ck_prints(filled(), 24, false,
		"NAME    SIZE  NOTE\n"
		"alpha      7  fine\n"
		"b      12345  a note of…\n");
}
END_TEST

START_TEST(what_may_not_give_is_never_cut)
{
	ck_prints(filled(), 5, false,
		"NAME    SIZE  NOTE\n"
		"alpha      7  fine\n"
		"b      12345  a not…\n");
}
END_TEST

START_TEST(a_sentence_in_the_last_column_goes_on_in_the_next_line)
{
	static const struct table_column sentences[] = { { "EVENT", false, false }, { "DETAIL", false, false, true } };

	for (unsigned width = 0; width <= 32; width += 32) {
		struct table *table = table_open(sentences, 2);
		table_cell(table, TONE_PLAIN, "soaking");
		table_cell(table, TONE_PLAIN, "2 of 2 nodes run the image, 2 needed");
		table_cell(table, TONE_PLAIN, "rolling");
		table_cell(table, TONE_PLAIN, "approved");
		ck_prints(table, width, false,
			width ? "EVENT    DETAIL\n"
				"soaking  2 of 2 nodes run the\n"
				"    image, 2 needed\n"
				"rolling  approved\n"
			      : "EVENT    DETAIL\n"
				"soaking  2 of 2 nodes run the image, 2 needed\n"
				"rolling  approved\n");
	}
}
END_TEST

START_TEST(colour_surrounds_the_cell_and_not_the_blanks)
{
	ck_prints(filled(), 0, true,
		"\033[1mNAME\033[0m    \033[1mSIZE\033[0m  \033[1mNOTE\033[0m\n"
		"alpha      7  \033[32mfine\033[0m\n"
		"b      12345  \033[31ma note of many words\033[0m\n");
}
END_TEST

START_TEST(characters_of_several_bytes_count_once)
{
	struct table *table = table_open(columns, 2);

	table_cell(table, TONE_PLAIN, "größe");
	table_cell(table, TONE_PLAIN, "1");
	ck_assert_uint_eq(text_width("größe…"), 6);
	ck_prints(table, 0, false,
		"NAME   SIZE\n"
		"größe     1\n");
}
END_TEST

START_TEST(a_cell_cannot_steer_the_terminal)
{
	struct table *table = table_open(columns, 1);

	table_cell(table, TONE_PLAIN, "\033[2Jx\n");
	ck_prints(table, 0, false, "NAME\n?[2Jx?\n");
}
END_TEST

START_TEST(a_table_without_rows_prints_nothing)
{
	ck_prints(table_open(columns, 3), 80, false, "");
}
END_TEST

TEST_SUITE(table, columns_are_as_wide_as_their_widest_cell, a_line_that_is_too_long_is_cut_where_it_may_give,
	what_may_not_give_is_never_cut, a_sentence_in_the_last_column_goes_on_in_the_next_line,
	colour_surrounds_the_cell_and_not_the_blanks, characters_of_several_bytes_count_once,
	a_cell_cannot_steer_the_terminal, a_table_without_rows_prints_nothing)
