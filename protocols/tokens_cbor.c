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

/* The argument of a head whose first byte does not say it. */
static uint64_t read_argument(struct token_reader *reader, const struct head *head)
{
	uint64_t argument = 0;

	if (head->info == 24)
		argument = read_u8(&reader->in);
	else if (head->info == 25)
		argument = read_be16(&reader->in);
	else if (head->info == 26)
		argument = read_be32(&reader->in);
	else if (head->info == 27)
		argument = read_be64(&reader->in);
	else if (head->info != INDEFINITE || (head->major != ARRAY && head->major != MAP))
		(void)tokens_fail(reader, -EBADMSG);
	if (reader->in.failed)
		(void)tokens_fail(reader, -EBADMSG);
	return argument;
}

static inline struct head read_head(struct token_reader *reader)
{
	uint8_t byte = read_u8(&reader->in);
	struct head head = { .major = byte >> 5, .info = byte & 31, .argument = byte & 31 };

	if (head.info >= 24 || reader->in.failed)
		head.argument = read_argument(reader, &head);
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

static void read_float(struct token_reader *reader, const struct head *head, struct token *out)
{
	double real = float_value(head);

	if (!isfinite(real)) {
		tokens_fault(reader, -ERANGE, out);
		return;
	}
	out->kind = TOKEN_NUMBER;
	out->number = number_from_double(real);
}

static void read_simple(struct token_reader *reader, const struct head *head, struct token *out)
{
	if (head->info >= 25) {
		read_float(reader, head, out);
	} else if (head->info == 20 || head->info == 21) {
		out->kind = TOKEN_BOOLEAN;
		out->boolean = head->info == 21;
	} else if (head->info == 22) {
		out->kind = TOKEN_NULL;
	} else {
		tokens_fault(reader, -EBADMSG, out);
	}
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
static int read_decimal_fraction(struct token_reader *reader, struct number *out)
{
	struct head pair = read_head(reader);

	if (pair.major != ARRAY || pair.info == INDEFINITE || pair.argument != 2)
		return -EBADMSG;
	int64_t exponent = read_integer(reader);
	int64_t mantissa = read_integer(reader);
	if (reader->error)
		return reader->error;
	/* Far beyond any double, so that adding exponents later cannot overflow. */
	if (exponent < -100000 || exponent > 100000)
		return -ERANGE;
	return number_from_decimal(out, mantissa, exponent);
}

static void read_tagged(struct token_reader *reader, const struct head *head, struct token *out)
{
	int result = -EBADMSG;

	out->kind = TOKEN_NUMBER;
	if (head->argument == TAG_DECIMAL_FRACTION)
		result = read_decimal_fraction(reader, &out->number);
	if (result < 0)
		tokens_fault(reader, result, out);
}

static void read_string(struct token_reader *reader, const struct head *head, struct token *out)
{
	const uint8_t *data = head->argument <= SIZE_MAX ? read_bytes(&reader->in, (size_t)head->argument) : NULL;

	out->kind = head->major == TEXT ? TOKEN_TEXT : TOKEN_BYTES;
	out->text = (struct span){ (const char *)data, (size_t)head->argument };
	if (!data || (head->major == TEXT && !utf8_valid(out->text)))
		tokens_fault(reader, -EBADMSG, out);
}

static void open_nest(struct token_reader *reader, const struct head *head, struct token *out)
{
	struct token_nest nest = { .is_map = head->major == MAP, .counted = head->info != INDEFINITE };

	/* Every item takes a byte at least; this also keeps twice the count from overflowing. */
	if (head->argument > reader_left(&reader->in) && nest.counted) {
		tokens_fault(reader, -EBADMSG, out);
		return;
	}
	nest.items = nest.counted ? head->argument * (nest.is_map ? 2 : 1) : 0;
	tokens_open(reader, &nest, out);
}

/* By itself, so that what most items are costs little. */
__attribute__((noinline)) static void read_any_item(struct token_reader *reader, struct token *out)
{
	struct head head = read_head(reader);

	if (reader->error) {
		out->kind = TOKEN_FAULT;
		return;
	}
	switch (head.major) {
	case UNSIGNED:
	case NEGATIVE:
		out->kind = TOKEN_NUMBER;
		out->number = integer_value(&head);
		return;
	case BYTES:
	case TEXT:
		read_string(reader, &head, out);
		return;
	case ARRAY:
	case MAP:
		open_nest(reader, &head, out);
		return;
	case TAG:
		read_tagged(reader, &head, out);
		return;
	case SIMPLE:
		read_simple(reader, &head, out);
		return;
	}
}

/* What most items are, keys above all: a number or a text whose head is a single byte. */
static inline void read_item(struct token_reader *reader, struct token *out)
{
	struct reader *in = &reader->in;
	uint8_t byte = in->at < in->end ? *in->at : BREAK;
	int64_t argument = byte & 31;
	unsigned major = byte >> 5;

	if (argument < 24 && major <= NEGATIVE && !in->failed) {
		in->at++;
		out->kind = TOKEN_NUMBER;
		out->number = number_from_integer(major == NEGATIVE ? -1 - argument : argument);
	} else if (argument < 24 && major == TEXT && argument < in->end - in->at && !in->failed) {
		out->kind = TOKEN_TEXT;
		out->text = (struct span){ (const char *)in->at + 1, (size_t)argument };
		in->at += 1 + argument;
		if (!utf8_valid(out->text))
			tokens_fault(reader, -EBADMSG, out);
	} else {
		read_any_item(reader, out);
	}
}

/* A nest of unknown length. */
static bool nest_ends(struct token_reader *reader, const struct token_nest *nest)
{
	if (reader_left(&reader->in) == 0 || *reader->in.at != BREAK)
		return false;
	if (nest->is_map && nest->items % 2)
		return false;
	reader->in.at++;
	return true;
}

static void read_entry(struct token_reader *reader, struct token_nest *nest, struct token *out)
{
	if (nest->counted ? nest->items == 0 : nest_ends(reader, nest)) {
		tokens_close(reader, out);
		return;
	}
	nest->items += nest->counted ? UINT64_MAX : 1; /* one less to come, or one more read */
	read_item(reader, out);
}

static bool at_end(struct token_reader *reader)
{
	return reader_left(&reader->in) == 0;
}

const struct tokens_format tokens_cbor = { .value = read_item, .entry = read_entry, .at_end = at_end };
