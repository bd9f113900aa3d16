#include "protocols/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

static struct number parsed(const char *text)
{
	struct number number = { 0 };

	ck_assert_msg(number_parse(&number, text, strlen(text)) == 0, "%s", text);
	return number;
}

static const char *printed(const struct number *number)
{
	static char text[NUMBER_TEXT_MAX + 1];

	text[number_print(number, text)] = '\0';
	return text;
}

START_TEST(a_decimal_is_kept_digit_by_digit)
{
	static const struct {
		const char *text;
		int64_t mantissa;
		int exponent;
	} cases[] = { { "22.50", 2250, -2 }, { "-0.001", -1, -3 }, { "1e3", 1, 3 }, { "1.25E+10", 125, 8 },
		{ "120.1", 1201, -1 }, { "0", 0, 0 }, { "0.00", 0, -2 }, { "9223372036854775807", INT64_MAX, 0 },
		{ "-9223372036854775808", INT64_MIN, 0 }, { "1e-128", 1, -128 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct number number = parsed(cases[i].text);

		ck_assert_msg(!number.is_double, "%s", cases[i].text);
		ck_assert_int_eq(number.mantissa, cases[i].mantissa);
		ck_assert_int_eq(number.exponent, cases[i].exponent);
	}
}
END_TEST

START_TEST(what_does_not_fit_a_decimal_is_the_nearest_double)
{
	static const char *const texts[] = { "12345678901234567890", "1e200", "1e-200", "-0", "-0.0e5",
		"3.14159265358979323846264338327950288" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct number number = parsed(texts[i]);
		double expected = strtod(texts[i], NULL);

		ck_assert_msg(number.is_double, "%s", texts[i]);
		ck_assert_msg(memcmp(&number.real, &expected, sizeof(expected)) == 0, "%s", texts[i]);
	}
}
END_TEST

START_TEST(a_text_that_is_no_json_number_is_refused)
{
	static const char *const texts[] = { "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1 ", "0x10", "NaN",
		"Infinity", "1.5.2", "--1", "1e5e5" };
	struct number number = { .mantissa = 7 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(number_parse(&number, texts[i], strlen(texts[i])) == -EBADMSG, "%s", texts[i]);
	ck_assert_int_eq(number_parse(&number, "1e400", 5), -ERANGE);
	ck_assert_int_eq(number.mantissa, 7);
}
END_TEST

START_TEST(a_printed_number_reads_back_the_same)
{
	struct random random;

	random_init(&random, 1);
	for (int i = 0; i < 100000; i++) {
		struct number number = sample_number(&random);
		struct number back = parsed(printed(&number));

		ck_assert_msg(sample_same_number(&number, &back, true), "%s", printed(&number));
	}
}
END_TEST

START_TEST(numbers_print_as_people_write_them)
{
	static const char *const texts[] = { "22.50", "-0.001", "0", "0.00", "-9223372036854775808", "1e3",
		"0.000000000000000001", "5e-19" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct number number = parsed(texts[i]);

		ck_assert_str_eq(printed(&number), texts[i]);
	}
	struct number number = number_from_double(0.1);
	ck_assert_str_eq(printed(&number), "0.1");
}
END_TEST

START_TEST(values_are_the_nearest_doubles)
{
	struct random random;

	random_init(&random, 2);
	for (int i = 0; i < 20000; i++) {
		struct number number = sample_number(&random);
		char text[64];

		if (number.is_double)
			continue;
		snprintf(text, sizeof(text), "%llde%d", (long long)number.mantissa, number.exponent);
		double expected = strtod(text, NULL);
		double value = number_value(&number);
		ck_assert_msg(memcmp(&value, &expected, sizeof(value)) == 0, "%s", text);
	}
}
END_TEST

static void check_sum(const char *a, const char *b, const char *expected)
{
	struct number left = parsed(a);
	struct number right = parsed(b);
	struct number sum;

	ck_assert_int_eq(number_add(&sum, &left, &right), 0);
	ck_assert_str_eq(printed(&sum), expected);
}

START_TEST(decimals_add_exactly)
{
	check_sum("0.1", "0.2", "0.3");
	check_sum("1276020076.001", "-5", "1276020071.001");
	check_sum("20", "0.25", "20.25");
	check_sum("1e3", "1", "1001");
	check_sum("0", "1e-30", "1e-30");
	check_sum("1e100", "1", "1e+100");
	check_sum("9223372036854775807", "9223372036854775807", "1.8446744073709552e+19");
	struct number most = number_from_double(1.7e308);
	struct number sum = { .mantissa = 3 };
	ck_assert_int_eq(number_add(&sum, &most, &most), -ERANGE);
	ck_assert_int_eq(sum.mantissa, 3);
}
END_TEST

static int64_t scaled(const char *text, int power)
{
	struct number number = parsed(text);
	int64_t value = 0;

	ck_assert_int_eq(number_scale(&value, &number, power), 0);
	return value;
}

START_TEST(scaling_rounds_half_away_from_zero)
{
	ck_assert_int_eq(scaled("1.0000005", 6), 1000001);
	ck_assert_int_eq(scaled("-1.0000005", 6), -1000001);
	ck_assert_int_eq(scaled("1.00000049", 6), 1000000);
	ck_assert_int_eq(scaled("1.4", 0), 1);
	ck_assert_int_eq(scaled("1.5", 0), 2);
	ck_assert_int_eq(scaled("1e-100", 6), 0);
	ck_assert_int_eq(scaled("0e100", 6), 0);
	ck_assert_int_eq(scaled("1.276020076001e+09", 6), INT64_C(1276020076001000));
	struct number number = parsed("1e19");
	int64_t value = 5;
	ck_assert_int_eq(number_scale(&value, &number, 0), -ERANGE);
	number = number_from_double(0x1p63);
	ck_assert_int_eq(number_scale(&value, &number, 0), -ERANGE);
	ck_assert_int_eq(value, 5);
}
END_TEST

START_TEST(decimals_are_subtracted_and_multiplied_exactly)
{
	struct number a = parsed("22.50"), b = parsed("0.1"), out;

	ck_assert_int_eq(number_subtract(&out, &a, &b), 0);
	ck_assert(out.mantissa == 2240 && out.exponent == -2);
	ck_assert_int_eq(number_multiply(&out, &a, &b), 0);
	ck_assert(out.mantissa == 2250 && out.exponent == -3);
	a = parsed("9223372036854775807");
	ck_assert_int_eq(number_multiply(&out, &a, &a), 0);
	ck_assert(out.is_double && out.real == 0x1p126);
	a = parsed("1e300");
	ck_assert_int_eq(number_multiply(&out, &a, &a), -ERANGE);
	b = parsed("-9223372036854775808");
	ck_assert_int_eq(number_subtract(&out, &b, &b), 0);
	ck_assert(number_value(&out) == 0);
}
END_TEST

START_TEST(decimals_compare_exactly)
{
	static const struct {
		const char *a, *b;
		int order;
	} all[] = { { "0.1", "0.10", 0 }, { "0.3", "0.30000000000000001", -1 }, { "-1", "1e-9", -1 },
		{ "1e100", "1", 1 }, { "9007199254740993", "9007199254740992", 1 }, { "0", "0e9", 0 } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct number a = parsed(all[i].a), b = parsed(all[i].b);
		ck_assert_int_eq(number_compare(&a, &b), all[i].order);
		ck_assert_int_eq(number_compare(&b, &a), -all[i].order);
	}
}
END_TEST

START_TEST(a_double_is_rounded_to_places)
{
	struct number number = number_round(2.0 / 3, 4);

	ck_assert(!number.is_double && number.mantissa == 6667 && number.exponent == -4);
	number = number_round(-21.5, 0);
	ck_assert(number.mantissa == -22 && number.exponent == 0);
	ck_assert(number_round(1e15, 4).is_double);
	ck_assert(number_round(1, 200).is_double);
}
END_TEST

TEST_SUITE(number, a_decimal_is_kept_digit_by_digit, what_does_not_fit_a_decimal_is_the_nearest_double,
	a_text_that_is_no_json_number_is_refused, a_printed_number_reads_back_the_same,
	numbers_print_as_people_write_them, values_are_the_nearest_doubles, decimals_add_exactly,
	scaling_rounds_half_away_from_zero, decimals_are_subtracted_and_multiplied_exactly, decimals_compare_exactly,
	a_double_is_rounded_to_places)
