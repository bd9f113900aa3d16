#include "protocols/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT 128  /* bytes of a number that is read: any double in full, and longer is no measurement */
#define PLAIN_DIGITS 18 /* as many places after the point are written out, more go into the exponent */

static bool power_of_ten(int64_t *out, int64_t exponent)
{
	if (exponent < 0 || exponent > 18)
		return false;
	for (*out = 1; exponent > 0; exponent--)
		*out *= 10;
	return true;
}

struct number number_from_integer(int64_t value)
{
	return (struct number){ .mantissa = value };
}

struct number number_from_double(double real)
{
	return (struct number){ .is_double = true, .real = real };
}

static double decimal_value(int64_t mantissa, int64_t exponent)
{
	int64_t scale = 1;

	/* Both operands are exact doubles, so the quotient or product is rounded once only. */
	if (mantissa > -(INT64_C(1) << 53) && mantissa < INT64_C(1) << 53) {
		if (power_of_ten(&scale, -exponent))
			return (double)mantissa / (double)scale;
		if (power_of_ten(&scale, exponent))
			return (double)mantissa * (double)scale;
	}
	char text[64];
	snprintf(text, sizeof(text), "%llde%lld", (long long)mantissa, (long long)exponent);
	return strtod(text, NULL);
}

double number_value(const struct number *number)
{
	return number->is_double ? number->real : decimal_value(number->mantissa, number->exponent);
}

static int keep_double(struct number *out, double real)
{
	if (!isfinite(real))
		return -ERANGE;
	*out = number_from_double(real);
	return 0;
}

int number_from_decimal(struct number *out, int64_t mantissa, int64_t exponent)
{
	if (exponent < INT8_MIN || exponent > INT8_MAX)
		return keep_double(out, decimal_value(mantissa, exponent));
	*out = (struct number){ .mantissa = mantissa, .exponent = (int8_t)exponent };
	return 0;
}

/* The digits of a number that is being read. */
struct digits {
	const char *at, *end;
	uint64_t value;
	int64_t exponent;
	bool negative;
	bool exact; /* `value` holds them all */
};

static bool take(struct digits *digits, char wanted)
{
	if (digits->at == digits->end || *digits->at != wanted)
		return false;
	digits->at++;
	return true;
}

/* Takes a run of at least one digit; false if there is none. */
static bool take_digits(struct digits *digits, int64_t places)
{
	const char *begin = digits->at;

	for (; digits->at < digits->end && *digits->at >= '0' && *digits->at <= '9'; digits->at++) {
		uint64_t digit = (uint64_t)(*digits->at - '0');

		if (__builtin_mul_overflow(digits->value, 10, &digits->value) ||
			__builtin_add_overflow(digits->value, digit, &digits->value))
			digits->exact = false;
		digits->exponent -= places;
	}
	return digits->at > begin;
}

static bool take_exponent(struct digits *digits)
{
	bool negative = false;
	int64_t exponent = 0;

	if (!take(digits, 'e') && !take(digits, 'E'))
		return true;
	negative = take(digits, '-');
	if (!negative)
		(void)take(digits, '+');
	const char *begin = digits->at;
	for (; digits->at < digits->end && *digits->at >= '0' && *digits->at <= '9'; digits->at++)
		if (exponent < 1000000)
			exponent = exponent * 10 + (*digits->at - '0');
	digits->exponent += negative ? -exponent : exponent;
	return digits->at > begin;
}

/* The grammar of RFC 8259 section 6: no leading zero, digits on both sides of the point. */
static bool take_number(struct digits *digits)
{
	digits->negative = take(digits, '-');
	const char *whole = digits->at;
	if (!take_digits(digits, 0) || (*whole == '0' && digits->at - whole > 1))
		return false;
	if (take(digits, '.') && !take_digits(digits, 1))
		return false;
	return take_exponent(digits) && digits->at == digits->end;
}

static double read_double(const char *text, size_t size)
{
	char copy[TEXT_LIMIT + 1];

	memcpy(copy, text, size);
	copy[size] = '\0';
	return strtod(copy, NULL);
}

int number_parse(struct number *out, const char *text, size_t size)
{
	struct digits digits = { .at = text, .end = text + size, .exact = true };

	if (size > TEXT_LIMIT)
		return -ERANGE;
	if (size == 0 || !take_number(&digits))
		return -EBADMSG;
	uint64_t limit = digits.negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	bool negative_zero = digits.negative && digits.value == 0;
	if (!digits.exact || digits.value > limit || negative_zero)
		return keep_double(out, read_double(text, size));
	int64_t mantissa = (int64_t)(digits.negative ? 0 - digits.value : digits.value);
	return number_from_decimal(out, mantissa, digits.exponent);
}

static size_t print_double(double real, char text[NUMBER_TEXT_MAX])
{
	for (int digits = 15; digits < 17; digits++) {
		int size = snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, real);

		if (strtod(text, NULL) == real)
			return (size_t)size;
	}
	return (size_t)snprintf(text, NUMBER_TEXT_MAX, "%.17g", real);
}

/* Writes the digits of `value` before `end`, at least `least` of them; the first one written. */
static char *print_digits(char *end, uint64_t value, size_t least)
{
	char *at = end;

	for (; value > 0 || (size_t)(end - at) < least; value /= 10)
		*--at = (char)('0' + value % 10);
	return at;
}

static size_t print_decimal(int64_t mantissa, int places, char *text)
{
	char digits[24];
	char *end = digits + sizeof(digits);
	uint64_t magnitude = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
	char *first = print_digits(end, magnitude, (size_t)places + 1);
	size_t whole = (size_t)(end - first) - (size_t)places;
	char *at = text;

	if (mantissa < 0)
		*at++ = '-';
	memcpy(at, first, whole);
	at += whole;
	if (places > 0) {
		*at++ = '.';
		memcpy(at, first + whole, (size_t)places);
		at += places;
	}
	return (size_t)(at - text);
}

size_t number_print(const struct number *number, char text[NUMBER_TEXT_MAX])
{
	if (number->is_double)
		return print_double(number->real, text);
	if (number->exponent <= 0 && number->exponent >= -PLAIN_DIGITS)
		return print_decimal(number->mantissa, -number->exponent, text);
	size_t size = print_decimal(number->mantissa, 0, text);
	return size + (size_t)snprintf(text + size, NUMBER_TEXT_MAX - size, "e%d", number->exponent);
}

/* Brings `number` to a lower exponent; false if it does not fit. */
static bool lower_exponent(int64_t *mantissa, const struct number *number, int exponent)
{
	int64_t scale = 0;

	if (number->mantissa == 0) {
		*mantissa = 0;
		return true;
	}
	return power_of_ten(&scale, number->exponent - exponent) &&
	       !__builtin_mul_overflow(number->mantissa, scale, mantissa);
}

int number_add(struct number *out, const struct number *a, const struct number *b)
{
	int8_t exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
	int64_t left = 0;
	int64_t right = 0;
	int64_t sum = 0;

	if (!a->is_double && !b->is_double && lower_exponent(&left, a, exponent) &&
		lower_exponent(&right, b, exponent) && !__builtin_add_overflow(left, right, &sum)) {
		*out = (struct number){ .mantissa = sum, .exponent = exponent };
		return 0;
	}
	return keep_double(out, number_value(a) + number_value(b));
}

int number_subtract(struct number *out, const struct number *a, const struct number *b)
{
	struct number negative = *b;

	if (b->is_double || b->mantissa == INT64_MIN)
		return keep_double(out, number_value(a) - number_value(b));
	negative.mantissa = -b->mantissa;
	return number_add(out, a, &negative);
}

int number_multiply(struct number *out, const struct number *a, const struct number *b)
{
	int exponent = a->exponent + b->exponent;
	int64_t product = 0;

	if (!a->is_double && !b->is_double && exponent >= INT8_MIN && exponent <= INT8_MAX &&
		!__builtin_mul_overflow(a->mantissa, b->mantissa, &product)) {
		*out = (struct number){ .mantissa = product, .exponent = (int8_t)exponent };
		return 0;
	}
	return keep_double(out, number_value(a) * number_value(b));
}

int number_compare(const struct number *a, const struct number *b)
{
	int8_t exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
	int64_t left = 0;
	int64_t right = 0;

	if (!a->is_double && !b->is_double && lower_exponent(&left, a, exponent) && lower_exponent(&right, b, exponent))
		return (left > right) - (left < right);
	double x = number_value(a);
	double y = number_value(b);
	return (x > y) - (x < y);
}

struct number number_round(double real, unsigned places)
{
	int64_t scale = 0;
	double scaled = power_of_ten(&scale, places) ? real * (double)scale : INFINITY;

	if (!(scaled > -0x1p53 && scaled < 0x1p53))
		return number_from_double(real);
	return (struct number){ .mantissa = llround(scaled), .exponent = (int8_t) - (int)places };
}

static int round_double(int64_t *out, double real)
{
	/* 2^63 is the first double that does not fit; the comparison also catches what is not a number. */
	if (!(real > -0x1p63 && real < 0x1p63))
		return -ERANGE;
	*out = llround(real);
	return 0;
}

int number_scale(int64_t *out, const struct number *number, int power)
{
	int64_t scale = 0;
	int64_t value = 0;

	if (number->is_double)
		return round_double(out, number->real * decimal_value(1, power));
	int shift = number->exponent + power;
	if (number->mantissa == 0 || shift < -18) {
		*out = 0;
		return 0;
	}
	if (shift < 0) {
		(void)power_of_ten(&scale, -shift);
		value = number->mantissa / scale;
		int64_t rest = number->mantissa % scale;
		*out = value + (rest >= scale - scale / 2) - (rest <= scale / 2 - scale);
		return 0;
	}
	if (!power_of_ten(&scale, shift) || __builtin_mul_overflow(number->mantissa, scale, &value))
		return -ERANGE;
	*out = value;
	return 0;
}

bool number_same(const struct number *a, const struct number *b)
{
	if (a->is_double || b->is_double)
		return a->is_double && b->is_double && memcmp(&a->real, &b->real, sizeof(a->real)) == 0;
	return a->mantissa == b->mantissa && a->exponent == b->exponent;
}
