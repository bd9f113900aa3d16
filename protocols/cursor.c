#include "protocols/cursor.h"

#include <endian.h>
#include <string.h>

void reader_init(struct reader *reader, const void *data, size_t size)
{
	static const uint8_t nothing[1];

	reader->at = data ? data : nothing;
	reader->end = reader->at + (data ? size : 0);
	reader->failed = false;
}

size_t reader_left(const struct reader *reader)
{
	return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

const uint8_t *read_bytes(struct reader *reader, size_t size)
{
	if (reader->failed || (size_t)(reader->end - reader->at) < size) {
		reader->failed = true;
		return NULL;
	}
	const uint8_t *bytes = reader->at;
	reader->at += size;
	return bytes;
}

/* Copies what is `size` bytes long, or leaves it as it is. */
static inline void read_into(struct reader *reader, void *value, size_t size)
{
	const uint8_t *bytes = read_bytes(reader, size);

	if (bytes)
		memcpy(value, bytes, size);
}

uint8_t read_u8(struct reader *reader)
{
	if (reader->failed || reader->at == reader->end) {
		reader->failed = true;
		return 0;
	}
	return *reader->at++;
}

uint16_t read_be16(struct reader *reader)
{
	uint16_t value = 0;

	read_into(reader, &value, sizeof(value));
	return be16toh(value);
}

uint32_t read_be32(struct reader *reader)
{
	uint32_t value = 0;

	read_into(reader, &value, sizeof(value));
	return be32toh(value);
}

uint64_t read_be64(struct reader *reader)
{
	uint64_t value = 0;

	read_into(reader, &value, sizeof(value));
	return be64toh(value);
}

uint16_t read_le16(struct reader *reader)
{
	uint16_t value = 0;

	read_into(reader, &value, sizeof(value));
	return le16toh(value);
}

uint32_t read_le32(struct reader *reader)
{
	uint32_t value = 0;

	read_into(reader, &value, sizeof(value));
	return le32toh(value);
}

uint64_t read_le64(struct reader *reader)
{
	uint64_t value = 0;

	read_into(reader, &value, sizeof(value));
	return le64toh(value);
}

/* By itself, so that what most numbers are, a byte, costs little. */
__attribute__((noinline)) static uint64_t read_long_varint(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = read_u8(reader);
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return reader->failed ? 0 : value;
	}
	reader->failed = true;
	return 0;
}

uint64_t read_varint(struct reader *reader)
{
	if (!reader->failed && reader->at < reader->end && *reader->at < 0x80)
		return *reader->at++;
	return read_long_varint(reader);
}

void writer_init(struct writer *writer, void *data, size_t size)
{
	writer->start = writer->at = data;
	writer->end = writer->start + size;
	writer->failed = false;
}

size_t writer_size(const struct writer *writer)
{
	return writer->failed ? 0 : (size_t)(writer->at - writer->start);
}

void write_bytes(struct writer *writer, const void *data, size_t size)
{
	if (writer->failed || (size_t)(writer->end - writer->at) < size) {
		writer->failed = true;
		return;
	}
	if (size > 0)
		memcpy(writer->at, data, size);
	writer->at += size;
}

static void write_big_endian(struct writer *writer, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = size; i > 0; i--, value >>= 8)
		bytes[i - 1] = (uint8_t)value;
	write_bytes(writer, bytes, size);
}

static void write_little_endian(struct writer *writer, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++, value >>= 8)
		bytes[i] = (uint8_t)value;
	write_bytes(writer, bytes, size);
}

void write_u8(struct writer *writer, uint8_t value)
{
	if (writer->failed || writer->at == writer->end) {
		writer->failed = true;
		return;
	}
	*writer->at++ = value;
}

void write_be16(struct writer *writer, uint16_t value)
{
	write_big_endian(writer, value, 2);
}

void write_be32(struct writer *writer, uint32_t value)
{
	write_big_endian(writer, value, 4);
}

void write_be64(struct writer *writer, uint64_t value)
{
	write_big_endian(writer, value, 8);
}

void write_le16(struct writer *writer, uint16_t value)
{
	write_little_endian(writer, value, 2);
}

void write_le32(struct writer *writer, uint32_t value)
{
	write_little_endian(writer, value, 4);
}

void write_le64(struct writer *writer, uint64_t value)
{
	write_little_endian(writer, value, 8);
}

__attribute__((noinline)) static void write_long_varint(struct writer *writer, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		write_u8(writer, (uint8_t)(value | 0x80));
	write_u8(writer, (uint8_t)value);
}

void write_varint(struct writer *writer, uint64_t value)
{
	if (value < 0x80 && writer->at < writer->end && !writer->failed)
		*writer->at++ = (uint8_t)value;
	else
		write_long_varint(writer, value);
}
