#include "protocols/der.h"

/* Section 10.1: the shortest form that holds the length. */
static size_t read_length(struct reader *from)
{
	uint8_t first = read_u8(from);
	size_t length = first;

	if (first < 0x80)
		return length;
	if (first == 0x81)
		length = read_u8(from);
	else if (first == 0x82)
		length = read_be16(from);
	else
		from->failed = true;
	if (length < (first == 0x81 ? 0x80 : 0x100))
		from->failed = true;
	return length;
}

struct reader der_enter(struct reader *from, enum der_tag tag)
{
	struct reader contents = { .failed = true };

	if (read_u8(from) != tag)
		from->failed = true;
	size_t size = read_length(from);
	const uint8_t *data = read_bytes(from, size);
	if (!from->failed)
		reader_init(&contents, data, size);
	return contents;
}

bool der_ended(const struct reader *reader)
{
	return !reader->failed && reader_left(reader) == 0;
}

const uint8_t *der_read_positive(struct reader *from, size_t *size)
{
	struct reader integer = der_enter(from, DER_INTEGER);
	uint8_t first = read_u8(&integer);

	/* A zero in front is there to keep the number positive, or wrong. */
	bool padded = !integer.failed && first == 0;
	if (padded)
		first = read_u8(&integer);
	if (integer.failed || padded != (first >= 0x80)) {
		from->failed = true;
		return NULL;
	}
	*size = reader_left(&integer) + 1;
	return integer.at - 1;
}
