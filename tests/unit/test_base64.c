#include "protocols/base64.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static int parse(uint8_t *out, size_t room, const char *text)
{
	return base64_parse(out, room, text, strlen(text));
}

/* RFC 4648 section 10 */
static const struct {
	const char *bytes, *text;
} vectors[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

START_TEST(the_vectors_of_the_standard_hold_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t bytes[8];
		char text[BASE64_TEXT_SIZE(6)];

		ck_assert_int_eq(parse(bytes, sizeof(bytes), vectors[i].text), (int)strlen(vectors[i].bytes));
		ck_assert_mem_eq(bytes, vectors[i].bytes, strlen(vectors[i].bytes));
		base64_write(text, (const uint8_t *)vectors[i].bytes, strlen(vectors[i].bytes));
		ck_assert_str_eq(text, vectors[i].text);
	}
}
END_TEST

START_TEST(both_alphabets_are_read_and_padding_may_be_left_out)
{
	uint8_t bytes[4];

	ck_assert_int_eq(parse(bytes, sizeof(bytes), "-_8"), 2);
	ck_assert_mem_eq(bytes, "\xfb\xff", 2);
	ck_assert_int_eq(parse(bytes, sizeof(bytes), "+/8="), 2);
	ck_assert_mem_eq(bytes, "\xfb\xff", 2);
}
END_TEST

START_TEST(a_malformed_text_is_refused)
{
	static const char *const texts[] = { "A", "AAAAA", "Zg=", "Z===", "====", "Zm9=v", "Zm 9", "Zm9v\n",
		"Zh==", "Zm9=Zm9v" };
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(parse(bytes, sizeof(bytes), texts[i]) == -EBADMSG, "%s", texts[i]);
}
END_TEST

START_TEST(bytes_that_do_not_fit_are_refused)
{
	uint8_t bytes[3];

	ck_assert_int_eq(parse(bytes, 3, "Zm9v"), 3);
	ck_assert_int_eq(parse(bytes, 2, "Zm9v"), -ENOBUFS);
}
END_TEST

TEST_SUITE(base64, the_vectors_of_the_standard_hold_both_ways, both_alphabets_are_read_and_padding_may_be_left_out,
	a_malformed_text_is_refused, bytes_that_do_not_fit_are_refused)
