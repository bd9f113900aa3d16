#include <errno.h>
#include <math.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/tokens_format.h"
#include "protocols/utf8.h"

#define INDEFINITE 31
#define BREAK 0xff
#define TAG_DECIMAL_FRACTION 4

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* The head of a data item (RFC 8949 section 3). */
struct head {
	enum major major;
	uint8_t info; /* additional information: the low five bits */
	uint64_t argument;
};

static struct head read_head(struct token_reader *reader)
{
	uint8_t byte = read_u8(&reader->in);
	struct head head = { .major = byte >> 5, .info = byte & 31 };

	if (head.info < 24)
		head.argument = head.info;
	else if (head.info == 24)
		head.argument = read_u8(&reader->in);
	else if (head.info == 25)
		head.argument = read_be16(&reader->in);
	else if (head.info == 26)
		head.argument = read_be32(&reader->in);
	else if (head.info == 27)
		head.argument = read_be64(&reader->in);
	else if (head.info != INDEFINITE || (head.major != ARRAY && head.major != MAP))
		(void)tokens_fail(reader, -EBADMSG);
	if (reader->in.failed)
		(void)tokens_fail(reader, -EBADMSG);
	return head;
}

/* RFC 8949 appendix D. */
static double half_value(uint16_t bits)
{
	int exponent = bits >> 10 & 31;
	double mantissa = bits & 0x3ff;
	double value = exponent == 0 ? ldexp(mantissa, -24) : ldexp(mantissa + 1024, exponent - 25);

	if (exponent == 31)
		value = mantissa > 0 ? (double)NAN : (double)INFINITY;
	return bits & 0x8000 ? -value : value;
}

static double float_value(const struct head *head)
{
	uint32_t bits = (uint32_t)head->argument;
	float single = 0;
	double real = 0;

	if (head->info == 25)
		return half_value((uint16_t)head->argument);
	memcpy(&single, &bits, sizeof(single));
	memcpy(&real, &head->argument, sizeof(real));
	return head->info == 26 ? (double)single : real;
}

static struct token read_simple(struct token_reader *reader, const struct head *head)
{
	if (head->info == 20 || head->info == 21)
		return (struct token){ .kind = TOKEN_BOOLEAN, .boolean = head->info == 21 };
	if (head->info == 22)
		return (struct token){ .kind = TOKEN_NULL };
	if (head->info < 25)
		return tokens_fault(reader, -EBADMSG);
	double real = float_value(head);
	if (!isfinite(real))
		return tokens_fault(reader, -ERANGE);
	return (struct token){ .kind = TOKEN_NUMBER, .number = number_from_double(real) };
}

/* An integer beyond 63 bits becomes the nearest double. */
static struct number integer_value(const struct head *head)
{
	bool negative = head->major == NEGATIVE;

	if (head->argument > INT64_MAX)
		return number_from_double(negative ? -1.0 - (double)head->argument : (double)head->argument);
	return number_from_integer(negative ? -1 - (int64_t)head->argument : (int64_t)head->argument);
}

static int64_t read_integer(struct token_reader *reader)
{
	struct head head = read_head(reader);
	struct number number = integer_value(&head);

	if (head.major > NEGATIVE)
		(void)tokens_fail(reader, -EBADMSG);
	else if (number.is_double)
		(void)tokens_fail(reader, -ERANGE);
	return number.mantissa;
}

/* RFC 8949 section 3.4.4: an array of exponent and mantissa. */
static struct token read_decimal_fraction(struct token_reader *reader)
{
	struct token token = { .kind = TOKEN_NUMBER };
	struct head pair = read_head(reader);

	if (pair.major != ARRAY || pair.info == INDEFINITE || pair.argument != 2)
		return tokens_fault(reader, -EBADMSG);
	int64_t exponent = read_integer(reader);
	int64_t mantissa = read_integer(reader);
	if (reader->error)
		return (struct token){ .kind = TOKEN_FAULT };
	/* Far beyond any double, so that adding exponents later cannot overflow. */
	if (exponent < -100000 || exponent > 100000)
		return tokens_fault(reader, -ERANGE);
	int result = number_from_decimal(&token.number, mantissa, exponent);
	return result < 0 ? tokens_fault(reader, result) : token;
}

static struct token read_string(struct token_reader *reader, const struct head *head)
{
	const uint8_t *data = head->argument <= SIZE_MAX ? read_bytes(&reader->in, (size_t)head->argument) : NULL;
	struct span text = { (const char *)data, (size_t)head->argument };

	if (!data || (head->major == TEXT && !utf8_valid(text)))
		return tokens_fault(reader, -EBADMSG);
	return (struct token){ .kind = head->major == TEXT ? TOKEN_TEXT : TOKEN_BYTES, .text = text };
}

static struct token open_nest(struct token_reader *reader, const struct head *head)
{
	struct token_nest nest = { .is_map = head->major == MAP, .counted = head->info != INDEFINITE };

	/* Every item takes a byte at least; this also keeps twice the count from overflowing. */
	if (head->argument > reader_left(&reader->in) && nest.counted)
		return tokens_fault(reader, -EBADMSG);
	nest.items = nest.counted ? head->argument * (nest.is_map ? 2 : 1) : 0;
	return tokens_open(reader, &nest);
}

static struct token read_item(struct token_reader *reader)
{
	struct head head = read_head(reader);

	if (reader->error)
		return (struct token){ .kind = TOKEN_FAULT };
	switch (head.major) {
	case UNSIGNED:
	case NEGATIVE:
		return (struct token){ .kind = TOKEN_NUMBER, .number = integer_value(&head) };
	case BYTES:
	case TEXT:
		return read_string(reader, &head);
	case ARRAY:
	case MAP:
		return open_nest(reader, &head);
	case TAG:
		if (head.argument == TAG_DECIMAL_FRACTION)
			return read_decimal_fraction(reader);
		break;
	case SIMPLE:
		return read_simple(reader, &head);
	}
	return tokens_fault(reader, -EBADMSG);
}

static bool nest_ends(struct token_reader *reader, const struct token_nest *nest)
{
	if (nest->counted)
		return nest->items == 0;
	if (reader_left(&reader->in) == 0 || *reader->in.at != BREAK)
		return false;
	if (nest->is_map && nest->items % 2)
		return false;
	reader->in.at++;
	return true;
}

static struct token read_entry(struct token_reader *reader, struct token_nest *nest)
{
	if (nest_ends(reader, nest))
		return tokens_close(reader);
	nest->items += nest->counted ? UINT64_MAX : 1; /* one less to come, or one more read */
	return read_item(reader);
}

static bool at_end(struct token_reader *reader)
{
	return reader_left(&reader->in) == 0;
}

const struct tokens_format tokens_cbor = { .value = read_item, .entry = read_entry, .at_end = at_end };
