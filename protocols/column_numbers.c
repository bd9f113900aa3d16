#include "protocols/column_numbers.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The column's first byte. */
#define FORM_SHORTEST 0x01        /* all are decimals without zeros at the end: their exponents follow from them */
#define FORM_UNSCALED 0x02        /* decimals too far apart for one exponent */
#define FORM_DECIMAL_DOUBLES 0x04 /* each double is the nearest to a decimal with the same number of places */
#define FORM_SINGLES 0x08         /* and was rounded to single precision */
#define FORM_MASK 0x0f

#define SCALE_MAX 18                 /* powers of ten that fit an integer */
#define PLACES_MAX 9                 /* of a double that is told as a decimal */
#define EXACT_MAX (INT64_C(1) << 53) /* integers up to it are doubles */

static const int64_t powers[SCALE_MAX + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000 };

/* How a column's numbers are told. */
struct form {
	uint8_t flags;
	bool any_decimal, any_double;
	int exponent;    /* smallest of the decimals */
	unsigned shift;  /* low bits that no double uses */
	unsigned places; /* of the doubles told as decimals */
};

static int code_exponent(int64_t code)
{
	return (int)unzigzag((uint64_t)code - 1);
}

static int64_t exponent_code(int exponent)
{
	return (int64_t)zigzag(exponent) + 1;
}

void number_to_column(const struct number *number, int64_t *value, int64_t *code)
{
	*code = number->is_double ? NUMBER_CODE_DOUBLE : exponent_code(number->exponent);
	*value = number->mantissa;
	if (number->is_double)
		memcpy(value, &number->real, sizeof(*value));
}

struct number number_from_column(int64_t value, int64_t code)
{
	struct number number = { .is_double = code == NUMBER_CODE_DOUBLE };

	if (number.is_double) {
		memcpy(&number.real, &value, sizeof(value));
		return number;
	}
	number.mantissa = value;
	number.exponent = (int8_t)code_exponent(code);
	return number;
}

/* The exponent that a decimal in the column's exponent has when it is written without zeros at the end. */
static int shortest_exponent(int64_t *mantissa, int exponent)
{
	if (*mantissa == 0)
		return 0;
	for (; exponent < 0 && *mantissa % 10 == 0; exponent++)
		*mantissa /= 10;
	return exponent;
}

static bool is_shortest(int64_t mantissa, int exponent)
{
	return exponent <= 0 && shortest_exponent(&mantissa, exponent) == exponent;
}

static double nearest(int64_t integer, unsigned places, bool single)
{
	double real = (double)integer / (double)powers[places];

	return single ? (double)(float)real : real;
}

/* The integer whose decimal with so many places the double is nearest to; false if there is none. */
static bool as_decimal(int64_t bits, unsigned places, bool single, int64_t *integer)
{
	double real, back;

	memcpy(&real, &bits, sizeof(real));
	double scaled = real * (double)powers[places];
	if (!(fabs(scaled) < (double)EXACT_MAX))
		return false;
	*integer = llround(scaled);
	back = nearest(*integer, places, single);
	return memcmp(&back, &real, sizeof(back)) == 0;
}

/* Tries whether all doubles are decimals with as many places as the longest of them needs. */
static bool find_places(const struct column_numbers *column, bool single, struct form *form)
{
	int64_t integer;
	unsigned places = 0;

	for (size_t i = 0; i < column->count; i++) {
		if (column->codes[i] != NUMBER_CODE_DOUBLE)
			continue;
		while (!as_decimal(column->values[i], places, single, &integer))
			if (++places > PLACES_MAX)
				return false;
	}
	/* More places than a number needs may be too many for it. */
	for (size_t i = 0; i < column->count; i++)
		if (column->codes[i] == NUMBER_CODE_DOUBLE && !as_decimal(column->values[i], places, single, &integer))
			return false;
	form->places = places;
	form->flags |= FORM_DECIMAL_DOUBLES | (single ? FORM_SINGLES : 0);
	return true;
}

static void survey_doubles(const struct column_numbers *column, struct form *form)
{
	uint64_t all = 0;

	for (size_t i = 0; i < column->count; i++)
		all |= column->codes[i] == NUMBER_CODE_DOUBLE ? (uint64_t)column->values[i] : 0;
	form->shift = all ? (unsigned)__builtin_ctzll(all) : 0;
	/* Half precision leaves 42 bits unused, single 29: beyond that nothing is to be gained. */
	if (form->shift >= 42)
		return;
	if (!find_places(column, false, form) && form->shift >= 29)
		(void)find_places(column, true, form);
}

static void survey_decimals(const struct column_numbers *column, struct form *form)
{
	bool shortest = !form->any_double && form->exponent < 0;
	bool fits = true;

	for (size_t i = 0; i < column->count && (fits || shortest); i++) {
		int64_t scaled;

		if (column->codes[i] == NUMBER_CODE_DOUBLE)
			continue;
		int exponent = code_exponent(column->codes[i]);
		fits = fits && exponent - form->exponent <= SCALE_MAX &&
		       !__builtin_mul_overflow(column->values[i], powers[exponent - form->exponent], &scaled);
		shortest = shortest && is_shortest(column->values[i], exponent);
	}
	if (!fits)
		form->flags |= FORM_UNSCALED;
	else if (shortest)
		form->flags |= FORM_SHORTEST;
}

static struct form survey(const struct column_numbers *column)
{
	struct form form = { .exponent = INT8_MAX };

	for (size_t i = 0; i < column->count; i++) {
		if (column->codes[i] == NUMBER_CODE_DOUBLE) {
			form.any_double = true;
			continue;
		}
		int exponent = code_exponent(column->codes[i]);
		form.any_decimal = true;
		form.exponent = exponent < form.exponent ? exponent : form.exponent;
	}
	if (form.any_double)
		survey_doubles(column, &form);
	if (form.any_decimal)
		survey_decimals(column, &form);
	return form;
}

/* A double's bits as an integer that grows with the double; the two zeros stay apart. */
static int64_t order_bits(int64_t bits, unsigned shift)
{
	uint64_t magnitude = ((uint64_t)bits & INT64_MAX) >> shift;

	return bits < 0 ? -(int64_t)magnitude - 1 : (int64_t)magnitude;
}

static int64_t restore_bits(int64_t ordered, unsigned shift)
{
	uint64_t magnitude = (uint64_t)(ordered < 0 ? -(ordered + 1) : ordered);
	uint64_t sign = ordered < 0 ? UINT64_C(1) << 63 : 0;

	return (int64_t)((magnitude << shift & INT64_MAX) | sign);
}

static int64_t told_integer(const struct form *form, int64_t value, int64_t code)
{
	int64_t integer = value;

	if (code == NUMBER_CODE_DOUBLE && form->flags & FORM_DECIMAL_DOUBLES)
		(void)as_decimal(value, form->places, form->flags & FORM_SINGLES, &integer);
	else if (code == NUMBER_CODE_DOUBLE)
		integer = order_bits(value, form->shift);
	else if (!(form->flags & FORM_UNSCALED))
		integer *= powers[code_exponent(code) - form->exponent];
	return integer;
}

/* Whether the node has had a number in this pass, and its last one. */
static bool seen_before(struct column_scratch *scratch, uint32_t node)
{
	bool seen = scratch->passes[node] == scratch->pass;

	scratch->passes[node] = scratch->pass;
	return seen;
}

static void write_integers(struct writer *out, const struct column_numbers *column, const struct form *form,
	struct column_scratch *scratch, bool doubles)
{
	size_t first_count = 0, repeat_count = 0;

	scratch->pass++;
	for (size_t i = 0; i < column->count; i++) {
		uint32_t node = column->nodes[i];

		if ((column->codes[i] == NUMBER_CODE_DOUBLE) != doubles)
			continue;
		int64_t integer = told_integer(form, column->values[i], column->codes[i]);
		if (seen_before(scratch, node))
			scratch->repeats[repeat_count++] = (int64_t)((uint64_t)integer - (uint64_t)scratch->last[node]);
		else
			scratch->firsts[first_count++] = integer;
		scratch->last[node] = integer;
	}
	integers_write(out, scratch->firsts, first_count);
	integers_write(out, scratch->repeats, repeat_count);
}

void numbers_write(struct writer *out, const struct column_numbers *column, struct column_scratch *scratch)
{
	if (column->count == 0)
		return;
	struct form form = survey(column);

	write_u8(out, form.flags);
	if (!(form.flags & FORM_SHORTEST)) {
		memcpy(scratch->firsts, column->codes, column->count * sizeof(column->codes[0]));
		integers_write(out, scratch->firsts, column->count);
	}
	if (form.any_decimal && !(form.flags & FORM_UNSCALED))
		write_varint(out, zigzag(form.exponent));
	if (form.any_decimal)
		write_integers(out, column, &form, scratch, false);
	if (form.any_double) {
		write_u8(out, (uint8_t)(form.flags & FORM_DECIMAL_DOUBLES ? form.places : form.shift));
		write_integers(out, column, &form, scratch, true);
	}
}

static void read_codes(struct reader *in, struct column_numbers *column, struct form *form)
{
	if (form->flags & FORM_SHORTEST)
		for (size_t i = 0; i < column->count; i++)
			column->codes[i] = exponent_code(0);
	else
		integers_read(in, column->codes, column->count);
	for (size_t i = 0; i < column->count; i++) {
		if ((uint64_t)column->codes[i] > UINT8_MAX + 1)
			in->failed = true;
		if (column->codes[i] == NUMBER_CODE_DOUBLE)
			form->any_double = true;
		else
			form->any_decimal = true;
	}
}

/* A number as it was told, made what it was. */
static int restore_decimal(const struct form *form, int64_t integer, int64_t *value, int64_t *code)
{
	*value = integer;
	if (form->flags & FORM_SHORTEST) {
		*code = exponent_code(shortest_exponent(value, form->exponent));
		return 0;
	}
	if (form->flags & FORM_UNSCALED)
		return 0;
	int apart = code_exponent(*code) - form->exponent;
	if (apart < 0 || apart > SCALE_MAX)
		return -1;
	*value = integer / powers[apart];
	return 0;
}

static int restore_double(const struct form *form, int64_t integer, int64_t *value)
{
	double real;

	if (form->flags & FORM_DECIMAL_DOUBLES) {
		real = nearest(integer, form->places, form->flags & FORM_SINGLES);
		memcpy(value, &real, sizeof(real));
	} else {
		*value = restore_bits(integer, form->shift);
		memcpy(&real, value, sizeof(real));
	}
	return isfinite(real) ? 0 : -1;
}

static size_t count_firsts(
	const struct column_numbers *column, struct column_scratch *scratch, bool doubles, size_t *repeat_count)
{
	size_t first_count = 0;

	*repeat_count = 0;
	scratch->pass++;
	for (size_t i = 0; i < column->count; i++) {
		if ((column->codes[i] == NUMBER_CODE_DOUBLE) != doubles)
			continue;
		if (seen_before(scratch, column->nodes[i]))
			++*repeat_count;
		else
			first_count++;
	}
	return first_count;
}

static void read_integers(struct reader *in, struct column_numbers *column, const struct form *form,
	struct column_scratch *scratch, bool doubles)
{
	size_t first = 0, repeat = 0, repeat_count;
	size_t first_count = count_firsts(column, scratch, doubles, &repeat_count);

	integers_read(in, scratch->firsts, first_count);
	integers_read(in, scratch->repeats, repeat_count);
	scratch->pass++;
	for (size_t i = 0; i < column->count && !in->failed; i++) {
		uint32_t node = column->nodes[i];

		if ((column->codes[i] == NUMBER_CODE_DOUBLE) != doubles)
			continue;
		int64_t integer =
			seen_before(scratch, node)
				? (int64_t)((uint64_t)scratch->last[node] + (uint64_t)scratch->repeats[repeat++])
				: scratch->firsts[first++];
		scratch->last[node] = integer;
		if (doubles ? restore_double(form, integer, &column->values[i])
			    : restore_decimal(form, integer, &column->values[i], &column->codes[i]))
			in->failed = true;
	}
}

/* The byte before the doubles: their places or the bits left out. */
static void read_double_form(struct reader *in, struct form *form)
{
	uint8_t value = read_u8(in);

	if (value > (form->flags & FORM_DECIMAL_DOUBLES ? PLACES_MAX : 63))
		in->failed = true;
	form->places = form->shift = value;
}

void numbers_read(struct reader *in, struct column_numbers *column, struct column_scratch *scratch)
{
	struct form form = { 0 };

	if (column->count == 0)
		return;
	form.flags = read_u8(in);
	if (form.flags & ~FORM_MASK)
		in->failed = true;
	read_codes(in, column, &form);
	if (form.any_decimal && !(form.flags & FORM_UNSCALED)) {
		int64_t exponent = unzigzag(read_varint(in));

		if (exponent < INT8_MIN || exponent > INT8_MAX)
			in->failed = true;
		form.exponent = (int)exponent;
	}
	if (in->failed)
		return;
	if (form.any_decimal)
		read_integers(in, column, &form, scratch, false);
	if (form.any_double && !in->failed) {
		read_double_form(in, &form);
		read_integers(in, column, &form, scratch, true);
	}
}
