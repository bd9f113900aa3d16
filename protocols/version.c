#include "protocols/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define IDENTIFIER "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"
#define DIGITS "0123456789"

/* Reads digits of the base at *at and goes behind them. -EINVAL: there are none, or the number is too large. */
static int read_number(const char **at, unsigned base, uint32_t *out)
{
	const char *digits = base == 16 ? DIGITS "abcdefABCDEF" : DIGITS;
	size_t size = strspn(*at, digits);
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++) {
		int digit = tolower((unsigned char)(*at)[i]);
		number = number * base + (unsigned)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
		if (number > UINT32_MAX)
			return -EINVAL;
	}
	*at += size;
	*out = (uint32_t)number;
	return size ? 0 : -EINVAL;
}

static int read_pre(struct version *out, const char **at)
{
	size_t size = strspn(*at, IDENTIFIER);

	if (size == 0)
		return -EINVAL;
	memcpy(out->pre, *at, size);
	*at += size;
	return 0;
}

static int read_build(struct version *out, const char **at)
{
	size_t size = strspn(*at, IDENTIFIER);

	if (size == 0)
		return -EINVAL;
	if (size == strspn(*at, DIGITS))
		return read_number(at, 10, &out->build);
	*at += size;
	return 0;
}

static int read_hexadecimal(struct version *out, const char *at)
{
	if (strlen(at) > 8 || read_number(&at, 16, &out->numbers[0]) < 0)
		return -EINVAL;
	return *at ? -EINVAL : 0;
}

static int read_words(struct version *out, const char *at)
{
	at += *at == 'v' || *at == 'V';
	for (unsigned i = 0; i < VERSION_NUMBERS; i++) {
		if (read_number(&at, 10, &out->numbers[i]) < 0)
			return -EINVAL;
		if (*at != '.')
			break;
		at++;
	}
	if (*at == '-' && (at++, read_pre(out, &at)) < 0)
		return -EINVAL;
	if (*at == '+' && (at++, read_build(out, &at)) < 0)
		return -EINVAL;
	return *at ? -EINVAL : 0;
}

int version_parse(struct version *out, const char *text)
{
	struct version version = { 0 };
	bool hexadecimal = strncmp(text, "0x", 2) == 0;
	int error = strlen(text) > VERSION_TEXT_MAX ? -EINVAL
		    : hexadecimal                   ? read_hexadecimal(&version, text + 2)
						    : read_words(&version, text);

	if (!error)
		*out = version;
	return error;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Numbers by size, whatever their length, and before words; words by their bytes. */
static int compare_identifiers(const char *a, size_t a_size, const char *b, size_t b_size)
{
	bool a_number = strspn(a, DIGITS) >= a_size, b_number = strspn(b, DIGITS) >= b_size;
	size_t least = a_size < b_size ? a_size : b_size;

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number && a_size != b_size)
		return compare_numbers(a_size, b_size);
	int order = memcmp(a, b, least);
	return order ? order : compare_numbers(a_size, b_size);
}

static void skip_zeros(const char **at, size_t *size)
{
	while (*size > 1 && **at == '0' && strspn(*at, DIGITS) >= *size) {
		++*at;
		--*size;
	}
}

/* semver.org 2.0.0, section 11: a release is newer than its pre-releases; more identifiers are newer than fewer. */
static int compare_pre(const char *a, const char *b)
{
	if (!*a || !*b)
		return compare_numbers(!*a, !*b);
	while (*a && *b) {
		size_t a_size = strcspn(a, "."), b_size = strcspn(b, ".");
		const char *a_end = a + a_size, *b_end = b + b_size;
		skip_zeros(&a, &a_size);
		skip_zeros(&b, &b_size);
		int order = compare_identifiers(a, a_size, b, b_size);
		if (order)
			return order;
		a = a_end + (*a_end == '.');
		b = b_end + (*b_end == '.');
	}
	return compare_numbers(*a != '\0', *b != '\0');
}

int version_compare(const struct version *a, const struct version *b)
{
	int order = 0;

	for (unsigned i = 0; order == 0 && i < VERSION_NUMBERS; i++)
		order = compare_numbers(a->numbers[i], b->numbers[i]);
	if (order == 0)
		order = compare_pre(a->pre, b->pre);
	return order ? order : compare_numbers(a->build, b->build);
}
