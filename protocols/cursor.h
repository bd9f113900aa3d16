/*
 * cursor: bounded reading and writing of bytes with sticky failure.
 *
 * A reader or writer that would leave its buffer does nothing, returns zero and stays failed; a parser therefore
 * checks `failed` once, at the end, and never a length twenty times by hand. Neither owns the buffer.
 */
#ifndef WAKEGATE_PROTOCOLS_CURSOR_H
#define WAKEGATE_PROTOCOLS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

struct reader {
	const uint8_t *at, *end;
	bool failed;
};

struct writer {
	uint8_t *start, *at, *end;
	bool failed;
};

/* Starts reading `size` bytes at `data`, which must outlive the reader. `data` may be NULL if `size` is 0. */
void reader_init(struct reader *reader, const void *data, size_t size);

/* Bytes not yet read; 0 once failed. */
size_t reader_left(const struct reader *reader);

uint8_t read_u8(struct reader *reader);
uint16_t read_be16(struct reader *reader);
uint32_t read_be32(struct reader *reader);
uint64_t read_be64(struct reader *reader);
uint16_t read_le16(struct reader *reader);
uint32_t read_le32(struct reader *reader);
uint64_t read_le64(struct reader *reader);

/* An unsigned LEB128 number of at most ten bytes; fails on one that does not fit 64 bits. */
uint64_t read_varint(struct reader *reader);

/* The next `size` bytes, borrowed from the buffer, or NULL and failed. `size` 0 never fails. */
const uint8_t *read_bytes(struct reader *reader, size_t size);

/* Starts writing into the `size` bytes at `data`, which the caller owns. */
void writer_init(struct writer *writer, void *data, size_t size);

/* Bytes written so far; 0 once failed. */
size_t writer_size(const struct writer *writer);

void write_u8(struct writer *writer, uint8_t value);
void write_be16(struct writer *writer, uint16_t value);
void write_be32(struct writer *writer, uint32_t value);
void write_be64(struct writer *writer, uint64_t value);
void write_le16(struct writer *writer, uint16_t value);
void write_le32(struct writer *writer, uint32_t value);
void write_le64(struct writer *writer, uint64_t value);
void write_varint(struct writer *writer, uint64_t value);
void write_bytes(struct writer *writer, const void *data, size_t size);

#endif
