#include <string.h>

#include "drivers/znp.h"

#define ROWS_MAX 300
#define NODE_KEY_SIZE 19
#define OWN_KEY_SIZE 24
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

/* ---- keys that do not come from the seed ---- */

static void forget_links(void *context)
{
	((struct znp *)context)->link_count = 0;
}

static void write_links_read(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, ZNP_ITEM_LINK_KEYS);
	write_le16(out, 0);
}

static enum script_turn take_links(void *context, struct reader *answer)
{
	struct znp *znp = context;
	struct reader in;
	size_t size;
	const uint8_t *value = answer ? znp_read_value(answer, &size) : NULL;

	if (!value)
		return SCRIPT_NEXT;
	reader_init(&in, value, size);
	if (znp_links_parse(znp->links, &znp->link_count, &in, znp->aligned) < 0)
		stick_event(
			&znp->stick, DRIVER_WARNING, "zigbee.keys_left_out what stick has of keys is not understood");
	return SCRIPT_NEXT;
}

static bool has_links(void *context)
{
	return ((struct znp *)context)->link_count > 0;
}

/* Of each node the address, then the key: two tables, or in Z-Stack 3.0.x one item for all addresses, and one for each
 * key. */
static void write_own_key_read(void *context, struct writer *out)
{
	struct znp *znp = context;
	const struct znp_link *link = &znp->links[znp->stick.script.turn / 2];
	bool address = znp->stick.script.turn % 2 == 0;

	if (znp->product != ZNP_PRODUCT_3_X_0) {
		znp->stick.script.command = ZNP_NV_READ;
		write_le16(out, address ? ZNP_ITEM_ADDRESSES : link->key);
		write_le16(out, address ? (uint16_t)(link->address * znp_address_size(znp->aligned)) : 0);
		return;
	}
	write_u8(out, ZNP_SYSTEM);
	write_le16(out, address ? ZNP_TABLE_ADDRESSES : ZNP_TABLE_KEY_DATA);
	write_le16(out, address ? link->address : link->key);
	write_le16(out, 0);
	write_u8(out, (uint8_t)(address ? znp_address_size(znp->aligned) : OWN_KEY_SIZE));
}

/* Another item would be taken for a key. */
static bool is_key_place(const struct znp *znp)
{
	uint16_t place = znp->links[znp->stick.script.turn / 2].key;

	return znp->product == ZNP_PRODUCT_3_X_0 || (place >= ZNP_ITEM_KEY_DATA && place <= ZNP_ITEM_KEY_DATA_LAST);
}

static void take_own_key_part(struct znp *znp, struct reader *answer)
{
	size_t size;
	const uint8_t *value = answer ? znp_read_value(answer, &size) : NULL;
	bool address = znp->stick.script.turn % 2 == 0;
	struct stick_link_key key;
	struct reader in;

	reader_init(&in, value, value ? size : 0);
	if (address)
		znp->link_eui64 = value ? znp_address_parse(&in, znp->aligned) : 0;
	else if (znp->link_eui64 != 0 && is_key_place(znp) && znp_own_key_parse(&key, &in, znp->link_eui64) == 0)
		znp->stick.host.key(znp->stick.host.context, &key);
	explicit_bzero(&key, sizeof(key));
}

static enum script_turn take_own_key(void *context, struct reader *answer)
{
	struct znp *znp = context;

	take_own_key_part(znp, answer);
	return (znp->stick.script.turn + 1) / 2 < znp->link_count ? SCRIPT_AGAIN : SCRIPT_NEXT;
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
	{ .what = "tell which nodes have keys of their own",
		.command = ZNP_NV_READ,
		.may_fail = true,
		.prepare = forget_links,
		.write = write_links_read,
		.answer = take_links },
	{ .what = "tell a key of a node",
		.command = ZNP_TABLE_READ,
		.may_fail = true,
		.needed = has_links,
		.write = write_own_key_read,
		.answer = take_own_key },
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
