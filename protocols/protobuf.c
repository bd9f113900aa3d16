#include "protocols/protobuf.h"

#include <string.h>

static void write_tag(struct writer *writer, uint32_t number, enum protobuf_wire wire)
{
	write_varint(writer, (uint64_t)number << 3 | wire);
}

void protobuf_write_varint(struct writer *writer, uint32_t number, uint64_t value)
{
	write_tag(writer, number, PROTOBUF_VARINT);
	write_varint(writer, value);
}

void protobuf_write_double(struct writer *writer, uint32_t number, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	write_tag(writer, number, PROTOBUF_FIXED64);
	write_le64(writer, bits);
}

void protobuf_write_bytes(struct writer *writer, uint32_t number, struct span bytes)
{
	write_tag(writer, number, PROTOBUF_BYTES);
	write_varint(writer, bytes.size);
	write_bytes(writer, bytes.data, bytes.size);
}

/* A byte is kept free for the size, which is enough for most; protobuf_close() moves the fields where it is not. */
struct protobuf_nest protobuf_open(struct writer *writer, uint32_t number)
{
	write_tag(writer, number, PROTOBUF_BYTES);
	write_u8(writer, 0);
	return (struct protobuf_nest){ writer_size(writer) };
}

void protobuf_close(struct writer *writer, struct protobuf_nest nest)
{
	size_t size = writer_size(writer) - nest.at;
	uint8_t prefix[10];
	struct writer out;

	if (writer->failed)
		return;
	writer_init(&out, prefix, sizeof(prefix));
	write_varint(&out, size);
	size_t more = writer_size(&out) - 1;
	if (more > (size_t)(writer->end - writer->at)) {
		writer->failed = true;
		return;
	}
	uint8_t *fields = writer->start + nest.at;
	memmove(fields + more, fields, size);
	memcpy(fields - 1, prefix, more + 1);
	writer->at += more;
}

/* The bytes of a field whose tag was read. */
static void read_value(struct reader *reader, struct protobuf_field *field)
{
	switch (field->wire) {
	case PROTOBUF_VARINT:
		field->value = read_varint(reader);
		return;
	case PROTOBUF_FIXED64:
		field->value = read_le64(reader);
		return;
	case PROTOBUF_FIXED32:
		field->value = read_le32(reader);
		return;
	case PROTOBUF_BYTES: {
		uint64_t size = read_varint(reader);
		reader->failed = reader->failed || size > reader_left(reader);
		field->bytes.data = (const char *)read_bytes(reader, (size_t)size);
		field->bytes.size = (size_t)size;
		return;
	}
	}
	/* Groups (3, 4) went out of use with version 2; 6 and 7 never meant anything. */
	reader->failed = true;
}

bool protobuf_read(struct reader *reader, struct protobuf_field *out)
{
	struct protobuf_field field = { 0 };

	if (reader_left(reader) == 0)
		return false;
	uint64_t tag = read_varint(reader);
	if (tag >> 3 == 0 || tag >> 32 != 0)
		reader->failed = true;
	field.number = (uint32_t)(tag >> 3);
	field.wire = (enum protobuf_wire)(tag & 7);
	if (!reader->failed)
		read_value(reader, &field);
	if (reader->failed)
		return false;
	*out = field;
	return true;
}

double protobuf_double(const struct protobuf_field *field)
{
	double value;

	if (field->wire == PROTOBUF_FIXED32) {
		uint32_t bits = (uint32_t)field->value;
		float real;
		memcpy(&real, &bits, sizeof(real));
		return (double)real;
	}
	memcpy(&value, &field->value, sizeof(value));
	return value;
}
