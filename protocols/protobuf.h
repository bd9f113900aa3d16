/*
 * protobuf: the wire format of Protocol Buffers, as far as Sparkplug needs it: fields one at a time, written and read.
 *
 * A message is a run of fields, each a number and one of four wire types. Failure of the underlying writer or reader is
 * sticky; look at it once, at the end. https://protobuf.dev/programming-guides/encoding/
 */
#ifndef WAKEGATE_PROTOCOLS_PROTOBUF_H
#define WAKEGATE_PROTOCOLS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

enum protobuf_wire {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2, /* strings and messages within messages too */
	PROTOBUF_FIXED32 = 5,
};

/* Numbers of fields are 1 to 2^29 - 1. */
void protobuf_write_varint(struct writer *writer, uint32_t number, uint64_t value);
void protobuf_write_double(struct writer *writer, uint32_t number, double value);
void protobuf_write_bytes(struct writer *writer, uint32_t number, struct span bytes);

/* Opens a message within the message; what is written until protobuf_close() is its fields. */
struct protobuf_nest {
	size_t at; /* bytes written before its fields */
};
struct protobuf_nest protobuf_open(struct writer *writer, uint32_t number);
void protobuf_close(struct writer *writer, struct protobuf_nest nest);

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;    /* of PROTOBUF_VARINT, and the bits of the fixed ones */
	struct span bytes; /* of PROTOBUF_BYTES, borrowed */
};

/* The next field: false at the end and on what no writer wrote, which fails the reader. */
bool protobuf_read(struct reader *reader, struct protobuf_field *out);

/* The bits of a PROTOBUF_FIXED64 or PROTOBUF_FIXED32 as a double. */
double protobuf_double(const struct protobuf_field *field);

#endif
