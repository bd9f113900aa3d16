#include "tests/sim/ncp/znp_stick.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define START_DELAY_US (50 * AIR_MS)
#define ZDO_STARTUP 0x2540
#define ZDO_REGISTER_ALL 0x253e
#define ZDO_FIND_ROUTE 0x2545
#define ZDO_CHECK_ROUTE 0x2546
#define ZDO_FIND_GROUP 0x254a
#define ZDO_ADD_GROUP 0x254b
#define ZDO_NETWORK 0x2550
#define ZDO_STATE_TOLD 0x45c0
#define UTIL_DEVICE 0x2700
#define UTIL_ADDRESS_TO_NWK 0x2740
#define UTIL_ADDRESS_TO_EUI64 0x2741
#define UTIL_ASSOCIATED_COUNT 0x2748
#define UTIL_ASSOCIATED 0x2749
#define UTIL_ASSOCIATED_FIND 0x274a
#define UTIL_ASSOCIATED_REMOVE 0x2763
#define UTIL_ASSOCIATED_ADD 0x2764
#define CNF_COMMISSION 0x2f05
#define CNF_CHANNEL 0x2f08
#define CNF_KEY_EXCHANGE 0x2f09
#define CNF_TOLD 0x4f80
#define MODE_FORM 0x04
#define RESTORED 0x00
#define NOT_STARTED 0x02
#define COMMISSION_SUCCESS 0x00
#define COMMISSION_FAILED 0x08
#define CLEAR_CONFIGURATION 0x01
#define CLEAR_STATE 0x02
#define KEY_BYTES 16
#define ASSOCIATED_BYTES 36
#define STARTING 8

/* Of the network information base, as its struct lies in the stick's memory. */
#define NIB_BYTES 116
#define NIB_SECURITY_LEVEL 12
#define NIB_PROTOCOL 18
#define NIB_ADDRESS 22
#define NIB_CHANNEL 24
#define NIB_COORDINATOR_EUI64 28
#define NIB_PAN 36
#define NIB_STATE 38
#define NIB_CHANNELS 40
#define NIB_EXTENDED_PAN 57
#define NIB_KEY_LOADED 65

static void put(struct znp_stick *stick, uint16_t item, const void *data, size_t size)
{
	(void)stick_memory_set(stick->memory, STICK_ITEM(item), (struct bytes){ data, size });
}

static struct bytes get(const struct znp_stick *stick, uint16_t item)
{
	return stick_memory_get(stick->memory, STICK_ITEM(item));
}

static uint64_t number(struct bytes value, size_t at, size_t size)
{
	uint64_t result = 0;

	for (size_t i = size; i-- > 0 && at + size <= value.size;)
		result = result << 8 | value.data[at + i];
	return result;
}

static bool is_formed(const struct znp_stick *stick)
{
	return get(stick, ZNP_NIB).size == NIB_BYTES && number(get(stick, ZNP_ON_A_NETWORK), 0, 1) == 1;
}

void znp_network_clear(struct znp_stick *stick)
{
	uint64_t option = number(get(stick, ZNP_STARTUP_OPTION), 0, 1);
	const uint8_t nothing[24] = { 0 };
	const uint8_t any[4] = { 0xff, 0xff, 0xff, 0xff };

	if (option & CLEAR_STATE) {
		(void)stick_memory_delete(stick->memory, STICK_ITEM(ZNP_NIB));
		put(stick, ZNP_ACTIVE_KEY, nothing, KEY_BYTES + 1);
		put(stick, ZNP_ALTERNATE_KEY, nothing, KEY_BYTES + 1);
		put(stick, ZNP_ON_A_NETWORK, nothing, 1);
		put(stick, ZNP_NWKKEY, nothing, 24);
	}
	if (option & CLEAR_CONFIGURATION)
		put(stick, ZNP_PANID, any, 2);
	put(stick, ZNP_STARTUP_OPTION, nothing, 1);
}

static uint8_t lowest_channel(uint32_t mask)
{
	for (uint8_t channel = 11; channel <= 26; channel++) {
		if (mask >> channel & 1)
			return channel;
	}
	return 11;
}

/* A network as its configuration items have it. */
static void form(struct znp_stick *stick)
{
	uint8_t nib[NIB_BYTES] = { 0 }, key[24] = { 0 };
	const uint8_t one = 1;
	struct writer out;
	uint64_t extended_pan = number(get(stick, ZNP_EXTENDED_PAN_ID), 0, 8);
	uint64_t used = number(get(stick, ZNP_APS_USE_EXT_PANID), 0, 8);
	uint16_t pan = (uint16_t)number(get(stick, ZNP_PANID), 0, 2);

	if (pan == 0xffff)
		pan = (uint16_t)(1 + random_below(stick->site.random, 0xfffd));
	if (used != 0)
		extended_pan = used;
	if (extended_pan == 0 || extended_pan == UINT64_MAX)
		extended_pan = number(get(stick, ZNP_EXTADDR), 0, 8);
	nib[NIB_SECURITY_LEVEL] = 5;
	nib[NIB_PROTOCOL] = 2;
	nib[NIB_CHANNEL] = lowest_channel(stick->channel_mask);
	nib[NIB_STATE] = 8;
	nib[NIB_KEY_LOADED] = 1;
	memcpy(nib + NIB_COORDINATOR_EUI64, get(stick, ZNP_EXTADDR).data, 8);
	writer_init(&out, nib + NIB_PAN, 2);
	write_le16(&out, pan);
	writer_init(&out, nib + NIB_CHANNELS, 4);
	write_le32(&out, UINT32_C(1) << nib[NIB_CHANNEL]);
	writer_init(&out, nib + NIB_EXTENDED_PAN, 8);
	write_le64(&out, extended_pan);
	memcpy(key + 1, get(stick, ZNP_PRECFGKEY).data, KEY_BYTES);
	put(stick, ZNP_NIB, nib, sizeof(nib));
	put(stick, ZNP_ACTIVE_KEY, key, KEY_BYTES + 1);
	put(stick, ZNP_ALTERNATE_KEY, key, KEY_BYTES + 1);
	put(stick, ZNP_NWKKEY, key, sizeof(key));
	put(stick, ZNP_ON_A_NETWORK, &one, 1);
	/* The frame counter of this network, first of its table. */
	uint8_t counter[12] = { 0xe8, 0x03 };
	memcpy(counter + 4, nib + NIB_EXTENDED_PAN, 8);
	(void)stick_memory_set(stick->memory,
		stick->site.has_tables ? STICK_ROW(1, 0x0007, 0) : STICK_ITEM(ZNP_COUNTERS),
		(struct bytes){ counter, sizeof(counter) });
}

static void on_up(void *context, uint64_t life)
{
	struct znp_stick *stick = context;
	struct bytes nib = get(stick, ZNP_NIB);
	struct coordinator_network network = { .eui64 = number(get(stick, ZNP_EXTADDR), 0, 8),
		.extended_pan = number(nib, NIB_EXTENDED_PAN, 8),
		.pan = (uint16_t)number(nib, NIB_PAN, 2),
		.channel = (uint8_t)number(nib, NIB_CHANNEL, 1) };
	const uint8_t state = ZNP_COORDINATOR;

	if (life != stick->life)
		return;
	stick->state = state;
	coordinator_start(stick->site.coordinator, &network);
	znp_say(stick, ZDO_STATE_TOLD, (struct bytes){ &state, 1 });
}

static void start(struct znp_stick *stick)
{
	const uint8_t starting = STARTING;

	znp_say_later(stick, START_DELAY_US / 2, ZDO_STATE_TOLD, (struct bytes){ &starting, 1 });
	air_clock_after(stick->site.clock, START_DELAY_US, on_up, stick, stick->life);
}

static void commission(struct znp_stick *stick, uint8_t mode, struct writer *out)
{
	bool was_formed = is_formed(stick);
	uint8_t told[] = { was_formed ? COMMISSION_FAILED : COMMISSION_SUCCESS, MODE_FORM, 0 };

	write_u8(out, ZNP_SUCCESS);
	if (mode != MODE_FORM)
		return;
	if (!was_formed)
		form(stick);
	start(stick);
	znp_say_later(stick, 2 * START_DELAY_US, CNF_TOLD, (struct bytes){ told, sizeof(told) });
}

static void write_network(struct znp_stick *stick, struct writer *out)
{
	struct bytes nib = get(stick, ZNP_NIB);
	bool formed = is_formed(stick);

	write_le16(out, formed ? 0 : NODE_NWK_NONE);
	write_u8(out, stick->state);
	write_le16(out, formed ? (uint16_t)number(nib, NIB_PAN, 2) : 0xffff);
	write_le16(out, 0);
	write_le64(out, number(nib, NIB_EXTENDED_PAN, 8));
	write_le64(out, 0);
	write_u8(out, (uint8_t)number(nib, NIB_CHANNEL, 1));
}

static void write_device(struct znp_stick *stick, struct writer *out)
{
	write_u8(out, ZNP_SUCCESS);
	write_bytes(out, get(stick, ZNP_EXTADDR).data, 8);
	write_le16(out, stick->state == ZNP_COORDINATOR ? 0 : NODE_NWK_NONE);
	write_u8(out, 7);
	write_u8(out, stick->state);
	write_u8(out, 0);
}

static void write_association(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	struct node *node = coordinator_find_eui64(stick->site.coordinator, read_le64(in));
	bool is_child = node && node->is_member && !node->parent;

	(void)read_le16(in);
	write_le16(out, is_child ? node->nwk : NODE_NWK_NONE);
	write_le16(out, is_child ? (uint16_t)node->number : 0xffff);
	write_u8(out, is_child ? (node->plan.is_sleepy ? 1 : 3) : 0xff);
}

static bool answer_addresses(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	static const uint8_t nobody[ASSOCIATED_BYTES] = { 0xfe, 0xff };
	struct node *node;

	switch (command) {
	case UTIL_ADDRESS_TO_NWK:
		node = coordinator_find_eui64(stick->site.coordinator, read_le64(in));
		write_le16(out, node && node->is_member ? node->nwk : NODE_NWK_NONE);
		return true;
	case UTIL_ADDRESS_TO_EUI64:
		node = coordinator_find(stick->site.coordinator, read_le16(in));
		write_le64(out, node ? node->plan.eui64 : UINT64_MAX);
		return true;
	case UTIL_ASSOCIATED_COUNT:
		write_le16(out, 0);
		return true;
	case UTIL_ASSOCIATED:
		(void)read_u8(in);
		write_bytes(out, nobody, sizeof(nobody));
		return true;
	case UTIL_ASSOCIATED_FIND:
		write_association(stick, in, out);
		return true;
	case UTIL_ASSOCIATED_REMOVE:
	case UTIL_ASSOCIATED_ADD:
		write_u8(out, ZNP_SUCCESS);
		return true;
	default:
		return false;
	}
}

static void set_channels(struct znp_stick *stick, struct reader *in, struct writer *out)
{
	bool primary = read_u8(in);
	uint32_t mask = read_le32(in);

	if (primary)
		stick->channel_mask = mask;
	write_u8(out, ZNP_SUCCESS);
}

bool znp_answer_network(struct znp_stick *stick, uint16_t command, struct reader *in, struct writer *out)
{
	switch (command) {
	case CNF_CHANNEL:
		set_channels(stick, in, out);
		return true;
	case CNF_COMMISSION:
		commission(stick, read_u8(in), out);
		return true;
	case ZDO_STARTUP:
		write_u8(out, is_formed(stick) ? RESTORED : NOT_STARTED);
		if (is_formed(stick))
			start(stick);
		return true;
	case ZDO_NETWORK:
		write_network(stick, out);
		return true;
	case UTIL_DEVICE:
		write_device(stick, out);
		return true;
	case ZDO_FIND_GROUP:
		write_u8(out, ZNP_FAILURE);
		(void)read_u8(in);
		write_le16(out, read_le16(in));
		write_u8(out, 0);
		return true;
	case ZDO_REGISTER_ALL:
		stick->tells_all_zdo = read_le16(in) == 0xffff;
		write_u8(out, ZNP_SUCCESS);
		return true;
	case ZDO_ADD_GROUP:
	case ZDO_FIND_ROUTE:
	case ZDO_CHECK_ROUTE:
	case CNF_KEY_EXCHANGE:
		write_u8(out, ZNP_SUCCESS);
		return true;
	default:
		return answer_addresses(stick, command, in, out);
	}
}
