#include "tests/sim/ncp/znp_stick.h"

#include <errno.h>

#define NV_INIT 0x2107
#define NV_READ 0x2108
#define NV_WRITE 0x2109
#define NV_DELETE 0x2112
#define NV_LENGTH 0x2113
#define NV_READ_LONG 0x211c
#define NV_WRITE_LONG 0x211d
#define TABLE_CREATE 0x2130
#define TABLE_DELETE 0x2131
#define TABLE_LENGTH 0x2132
#define TABLE_READ 0x2133
#define TABLE_WRITE 0x2134
#define TABLE_UPDATE 0x2135
#define NV_CREATED 0x09
#define NV_FAILED 0x0a
#define READ_MAX 246

static uint64_t read_item(struct reader *in)
{
	return ZNP_ITEM(read_le16(in));
}

static uint64_t read_row(struct reader *in)
{
	uint8_t system = read_u8(in);
	uint16_t table = read_le16(in);

	return ZNP_ROW(system, table, read_le16(in));
}

static void write_part(struct znp_stick *stick, uint64_t item, size_t offset, size_t most, struct writer *out)
{
	struct bytes value = znp_memory_get(stick->memory, item);

	if (value.size == 0 || offset > value.size) {
		write_u8(out, NV_FAILED);
		write_u8(out, 0);
		return;
	}
	size_t size = value.size - offset < most ? value.size - offset : most;
	write_u8(out, ZNP_SUCCESS);
	write_u8(out, (uint8_t)size);
	write_bytes(out, value.data + offset, size);
}

static uint8_t create(struct znp_stick *stick, uint64_t item, size_t size, struct bytes value)
{
	if (znp_memory_get(stick->memory, item).size > 0)
		return ZNP_SUCCESS;
	if (size == 0 || znp_memory_set(stick->memory, item, (struct bytes){ NULL, size }) < 0)
		return NV_FAILED;
	(void)znp_memory_write(stick->memory, item, 0, value);
	return NV_CREATED;
}

static uint8_t change(struct znp_stick *stick, uint64_t item, size_t offset, struct bytes value)
{
	return value.data && znp_memory_write(stick->memory, item, offset, value) == 0 ? ZNP_SUCCESS : NV_FAILED;
}

static struct bytes read_rest(struct reader *in, size_t size)
{
	return (struct bytes){ read_bytes(in, size), size };
}

static bool answer_items(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	uint64_t item = read_item(in);
	size_t offset, size;

	switch (command) {
	case NV_LENGTH:
		write_le16(out, (uint16_t)znp_memory_get(stick->memory, item).size);
		return true;
	case NV_READ:
		write_part(stick, item, read_u8(in), READ_MAX, out);
		return true;
	case NV_READ_LONG:
		write_part(stick, item, read_le16(in), READ_MAX, out);
		return true;
	case NV_INIT:
		size = read_le16(in);
		write_u8(out, create(stick, item, size, read_rest(in, read_u8(in))));
		return true;
	case NV_WRITE:
		offset = read_u8(in);
		write_u8(out, change(stick, item, offset, read_rest(in, read_u8(in))));
		return true;
	case NV_WRITE_LONG:
		offset = read_le16(in);
		write_u8(out, change(stick, item, offset, read_rest(in, read_le16(in))));
		return true;
	default:
		write_u8(out, znp_memory_delete(stick->memory, item) ? ZNP_SUCCESS : NV_CREATED);
		return true;
	}
}

static bool answer_tables(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	uint64_t row = read_row(in);
	size_t offset;

	switch (command) {
	case TABLE_LENGTH:
		write_le32(out, (uint32_t)znp_memory_get(stick->memory, row).size);
		return true;
	case TABLE_READ:
		offset = read_le16(in);
		write_part(stick, row, offset, read_u8(in), out);
		return true;
	case TABLE_CREATE:
		offset = read_le32(in);
		write_u8(out,
			create(stick, row, offset, (struct bytes){ NULL, 0 }) == NV_FAILED ? NV_FAILED : ZNP_SUCCESS);
		return true;
	case TABLE_WRITE:
		offset = read_le16(in);
		write_u8(out, change(stick, row, offset, read_rest(in, read_u8(in))));
		return true;
	case TABLE_UPDATE: {
		struct bytes value = read_rest(in, read_u8(in));
		write_u8(out, !in->failed && znp_memory_set(stick->memory, row, value) == 0 ? ZNP_SUCCESS : NV_FAILED);
		return true;
	}
	default:
		write_u8(out, znp_memory_delete(stick->memory, row) ? ZNP_SUCCESS : NV_FAILED);
		return true;
	}
}

bool znp_answer_memory(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	switch (command) {
	case NV_INIT:
	case NV_READ:
	case NV_WRITE:
	case NV_DELETE:
	case NV_LENGTH:
	case NV_READ_LONG:
	case NV_WRITE_LONG:
		return answer_items(stick, command, in, out);
	case TABLE_CREATE:
	case TABLE_DELETE:
	case TABLE_LENGTH:
	case TABLE_READ:
	case TABLE_WRITE:
	case TABLE_UPDATE:
		return answer_tables(stick, command, in, out);
	default:
		return false;
	}
}
