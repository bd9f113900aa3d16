#include <string.h>

#include "drivers/znp.h"

#define ROWS_MAX 300
#define NODE_KEY_SIZE 19
#define SCAN_CHANNELS 0x07fff800
#define SCAN_DURATION 4
#define SCAN_MS 30000
#define ADDRESS_SHORT 2

static void tell_network(void *context)
{
	stick_set_state(context, STICK_UP, "");
}

static void write_node_key_read(void *context, struct writer *out)
{
	struct znp *znp = context;
	uint16_t turn = (uint16_t)znp->stick.script.turn;

	if (znp->product != ZNP_PRODUCT_3_X_0) {
		write_le16(out, (uint16_t)(ZNP_ITEM_NODE_KEYS + turn));
		write_le16(out, 0);
		return;
	}
	znp->stick.script.command = ZNP_TABLE_READ;
	write_u8(out, ZNP_SYSTEM);
	write_le16(out, ZNP_TABLE_NODE_KEYS);
	write_le16(out, turn);
	write_le16(out, 0);
	write_u8(out, NODE_KEY_SIZE);
}

static enum script_turn take_node_key(void *context, struct reader *answer)
{
	struct znp *znp = context;
	size_t size;
	const uint8_t *value = znp_read_value(answer, &size);
	struct stick_link_key key;
	struct reader in;

	if (!value || znp->stick.script.turn == ROWS_MAX)
		return SCRIPT_NEXT;
	reader_init(&in, value, size);
	if (znp_node_key_parse(&key, &in, znp->stick.network.link_key) == 0)
		znp->stick.host.key(znp->stick.host.context, &key);
	explicit_bzero(&key, sizeof(key));
	return SCRIPT_AGAIN;
}

const struct script_step znp_backup_script[] = {
	{ .what = "tell its network key", .command = ZNP_NV_READ, .write = znp_write_key_read, .answer = znp_take_key },
	{ .what = "tell its frame counter",
		.command = ZNP_NV_READ,
		.write = znp_write_counter_read,
		.answer = znp_take_counter },
	{ .what = "tell its seed", .command = ZNP_NV_READ, .write = znp_write_seed_read, .answer = znp_take_seed },
	{ .what = "tell the keys of nodes",
		.command = ZNP_NV_READ,
		.prepare = tell_network,
		.write = write_node_key_read,
		.answer = take_node_key },
	{ .what = NULL },
};

static void write_scan(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, 0);
	write_u8(out, ADDRESS_SHORT);
	write_le32(out, SCAN_CHANNELS);
	write_u8(out, SCAN_DURATION);
	write_u8(out, 1);
	write_le16(out, 0);
}

/* What it finds comes with the event. */
const struct script_step znp_scan_script[] = {
	{ .what = "measure the channels",
		.command = ZNP_SCAN,
		.timeout_ms = SCAN_MS,
		.awaits = ZNP_ON_SCANNED,
		.write = write_scan,
		.answer = znp_take_status },
	{ .what = NULL },
};
