#include "gateway/cli/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void ck_wraps(const char *text, size_t columns, size_t indent, size_t width, const char *expected)
{
	char *printed;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	wrap_print(out, text, columns, indent, width);
	fclose(out);
	ck_assert_str_eq(printed, expected);
	free(printed);
}

START_TEST(a_text_is_broken_between_words)
{
	ck_wraps("2 of 2 nodes run the image, 2 needed", 14, 4, 20, "2 of 2 nodes\n    run the image, 2\n    needed");
	ck_wraps("2 of 2", 6, 4, 20, "2 of 2");
	ck_wraps("2 of 2 ", 6, 4, 20, "2 of 2");
	ck_wraps("", 6, 4, 20, "");
}
END_TEST

START_TEST(a_word_that_is_too_long_is_broken_where_the_line_ends)
{
	ck_wraps("abcdefghijkl", 5, 2, 6, "abcde\n  fghi\n  jkl");
	ck_wraps("ab cdefghijkl", 5, 2, 6, "ab\n  cdef\n  ghij\n  kl");
}
END_TEST

START_TEST(a_change_of_colour_takes_no_room)
{
	ck_wraps("\033[32mgood\033[0m news", 9, 0, 9, "\033[32mgood\033[0m news");
	ck_wraps("\033[32mgood\033[0m news", 8, 0, 8, "\033[32mgood\033[0m\nnews");
}
END_TEST

START_TEST(characters_are_not_broken)
{
	ck_wraps("\u2265\u2265\u2265\u2265", 2, 0, 3, "\u2265\u2265\n\u2265\u2265");
}
END_TEST

START_TEST(where_there_is_no_limit_it_is_one_line)
{
	ck_wraps("2 of 2 nodes run the image", 0, 4, 0, "2 of 2 nodes run the image");
}
END_TEST

START_TEST(a_terminal_with_no_room_at_all_gets_a_column_of_letters)
{
	ck_wraps("abc", 0, 4, 2, "a\n    b\n    c");
}
END_TEST

TEST_SUITE(wrap, a_text_is_broken_between_words, a_word_that_is_too_long_is_broken_where_the_line_ends,
	a_change_of_colour_takes_no_room, characters_are_not_broken, where_there_is_no_limit_it_is_one_line,
	a_terminal_with_no_room_at_all_gets_a_column_of_letters)
