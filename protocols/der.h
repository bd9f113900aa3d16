/*
 * der: reads the few DER values (X.690) that keys and signatures are made of.
 *
 * Strict: one encoding per value, lengths below 64 KiB. A value that is not as asked for fails the reader it is taken
 * from, for good.
 */
#ifndef WAKEGATE_PROTOCOLS_DER_H
#define WAKEGATE_PROTOCOLS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_NULL = 0x05,
	DER_OBJECT_IDENTIFIER = 0x06,
	DER_SEQUENCE = 0x30,
};

/* A reader over the contents of the next value, which must have that tag; the reader has failed if it has not. */
struct reader der_enter(struct reader *from, enum der_tag tag);

/* Whether all was read and nothing failed. */
bool der_ended(const struct reader *reader);

/* A positive integer (section 8.3), big-endian without leading zeros, borrowed from the buffer; NULL and failed. */
const uint8_t *der_read_positive(struct reader *from, size_t *size);

#endif
