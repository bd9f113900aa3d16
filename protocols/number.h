/*
 * number: decimal numbers kept exactly as they were written, and arithmetic on them that says when it cannot be exact.
 *
 * A number is decimal as long as its digits fit 63 bits and its exponent 8; what does not fit becomes the nearest
 * double. No result is ever infinite or not a number.
 */
#ifndef WAKEGATE_PROTOCOLS_NUMBER_H
#define WAKEGATE_PROTOCOLS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

#define NUMBER_TEXT_MAX 32 /* bytes of the longest text of a number */

struct number number_from_integer(int64_t value);

/* `real` must be finite. */
struct number number_from_double(double real);

/* mantissa * 10^exponent, as a decimal if it fits, else the nearest double; -ERANGE if that is not finite. */
int number_from_decimal(struct number *out, int64_t mantissa, int64_t exponent);

/* Reads a JSON number (RFC 8259 section 6) that fills the whole text. -EBADMSG malformed, -ERANGE not finite. */
int number_parse(struct number *out, const char *text, size_t size);

/* The shortest text that reads back as the same value, as JSON: bytes written to `text` (no terminating zero). */
size_t number_print(const struct number *number, char text[NUMBER_TEXT_MAX]);

/* a + b: exact if both are decimal and the sum fits, else of doubles. -ERANGE. */
int number_add(struct number *out, const struct number *a, const struct number *b);

/* a - b and a * b, in the same way. */
int number_subtract(struct number *out, const struct number *a, const struct number *b);
int number_multiply(struct number *out, const struct number *a, const struct number *b);

/* Less than 0, 0 or more than 0 as a is below, equal to or above b; exact where both are decimal and not too far apart.
 */
int number_compare(const struct number *a, const struct number *b);

/* The decimal with so many `places` behind the point that is nearest to `real`, which is finite; `real` itself where
 * that does not fit. */
struct number number_round(double real, unsigned places);

/* number * 10^power as an integer, rounded half away from zero. -ERANGE if it does not fit. */
int number_scale(int64_t *out, const struct number *number, int power);

/* Whether both say the same value in the same way. */
bool number_same(const struct number *a, const struct number *b);

#endif
