/*
 * column_numbers: a column of numbers as sent, each told by what it differs from the last one of its node.
 *
 * Decimals are told as integers in the column's smallest exponent; doubles as the decimals they came from where all of
 * the column's did, else by the bits they use. A node's first number is told apart from its later ones, which differ
 * little. docs/segment-format.md, "numbers".
 */
#ifndef WAKEGATE_PROTOCOLS_COLUMN_NUMBERS_H
#define WAKEGATE_PROTOCOLS_COLUMN_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/column_integers.h"
#include "protocols/cursor.h"
#include "protocols/reading.h"

#define NUMBER_CODE_DOUBLE 0 /* other codes are 1 + the zigzag of a decimal's exponent */
/* Bytes that `count` numbers take at most. */
#define NUMBERS_BOUND(count) ((count)*10 + 6 * 32)

struct column_numbers {
	size_t count;
	int64_t *values;       /* a decimal's mantissa, or a double's bits */
	int64_t *codes;        /* whether it is a double, or its exponent */
	const uint32_t *nodes; /* which node it is of */
};

/* What both directions work with. `last` and `passes` have room for every node, the others for every number. */
struct column_scratch {
	int64_t *last;
	uint32_t *passes; /* zeroed at the start of a message */
	uint32_t pass;    /* likewise */
	int64_t *firsts, *repeats;
};

/* A number as a column has it, and back. */
void number_to_column(const struct number *number, int64_t *value, int64_t *code);
struct number number_from_column(int64_t value, int64_t code);

/* Writes the column; nothing if it is empty. */
void numbers_write(struct writer *out, const struct column_numbers *column, struct column_scratch *scratch);

/* Reads `count` numbers of `nodes` into values and codes. Fails the reader on bytes that no writer wrote. */
void numbers_read(struct reader *in, struct column_numbers *column, struct column_scratch *scratch);

#endif
