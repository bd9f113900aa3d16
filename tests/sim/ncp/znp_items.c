#include "tests/sim/ncp/znp_items.h"

#include <string.h>

#include "tests/sim/ncp/znp_stick.h"

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

/* Tables of addresses (1), keys of nodes (4, 6) and frame counters (7), empty. */
static void fill_table(struct stick_memory *memory, uint16_t table, uint16_t rows, struct bytes empty)
{
	for (uint16_t row = 0; row < rows; row++)
		(void)stick_memory_set(memory, STICK_ROW(1, table, row), empty);
}

/* The same without tables, as Z-Stack 3.0.x has it: items that follow each other, and one for all addresses. */
static void fill_items(struct stick_memory *memory)
{
	static const struct {
		uint16_t first, count;
		size_t size;
	} lists[] = { { ZNP_COUNTERS, 4, 12 }, { ZNP_NODE_KEYS, 8, 20 }, { ZNP_KEY_DATA, 8, 24 } };
	uint8_t nobody[16 * 12];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (uint16_t item = 0; item < lists[i].count; item++)
			(void)stick_memory_set(
				memory, STICK_ITEM(lists[i].first + item), (struct bytes){ NULL, lists[i].size });
	}
	/* A free place has no use, and an address of none. */
	memset(nobody, 0xff, sizeof(nobody));
	for (size_t i = 0; i < sizeof(nobody); i += 12)
		nobody[i] = 0;
	(void)stick_memory_set(memory, STICK_ITEM(ZNP_ADDRESSES), (struct bytes){ nobody, sizeof(nobody) });
}

/* What a stick has that never was in a network. */
void znp_items_fill(struct stick_memory *memory, bool has_tables)
{
	static const struct {
		uint16_t number;
		size_t size;
		uint8_t first;
	} items[] = {
		{ ZNP_STARTUP_OPTION, 1, 0 },
		{ ZNP_EXTENDED_PAN_ID, 8, 0xff },
		{ 0x0030, 1, 20 }, /* time of a broadcast, and other settings that hosts write */
		{ 0x0032, 1, 0 },
		{ 0x0033, 1, 0 },
		{ 0x0036, 1, 0 },
		{ 0x0038, 1, 0 },
		{ 0x003e, 1, 0 },
		{ ZNP_ACTIVE_KEY, 17, 0 },
		{ ZNP_ALTERNATE_KEY, 17, 0 },
		{ ZNP_APS_USE_EXT_PANID, 8, 0 },
		{ 0x004c, 50, 0 }, /* keys of single nodes: which there are */
		{ ZNP_ON_A_NETWORK, 1, 0 },
		{ ZNP_PRECFGKEY, 16, 0x01 },
		{ ZNP_PRECFGKEYS_ENABLE, 1, 0 },
		{ ZNP_NWKKEY, 24, 0 },
		{ ZNP_PANID, 2, 0xff },
		{ ZNP_CHANLIST, 4, 0 },
		{ ZNP_LOGICAL_TYPE, 1, 0 },
		{ ZNP_ZDO_DIRECT_CB, 1, 1 },
		{ ZNP_TCLK_SEED, 16, 0x55 },
	};
	static const uint8_t nobody[12] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t room[64];

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		memset(room, items[i].first, sizeof(room));
		(void)stick_memory_set(memory, STICK_ITEM(items[i].number), (struct bytes){ room, items[i].size });
	}
	if (!has_tables) {
		fill_items(memory);
		return;
	}
	fill_table(memory, 0x0001, 16, (struct bytes){ nobody, sizeof(nobody) });
	fill_table(memory, 0x0004, 8, (struct bytes){ NULL, 20 });
	fill_table(memory, 0x0006, 8, (struct bytes){ NULL, 24 });
	fill_table(memory, 0x0007, 4, (struct bytes){ NULL, 12 });
}

static uint64_t read_item(struct reader *in)
{
	return STICK_ITEM(read_le16(in));
}

static uint64_t read_row(struct reader *in)
{
	uint8_t system = read_u8(in);
	uint16_t table = read_le16(in);

	return STICK_ROW(system, table, read_le16(in));
}

static void write_part(struct znp_stick *stick, uint64_t item, size_t offset, size_t most, struct writer *out)
{
	struct bytes value = stick_memory_get(stick->memory, item);

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
	if (stick_memory_get(stick->memory, item).size > 0)
		return ZNP_SUCCESS;
	if (size == 0 || stick_memory_set(stick->memory, item, (struct bytes){ NULL, size }) < 0)
		return NV_FAILED;
	(void)stick_memory_write(stick->memory, item, 0, value);
	return NV_CREATED;
}

static uint8_t change(struct znp_stick *stick, uint64_t item, size_t offset, struct bytes value)
{
	return value.data && stick_memory_write(stick->memory, item, offset, value) == 0 ? ZNP_SUCCESS : NV_FAILED;
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
		write_le16(out, (uint16_t)stick_memory_get(stick->memory, item).size);
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
		write_u8(out, stick_memory_delete(stick->memory, item) ? ZNP_SUCCESS : NV_CREATED);
		return true;
	}
}

static bool answer_tables(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	uint64_t row = read_row(in);
	size_t offset;

	switch (command) {
	case TABLE_LENGTH:
		write_le32(out, (uint32_t)stick_memory_get(stick->memory, row).size);
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
		write_u8(
			out, !in->failed && stick_memory_set(stick->memory, row, value) == 0 ? ZNP_SUCCESS : NV_FAILED);
		return true;
	}
	default:
		write_u8(out, stick_memory_delete(stick->memory, row) ? ZNP_SUCCESS : NV_FAILED);
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
		return stick->site.has_tables && answer_tables(stick, command, in, out);
	default:
		return false;
	}
}
