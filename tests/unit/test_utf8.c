#include "protocols/utf8.h"

#include <string.h>

#include "tests/unit/suite.h"

#define LONGEST 40

/* Whether a text of that size is taken, of ASCII but for what stands at `at`. */
static bool takes(size_t size, size_t at, const char *bytes)
{
	char text[LONGEST + 4];

	memset(text, 'a', sizeof(text));
	memcpy(text + at, bytes, strlen(bytes));
	return utf8_valid((struct span){ text, size });
}

START_TEST(ascii_of_any_length_is_utf8)
{
	for (size_t size = 0; size <= LONGEST; size++)
		ck_assert(takes(size, 0, ""));
}
END_TEST

START_TEST(a_stray_byte_is_found_wherever_it_stands)
{
	for (size_t size = 1; size <= LONGEST; size++) {
		for (size_t at = 0; at < size; at++) {
			ck_assert(!takes(size, at, "\x80"));
			ck_assert(!takes(size, at, "\xff"));
		}
	}
}
END_TEST

START_TEST(characters_of_two_to_four_bytes_are_taken_whole)
{
	static const char *const characters[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		size_t length = strlen(characters[i]);
		for (size_t size = length; size <= LONGEST; size++) {
			for (size_t at = 0; at + length <= size; at++)
				ck_assert(takes(size, at, characters[i]));
			ck_assert(!takes(size, size - length + 1, characters[i])); /* cut at the end */
		}
	}
}
END_TEST

START_TEST(what_utf8_forbids_is_refused)
{
	static const char *const forbidden[] = { "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80" };

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		ck_assert(!takes(20, 9, forbidden[i]));
}
END_TEST

TEST_SUITE(utf8, ascii_of_any_length_is_utf8, a_stray_byte_is_found_wherever_it_stands,
	characters_of_two_to_four_bytes_are_taken_whole, what_utf8_forbids_is_refused)
