#include <errno.h>
#include <string.h>

#include "drivers/znp.h"

#define RESET_SOFT 1
#define RESET_MS 30000
#define FORM_MS 100000
#define CLEAR_ALL 3
#define MODE_FORM 4
#define NIB_PAUSE_MS 500
#define NIB_TURNS 60
#define CONFIGURED 0x55 /* what zigbee-herdsman looks for */

/* ---- rows ---- */

/* Each is created, then written; one that is part of an item is written twice. */

static void begin_row(struct znp_row *row, struct writer *out)
{
	writer_init(out, row->data, sizeof(row->data));
}

void znp_write_row(void *context, struct writer *out)
{
	struct znp *znp = context;
	bool creates = znp->stick.script.turn % 2 == 0;
	struct znp_row row = { 0 };

	if (!znp->rows(znp, znp->stick.script.turn / 2, &row)) {
		out->failed = true;
		return;
	}
	creates = creates && !row.in_place;
	if (row.in_table) {
		znp->stick.script.command = creates ? ZNP_TABLE_CREATE : ZNP_TABLE_WRITE;
		write_u8(out, ZNP_SYSTEM);
		write_le16(out, row.item);
		write_le16(out, row.entry);
		if (creates) {
			write_le32(out, (uint32_t)row.size);
			return;
		}
		write_le16(out, 0);
		write_u8(out, (uint8_t)row.size);
	} else {
		znp->stick.script.command = creates ? ZNP_NV_INIT : ZNP_NV_WRITE;
		write_le16(out, row.item);
		write_le16(out, creates ? (uint16_t)row.size : row.offset);
		if (creates)
			write_u8(out, (uint8_t)row.size);
		else
			write_le16(out, (uint16_t)row.size);
	}
	write_bytes(out, row.data, row.size);
	explicit_bzero(&row, sizeof(row));
}

/* What exists cannot be created, and need not be. */
enum script_turn znp_take_row(void *context, struct reader *answer)
{
	struct znp *znp = context;
	bool creates = znp->stick.script.turn % 2 == 0;
	struct znp_row row;

	if (read_u8(answer) != 0 && !creates)
		return SCRIPT_FAILED;
	if (creates)
		return SCRIPT_AGAIN;
	bool more = znp->rows(znp, (znp->stick.script.turn + 1) / 2, &row);
	explicit_bzero(&row, sizeof(row));
	return more ? SCRIPT_AGAIN : SCRIPT_NEXT;
}

static bool clearing_rows(struct znp *znp, unsigned number, struct znp_row *row)
{
	(void)znp;
	row->item = ZNP_ITEM_STARTUP;
	row->size = 1;
	row->data[0] = CLEAR_ALL;
	return number == 0;
}

/* While another network's memory is prepared, the stick forms one that nobody can take for it. */
static struct stick_network network_to_form(const struct znp *znp)
{
	struct stick_network network = znp->stick.wanted;

	if (!znp->restoring)
		return network;
	network.pan = (uint16_t)(network.pan == 0x5555 ? 0x2aaa : network.pan ^ 0x5555);
	network.extended_pan = ~network.extended_pan;
	for (size_t i = 0; i < sizeof(network.key); i++)
		network.key[i] = (uint8_t)~network.key[i];
	return network;
}

static bool network_row(const struct stick_network *network, unsigned number, struct znp_row *row, struct writer *out)
{
	static const uint16_t items[] = { ZNP_ITEM_STARTUP, ZNP_ITEM_LOGICAL_TYPE, ZNP_ITEM_ZDO_CALLBACKS,
		ZNP_ITEM_CHANNELS, ZNP_ITEM_PAN, ZNP_ITEM_EXTENDED_PAN, ZNP_ITEM_APS_EXTENDED_PAN,
		ZNP_ITEM_GIVEN_KEY_ENABLE, ZNP_ITEM_GIVEN_KEY };

	if (number >= sizeof(items) / sizeof(items[0]))
		return false;
	row->item = items[number];
	switch (row->item) {
	case ZNP_ITEM_ZDO_CALLBACKS:
		write_u8(out, 1);
		break;
	case ZNP_ITEM_CHANNELS:
		write_le32(out, 1U << network->channel);
		break;
	case ZNP_ITEM_PAN:
		write_le16(out, network->pan);
		break;
	case ZNP_ITEM_EXTENDED_PAN:
	case ZNP_ITEM_APS_EXTENDED_PAN:
		write_le64(out, network->extended_pan);
		break;
	case ZNP_ITEM_GIVEN_KEY:
		write_bytes(out, network->key, sizeof(network->key));
		break;
	default:
		write_u8(out, 0);
	}
	row->size = writer_size(out);
	return true;
}

static bool forming_rows(struct znp *znp, unsigned number, struct znp_row *row)
{
	struct stick_network network = network_to_form(znp);
	struct writer out;

	begin_row(row, &out);
	return network_row(&network, number, row, &out);
}

/* ---- restoring ---- */

enum { ROW_EUI64, ROW_NIB, ROW_KEY, ROW_OTHER_KEY, ROW_SEED, ROW_COUNTER, ROWS_OF_NETWORK };

static bool table_row(struct znp *znp, struct znp_row *row, uint16_t table, uint16_t first_item, uint16_t entry)
{
	row->in_table = znp->product == ZNP_PRODUCT_3_X_0;
	row->item = row->in_table ? table : (uint16_t)(first_item + entry);
	row->entry = entry;
	return true;
}

static void write_network_row(struct znp *znp, unsigned number, struct znp_row *row, struct writer *out)
{
	const struct stick_network *wanted = &znp->stick.wanted;

	switch (number) {
	case ROW_EUI64:
		row->item = ZNP_ITEM_EUI64;
		write_le64(out, wanted->eui64);
		break;
	case ROW_NIB:
		row->item = ZNP_ITEM_NIB;
		write_bytes(out, znp->nib, znp->nib_size);
		break;
	case ROW_KEY:
	case ROW_OTHER_KEY:
		row->item = number == ROW_KEY ? ZNP_ITEM_ACTIVE_KEY : ZNP_ITEM_OTHER_KEY;
		write_u8(out, wanted->key_sequence);
		write_bytes(out, wanted->key, sizeof(wanted->key));
		break;
	case ROW_SEED:
		row->item = ZNP_ITEM_SEED;
		write_bytes(out, wanted->link_key, sizeof(wanted->link_key));
		break;
	case ROW_COUNTER:
		(void)table_row(znp, row, ZNP_TABLE_COUNTERS, ZNP_ITEM_COUNTERS, 0);
		znp_counter_write(out, wanted->frame_counter + ZNP_TRAVELLED, wanted->extended_pan);
		break;
	}
	row->size = writer_size(out);
}

static bool is_seeded(const struct znp *znp, const struct stick_link_key *key)
{
	uint8_t scratch[ZNP_ROW_MAX];
	struct writer out;

	writer_init(&out, scratch, sizeof(scratch));
	return znp_node_key_write(&out, znp->aligned, key, znp->stick.wanted.link_key) == 0;
}

/* The keys that come from the seed or do not, one after another. */
static const struct stick_link_key *key_at(const struct znp *znp, bool seeded, unsigned number)
{
	for (size_t i = 0; i < znp->stick.key_count; i++) {
		const struct stick_link_key *key = &znp->stick.keys[i];
		if (is_seeded(znp, key) == seeded && number-- == 0)
			return key;
	}
	return NULL;
}

static bool key_row(struct znp *znp, unsigned number, struct znp_row *row)
{
	struct stick_link_key key = *key_at(znp, true, number);
	struct writer out;

	begin_row(row, &out);
	key.tx_counter += ZNP_TRAVELLED;
	(void)znp_node_key_write(&out, znp->aligned, &key, znp->stick.wanted.link_key);
	explicit_bzero(&key, sizeof(key));
	row->size = writer_size(&out);
	return table_row(znp, row, ZNP_TABLE_NODE_KEYS, ZNP_ITEM_NODE_KEYS, (uint16_t)number);
}

/* How many keys there are of each kind, and addresses of their nodes, as far as the stick has room. */
struct key_counts {
	unsigned seeded, own, addresses;
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static struct key_counts count_keys(const struct znp *znp)
{
	struct key_counts counts = { 0 };

	for (size_t i = 0; i < znp->stick.key_count; i++)
		counts.seeded += is_seeded(znp, &znp->stick.keys[i]);
	/* Z-Stack 3.x.0 makes entries as they are needed. */
	unsigned room = znp->product == ZNP_PRODUCT_3_X_0
				? UINT16_MAX
				: (unsigned)(znp->addresses_size / znp_address_size(znp->aligned));
	/* A key of a node's own is found by the node's address only. */
	counts.own = least((unsigned)znp->stick.key_count - counts.seeded,
		least(znp_links_room(znp->links_size, znp->aligned), room - least(room, counts.seeded)));
	counts.addresses = least(room, counts.seeded + counts.own);
	return counts;
}

/* Of the nodes whose keys come from the seed, then of the others. */
static bool address_row(struct znp *znp, unsigned number, unsigned seeded, struct znp_row *row)
{
	const struct stick_link_key *key =
		number < seeded ? key_at(znp, true, number) : key_at(znp, false, number - seeded);
	struct writer out;

	begin_row(row, &out);
	znp_address_write(&out, znp->aligned, key->eui64);
	row->size = writer_size(&out);
	if (znp->product == ZNP_PRODUCT_3_X_0)
		return table_row(znp, row, ZNP_TABLE_ADDRESSES, 0, (uint16_t)number);
	row->in_place = true;
	row->item = ZNP_ITEM_ADDRESSES;
	row->offset = (uint16_t)(number * znp_address_size(znp->aligned));
	return true;
}

static bool links_row(struct znp *znp, const struct key_counts *counts, struct znp_row *row)
{
	const struct znp_link first = { .address = (uint16_t)counts->seeded,
		.key = znp->product == ZNP_PRODUCT_3_X_0 ? 0 : ZNP_ITEM_KEY_DATA };
	struct writer out;

	begin_row(row, &out);
	row->item = ZNP_ITEM_LINK_KEYS;
	znp_links_write(&out, znp->aligned, first, counts->own);
	row->size = writer_size(&out);
	return true;
}

static bool own_row(struct znp *znp, unsigned number, struct znp_row *row)
{
	struct stick_link_key key = *key_at(znp, false, number);
	struct writer out;

	begin_row(row, &out);
	key.tx_counter += ZNP_TRAVELLED;
	znp_own_key_write(&out, &key);
	explicit_bzero(&key, sizeof(key));
	row->size = writer_size(&out);
	return table_row(znp, row, ZNP_TABLE_KEY_DATA, ZNP_ITEM_KEY_DATA, (uint16_t)number);
}

static bool any_key_row(struct znp *znp, unsigned number, struct znp_row *row)
{
	const struct key_counts counts = count_keys(znp);

	*row = (struct znp_row){ 0 };
	if (number < counts.seeded)
		return key_row(znp, number, row);
	number -= counts.seeded;
	if (number < counts.addresses)
		return address_row(znp, number, counts.seeded, row);
	number -= counts.addresses;
	if (counts.own == 0 || number > counts.own)
		return false;
	return number == 0 ? links_row(znp, &counts, row) : own_row(znp, number - 1, row);
}

static bool restoring_rows(struct znp *znp, unsigned number, struct znp_row *row)
{
	struct writer out;

	begin_row(row, &out);
	if (number < ROWS_OF_NETWORK) {
		write_network_row(znp, number, row, &out);
		return true;
	}
	if (network_row(&znp->stick.wanted, number - ROWS_OF_NETWORK, row, &out))
		return true;
	for (unsigned first = ROWS_OF_NETWORK;; first++) {
		struct znp_row skipped;
		begin_row(&skipped, &out);
		if (!network_row(&znp->stick.wanted, first - ROWS_OF_NETWORK, &skipped, &out))
			return any_key_row(znp, number - first, row);
	}
}

static bool configured_rows(struct znp *znp, unsigned number, struct znp_row *row)
{
	(void)znp;
	row->item = ZNP_ITEM_CONFIGURED;
	row->size = 1;
	row->data[0] = CONFIGURED;
	return number == 0;
}

/* ---- steps ---- */

static void prepare_clearing(void *context)
{
	((struct znp *)context)->rows = clearing_rows;
}

static void prepare_forming(void *context)
{
	((struct znp *)context)->rows = forming_rows;
}

/* Their nodes have to ask for new ones. */
static void tell_what_is_left_out(struct znp *znp)
{
	const struct key_counts counts = count_keys(znp);
	size_t kept = counts.seeded + counts.own;

	if (kept < znp->stick.key_count)
		stick_event(&znp->stick, DRIVER_WARNING, "zigbee.keys_left_out stick has room for %zu of %zu", kept,
			znp->stick.key_count);
}

static void prepare_restoring(void *context)
{
	((struct znp *)context)->rows = restoring_rows;
	tell_what_is_left_out(context);
}

static void prepare_configured(void *context)
{
	((struct znp *)context)->rows = configured_rows;
}

static void write_links_item(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, ZNP_ITEM_LINK_KEYS);
}

static enum script_turn take_links_length(void *context, struct reader *answer)
{
	((struct znp *)context)->links_size = read_le16(answer);
	return SCRIPT_NEXT;
}

static bool lacks_tables(void *context)
{
	return ((struct znp *)context)->product != ZNP_PRODUCT_3_X_0;
}

static void write_addresses_item(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, ZNP_ITEM_ADDRESSES);
}

static enum script_turn take_addresses_length(void *context, struct reader *answer)
{
	((struct znp *)context)->addresses_size = read_le16(answer);
	return SCRIPT_NEXT;
}

static void write_nib_item(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, ZNP_ITEM_NIB);
}

static enum script_turn take_nib_length(void *context, struct reader *answer)
{
	((struct znp *)context)->nib_size = read_le16(answer);
	return SCRIPT_NEXT;
}

static bool has_nib(void *context)
{
	return ((struct znp *)context)->nib_size > 0;
}

static void write_nib_delete(void *context, struct writer *out)
{
	write_le16(out, ZNP_ITEM_NIB);
	write_le16(out, (uint16_t)((struct znp *)context)->nib_size);
}

static void write_reset(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, RESET_SOFT);
}

static void write_first_channels(void *context, struct writer *out)
{
	write_u8(out, 1);
	write_le32(out, 1U << ((struct znp *)context)->stick.wanted.channel);
}

static void write_no_channels(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, 0);
	write_le32(out, 0);
}

static void write_form(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, MODE_FORM);
}

/* It takes the stick a while after the network runs to write this down. */
static enum script_turn take_new_nib(void *context, struct reader *answer)
{
	struct znp *znp = context;
	struct stick_network network = { 0 };
	size_t size;
	const uint8_t *nib = znp_read_value(answer, &size);

	if (!nib || size > sizeof(znp->nib) || znp_nib_parse(&network, nib, size, znp->aligned) < 0)
		return znp->stick.script.turn < NIB_TURNS ? SCRIPT_AGAIN : SCRIPT_FAILED;
	memcpy(znp->nib, nib, size);
	znp->nib_size = size;
	if (znp->restoring)
		return znp_nib_patch(znp->nib, size, znp->aligned, &znp->stick.wanted) == 0 ? SCRIPT_NEXT
											    : SCRIPT_FAILED;
	return network.pan == znp->stick.wanted.pan ? SCRIPT_NEXT : SCRIPT_FAILED;
}

#define RESET_STEP                                                                                                    \
	{                                                                                                             \
		.what = "come back from its reset", .command = ZNP_RESET, .unanswered = true, .timeout_ms = RESET_MS, \
		.awaits = ZNP_ON_RESET, .write = write_reset                                                          \
	}

const struct script_step znp_form_script[] = {
	{ .what = "tell its network", .command = ZNP_NV_LENGTH, .write = write_nib_item, .answer = take_nib_length },
	{ .what = "forget its network", .command = ZNP_NV_DELETE, .needed = has_nib, .write = write_nib_delete },
	{ .what = "prepare to clear its memory",
		.command = ZNP_NV_INIT,
		.prepare = prepare_clearing,
		.write = znp_write_row,
		.answer = znp_take_row },
	RESET_STEP,
	{ .what = "take the network's parameters",
		.command = ZNP_NV_INIT,
		.prepare = prepare_forming,
		.write = znp_write_row,
		.answer = znp_take_row },
	{ .what = "take the channel", .command = ZNP_COMMISSION_CHANNELS, .write = write_first_channels },
	{ .what = "take the channel", .command = ZNP_COMMISSION_CHANNELS, .write = write_no_channels },
	{ .what = "form the network: perhaps one with this PAN is near already",
		.command = ZNP_COMMISSION,
		.timeout_ms = FORM_MS,
		.awaits = ZNP_ON_STATE,
		.write = write_form },
	{ .what = "form the network as it was told: perhaps one with this PAN is near already",
		.command = ZNP_NV_READ,
		.again_ms = NIB_PAUSE_MS,
		.write = znp_write_nib_read,
		.answer = take_new_nib },
	{ .what = "note that it is set up",
		.command = ZNP_NV_INIT,
		.prepare = prepare_configured,
		.write = znp_write_row,
		.answer = znp_take_row },
	{ .what = NULL },
};

/* After the one above. */
const struct script_step znp_restore_script[] = {
	{ .what = "tell how many nodes may have keys of their own",
		.command = ZNP_NV_LENGTH,
		.write = write_links_item,
		.answer = take_links_length },
	{ .what = "tell how many addresses it has room for",
		.command = ZNP_NV_LENGTH,
		.needed = lacks_tables,
		.write = write_addresses_item,
		.answer = take_addresses_length },
	{ .what = "take the network of another stick",
		.command = ZNP_NV_INIT,
		.prepare = prepare_restoring,
		.write = znp_write_row,
		.answer = znp_take_row },
	RESET_STEP,
	{ .what = NULL },
};
