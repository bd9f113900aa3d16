#include "tests/sim/ncp/ezsp_stick.h"

#include <string.h>

#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"

#define SET_CONCENTRATOR 0x0010
#define NETWORK_INIT 0x0017
#define NETWORK_STATE 0x0018
#define STACK_STATUS 0x0019
#define START_SCAN 0x001a
#define SCAN_COMPLETE 0x001c
#define FORM_NETWORK 0x001e
#define LEAVE_NETWORK 0x0020
#define PERMIT_JOINING 0x0022
#define JOINED 0x0024
#define GET_EUI64 0x0026
#define GET_NODE_ID 0x0027
#define GET_PARAMETERS 0x0028
#define GET_PARENT_CHILD 0x0029
#define ROUTE_REQUEST 0x0041
#define ENERGY_RESULT 0x0048
#define SOURCE_ROUTE_MODE 0x005a
#define GET_CHILD 0x004a
#define ADDRESS_TABLE_EUI64 0x005e
#define ADDRESS_TABLE_NODE 0x005f
#define ADDRESS_NODE_BY_EUI64 0x0060
#define ADDRESS_EUI64_BY_NODE 0x0061
#define FACTORY_RESET 0x0077
#define SET_EXTENDED_TIMEOUT 0x007e
#define GET_EXTENDED_TIMEOUT 0x007f
#define SET_CHANNEL 0x00b9
#define NO_NETWORK 0
#define JOINED_NETWORK 2
#define COORDINATOR 1
#define PARAMETERS_BYTES 20
#define PARAMETERS_PAN 8
#define PARAMETERS_CHANNEL 11
#define START_US (50 * AIR_MS)
#define SCAN_US (20 * AIR_MS)
#define LEFT 2
#define UNSECURED_JOIN 1
#define CHILD 3
#define SLEEPY_CHILD 4
#define CHILD_HAS_TIMEOUT 10

static struct bytes network_of(const struct ezsp_stick *stick)
{
	return stick_memory_get(stick->memory, STICK_ITEM(EZSP_ITEM_NETWORK));
}

static void say_status(struct ezsp_stick *stick, enum ezsp_status status)
{
	uint8_t room[4];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	ezsp_write_status(stick, status, &out);
	ezsp_say(stick, STACK_STATUS, (struct bytes){ room, writer_size(&out) });
}

static void on_up(void *context, uint64_t life)
{
	struct ezsp_stick *stick = context;
	struct reader in;
	struct bytes saved = network_of(stick);
	struct coordinator_network network = { .eui64 = stick->site.eui64 };

	if (life != stick->life || saved.size != PARAMETERS_BYTES)
		return;
	reader_init(&in, saved.data, saved.size);
	network.extended_pan = read_le64(&in);
	network.pan = read_le16(&in);
	network.channel = saved.data[PARAMETERS_CHANNEL];
	stick->is_joined = true;
	coordinator_start(stick->site.coordinator, &network);
	say_status(stick, EZSP_UP);
}

static void on_down(void *context, uint64_t life)
{
	struct ezsp_stick *stick = context;

	if (life == stick->life)
		say_status(stick, EZSP_DOWN);
}

static void start(struct ezsp_stick *stick)
{
	air_clock_after(stick->site.clock, START_US, on_up, stick, stick->life);
}

static void form(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	const uint8_t *parameters = read_bytes(in, PARAMETERS_BYTES);

	if (!parameters || stick->is_joined) {
		ezsp_write_status(stick, EZSP_INVALID, out);
		return;
	}
	(void)stick_memory_set(
		stick->memory, STICK_ITEM(EZSP_ITEM_NETWORK), (struct bytes){ parameters, PARAMETERS_BYTES });
	(void)stick_memory_set(
		stick->memory, STICK_ITEM(EZSP_ITEM_KEYS), (struct bytes){ stick->security, sizeof(stick->security) });
	ezsp_write_status(stick, EZSP_OK, out);
	start(stick);
}

static void leave(struct ezsp_stick *stick, struct writer *out)
{
	if (!stick->is_joined) {
		ezsp_write_status(stick, EZSP_NOT_JOINED, out);
		return;
	}
	(void)stick_memory_delete(stick->memory, STICK_ITEM(EZSP_ITEM_NETWORK));
	stick->is_joined = false;
	stick->site.coordinator->is_up = false;
	stick->site.coordinator->mesh->stick_hears = false;
	ezsp_write_status(stick, EZSP_OK, out);
	air_clock_after(stick->site.clock, START_US, on_down, stick, stick->life);
}

static void initialize(struct ezsp_stick *stick, struct writer *out)
{
	bool is_there = network_of(stick).size == PARAMETERS_BYTES;

	ezsp_write_status(stick, is_there ? EZSP_OK : EZSP_NOT_JOINED, out);
	if (is_there)
		start(stick);
}

static void write_parameters(struct ezsp_stick *stick, struct writer *out)
{
	static const uint8_t none[PARAMETERS_BYTES] = { 0 };

	ezsp_write_status(stick, stick->is_joined ? EZSP_OK : EZSP_NOT_JOINED, out);
	write_u8(out, stick->is_joined ? COORDINATOR : 0);
	write_bytes(out, stick->is_joined ? network_of(stick).data : none, PARAMETERS_BYTES);
}

static void on_scanned(void *context, uint64_t mask_and_life)
{
	struct ezsp_stick *stick = context;
	uint32_t mask = (uint32_t)mask_and_life;
	uint8_t over[5] = { 0 };

	if (mask_and_life >> 32 != (stick->life & UINT32_MAX))
		return;
	for (uint8_t channel = 11; channel <= 26; channel++) {
		uint8_t result[] = { channel, (uint8_t)(-90 + 3 * (channel % 5)) };
		if (mask >> channel & 1)
			ezsp_say(stick, ENERGY_RESULT, (struct bytes){ result, sizeof(result) });
	}
	ezsp_say(stick, SCAN_COMPLETE, (struct bytes){ over, stick->version >= EZSP_WIDE ? 5 : 2 });
}

static void scan(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	(void)read_u8(in);
	uint32_t mask = read_le32(in);

	air_clock_after(stick->site.clock, SCAN_US, on_scanned, stick, mask | (stick->life & UINT32_MAX) << 32);
	/* Alone among its kind: sl_status_t in all versions. */
	write_le32(out, 0);
}

static void write_node_by_eui64(struct ezsp_stick *stick, uint64_t eui64, struct writer *out)
{
	struct node *node = coordinator_find_eui64(stick->site.coordinator, eui64);
	bool is_member = node && node->is_member;

	if (stick->version >= EZSP_WIDE)
		ezsp_write_status(stick, is_member ? EZSP_OK : EZSP_NOT_FOUND, out);
	write_le16(out, is_member ? node->nwk : 0xffff);
}

static void write_eui64_by_node(struct ezsp_stick *stick, uint16_t nwk, struct writer *out)
{
	struct node *node = coordinator_find(stick->site.coordinator, nwk);

	ezsp_write_status(stick, node ? EZSP_OK : EZSP_NOT_FOUND, out);
	write_le64(out, node ? node->plan.eui64 : UINT64_MAX);
}

/* The child of that number: a node that has the stick for its parent. */
static const struct node *child_of(const struct ezsp_stick *stick, uint8_t index)
{
	const struct coordinator *coordinator = stick->site.coordinator;

	for (unsigned i = 0; i < coordinator->node_count; i++) {
		const struct node *node = &coordinator->nodes[i];
		if (node->is_member && !node->parent && !node->plan.is_router && index-- == 0)
			return node;
	}
	return NULL;
}

static void write_child(struct ezsp_stick *stick, uint8_t index, struct writer *out)
{
	const struct node *node = child_of(stick, index);

	ezsp_write_status(stick, node ? EZSP_OK : EZSP_NOT_JOINED, out);
	write_le64(out, node ? node->plan.eui64 : UINT64_MAX);
	write_u8(out, node && node->plan.is_sleepy ? SLEEPY_CHILD : CHILD);
	write_le16(out, node ? node->nwk : 0xffff);
	write_u8(out, 0);
	write_u8(out, 0);
	write_u8(out, 8);
	if (stick->version >= CHILD_HAS_TIMEOUT)
		write_le32(out, 0);
}

/* The address table is the host's to fill, and none does here. */
static void write_address_entry(struct ezsp_stick *stick, struct writer *out)
{
	if (stick->version >= EZSP_WIDE) {
		ezsp_write_status(stick, EZSP_OK, out);
		write_le16(out, 0xffff);
	}
	write_le64(out, UINT64_MAX);
}

static bool answer_addresses(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case GET_EUI64:
		write_le64(out, stick->site.eui64);
		return true;
	case GET_NODE_ID:
		write_le16(out, stick->is_joined ? 0 : NODE_NWK_NONE);
		return true;
	case GET_PARAMETERS:
		write_parameters(stick, out);
		return true;
	case GET_PARENT_CHILD:
		write_u8(out, 0);
		write_le64(out, 0);
		write_le16(out, 0xffff);
		return true;
	case GET_CHILD:
		write_child(stick, read_u8(in), out);
		return true;
	case ADDRESS_TABLE_EUI64:
		write_address_entry(stick, out);
		return true;
	case ADDRESS_TABLE_NODE:
		write_le16(out, 0xffff);
		return true;
	case ADDRESS_NODE_BY_EUI64:
		write_node_by_eui64(stick, read_le64(in), out);
		return true;
	case ADDRESS_EUI64_BY_NODE:
		write_eui64_by_node(stick, read_le16(in), out);
		return true;
	case SET_EXTENDED_TIMEOUT:
		if (stick->version >= EZSP_WIDE)
			ezsp_write_status(stick, EZSP_OK, out);
		return true;
	case GET_EXTENDED_TIMEOUT:
		/* Whether it has one: no. */
		if (stick->version >= EZSP_WIDE)
			write_le32(out, 1);
		else
			write_u8(out, 0);
		return true;
	default:
		return false;
	}
}

bool ezsp_answer_network(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case NETWORK_INIT:
		initialize(stick, out);
		return true;
	case NETWORK_STATE:
		write_u8(out, stick->is_joined ? JOINED_NETWORK : NO_NETWORK);
		return true;
	case FORM_NETWORK:
		form(stick, in, out);
		return true;
	case LEAVE_NETWORK:
		leave(stick, out);
		return true;
	case PERMIT_JOINING:
		coordinator_permit(stick->site.coordinator, read_u8(in));
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	case FACTORY_RESET:
		(void)stick_memory_delete(stick->memory, STICK_ITEM(EZSP_ITEM_NETWORK));
		(void)stick_memory_delete(stick->memory, STICK_ITEM(EZSP_ITEM_KEYS));
		return true;
	case START_SCAN:
		scan(stick, in, out);
		return true;
	case SOURCE_ROUTE_MODE:
		write_le32(out, 60000);
		return true;
	case SET_CONCENTRATOR:
	case ROUTE_REQUEST:
	case SET_CHANNEL:
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	default:
		return answer_addresses(stick, id, in, out);
	}
}

static void say_member(struct ezsp_stick *stick, const struct node *node, uint8_t update)
{
	uint8_t room[14];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_le16(&out, node->nwk);
	write_le64(&out, node->plan.eui64);
	write_u8(&out, update);
	write_u8(&out, 0);
	write_le16(&out, node->parent ? node->parent->nwk : 0);
	ezsp_say(stick, JOINED, (struct bytes){ room, writer_size(&out) });
}

void ezsp_on_joined(void *context, const struct node *node)
{
	say_member(context, node, UNSECURED_JOIN);
}

void ezsp_on_left(void *context, const struct node *node)
{
	say_member(context, node, LEFT);
}
