#include "protocols/zdo.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

#define SENSOR 0x00124b0014d26937
#define GATEWAY 0x000d6f0001020304

/* Frames as zigpy 2.4.0 serializes them, with a sequence number before. */
#define NODE_RESPONSE "07002b1a0240807c11525200002c530000"
#define SIMPLE_RESPONSE "07002b1a12010401020301040000010003000204011900"
#define ENDPOINTS_RESPONSE "07002b1a030102f2"
#define ANNOUNCE "072b1a3769d214004b12008e"
#define BIND "073769d214004b12000102040304030201006f0d0001"
#define ADDRESS_RESPONSE "07003769d214004b12002b1a"
#define SIMPLE_REQUEST "072b1a01"
#define LEAVE "073769d214004b120080"
#define PERMIT "073c01"
/* A neighbour as Zigbee specification table 2.129 has it. */
#define NEIGHBOURS_RESPONSE          \
	"0700030101dddddddddddddddd" \
	"3769d214004b12002b1a120202b4"

struct frame {
	uint8_t data[ZDO_MESSAGE_MAX];
	size_t size;
};

static struct frame frame_of(const char *hex)
{
	struct frame frame = { .size = strlen(hex) / 2 };

	ck_assert_int_eq(hex_parse(frame.data, hex, strlen(hex)), 0);
	return frame;
}

static struct zdo_message parsed(uint16_t cluster, const char *hex)
{
	struct frame frame = frame_of(hex);
	struct zdo_message message;

	ck_assert_int_eq(zdo_parse(&message, cluster, frame.data, frame.size), 0);
	ck_assert_uint_eq(message.sequence, 7);
	return message;
}

START_TEST(a_node_descriptor_tells_power_and_manufacturer)
{
	struct zdo_message message = parsed(ZDO_NODE_DESCRIPTOR | ZDO_RESPONSE, NODE_RESPONSE);

	ck_assert_uint_eq(message.status, ZDO_SUCCESS);
	ck_assert_uint_eq(message.nwk, 0x1a2b);
	ck_assert_uint_eq(message.node.kind, ZDO_END_DEVICE);
	ck_assert_uint_eq(message.node.manufacturer, 0x117c);
	ck_assert_uint_eq(message.node.capabilities & (ZDO_MAINS_POWERED | ZDO_AWAKE_WHEN_IDLE), 0);
	ck_assert_uint_eq(message.node.incoming_max, 82);
}
END_TEST

START_TEST(a_simple_descriptor_lists_clusters_of_both_sides)
{
	struct zdo_message message = parsed(ZDO_SIMPLE_DESCRIPTOR | ZDO_RESPONSE, SIMPLE_RESPONSE);

	ck_assert_uint_eq(message.simple.endpoint, 1);
	ck_assert_uint_eq(message.simple.profile, 0x0104);
	ck_assert_uint_eq(message.simple.device, 0x0302);
	ck_assert_uint_eq(message.simple.version, 1);
	ck_assert_uint_eq(message.simple.in_count, 4);
	ck_assert_uint_eq(message.simple.in[3], 0x0402);
	ck_assert_uint_eq(message.simple.out_count, 1);
	ck_assert_uint_eq(message.simple.out[0], 0x0019);
}
END_TEST

START_TEST(endpoints_and_addresses_are_read)
{
	struct zdo_message message = parsed(ZDO_ACTIVE_ENDPOINTS | ZDO_RESPONSE, ENDPOINTS_RESPONSE);

	ck_assert_uint_eq(message.endpoints.count, 3);
	ck_assert_uint_eq(message.endpoints.list[2], 242);
	message = parsed(ZDO_NWK_ADDRESS | ZDO_RESPONSE, ADDRESS_RESPONSE);
	ck_assert_uint_eq(message.eui64, SENSOR);
	ck_assert_uint_eq(message.nwk, 0x1a2b);
	message = parsed(ZDO_DEVICE_ANNOUNCE, ANNOUNCE);
	ck_assert_uint_eq(message.eui64, SENSOR);
	ck_assert_uint_eq(message.capabilities, 0x8e);
}
END_TEST

START_TEST(a_binding_leads_from_cluster_to_endpoint)
{
	struct zdo_message message = parsed(ZDO_BIND, BIND);

	ck_assert_uint_eq(message.binding.source, SENSOR);
	ck_assert_uint_eq(message.binding.source_endpoint, 1);
	ck_assert_uint_eq(message.binding.cluster, 0x0402);
	ck_assert_uint_eq(message.binding.target, GATEWAY);
	ck_assert_uint_eq(message.binding.target_endpoint, 1);
}
END_TEST

START_TEST(neighbours_come_part_by_part)
{
	struct zdo_message message = parsed(ZDO_NEIGHBOURS | ZDO_RESPONSE, NEIGHBOURS_RESPONSE);

	ck_assert_uint_eq(message.neighbours.total, 3);
	ck_assert_uint_eq(message.neighbours.start, 1);
	ck_assert_uint_eq(message.neighbours.count, 1);
	ck_assert_uint_eq(message.neighbours.list[0].eui64, SENSOR);
	ck_assert_uint_eq(message.neighbours.list[0].kind, ZDO_END_DEVICE);
	ck_assert_uint_eq(message.neighbours.list[0].relationship, 1);
	ck_assert_uint_eq(message.neighbours.list[0].lqi, 180);
}
END_TEST

/* What differs is what no field of ours says: flags of the stack, lengths, the network of a neighbour. */
START_TEST(what_is_written_is_what_zigpy_writes)
{
	static const struct {
		uint16_t cluster;
		const char *hex;
	} frames[] = {
		{ ZDO_NODE_DESCRIPTOR | ZDO_RESPONSE, NODE_RESPONSE },
		{ ZDO_SIMPLE_DESCRIPTOR | ZDO_RESPONSE, SIMPLE_RESPONSE },
		{ ZDO_ACTIVE_ENDPOINTS | ZDO_RESPONSE, ENDPOINTS_RESPONSE },
		{ ZDO_DEVICE_ANNOUNCE, ANNOUNCE },
		{ ZDO_BIND, BIND },
		{ ZDO_UNBIND, BIND },
		{ ZDO_NWK_ADDRESS | ZDO_RESPONSE, ADDRESS_RESPONSE },
		{ ZDO_SIMPLE_DESCRIPTOR, SIMPLE_REQUEST },
		{ ZDO_LEAVE, LEAVE },
		{ ZDO_PERMIT, PERMIT },
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct frame frame = frame_of(frames[i].hex);
		struct zdo_message message = parsed(frames[i].cluster, frames[i].hex);
		uint8_t data[ZDO_MESSAGE_MAX];
		ck_assert_uint_eq(zdo_write(&message, data, sizeof(data)), frame.size);
		ck_assert_mem_eq(data, frame.data, frame.size);
		ck_assert_uint_eq(zdo_write(&message, data, frame.size - 1), 0);
	}
}
END_TEST

START_TEST(a_cut_message_is_refused_at_every_length)
{
	struct frame frame = frame_of(SIMPLE_RESPONSE);
	struct zdo_message message;

	for (size_t size = 0; size < frame.size; size++)
		ck_assert_int_eq(zdo_parse(&message, ZDO_SIMPLE_DESCRIPTOR | ZDO_RESPONSE, frame.data, size), -EBADMSG);
}
END_TEST

START_TEST(more_than_a_list_holds_is_refused)
{
	struct frame frame = frame_of("07002b1a41");
	struct zdo_message message;

	ck_assert_int_eq(
		zdo_parse(&message, ZDO_ACTIVE_ENDPOINTS | ZDO_RESPONSE, frame.data, sizeof(frame.data)), -ENOBUFS);
	ck_assert_int_eq(zdo_parse(&message, 0x0006, frame.data, frame.size), -ENOTSUP);
}
END_TEST

START_TEST(a_refusal_needs_nothing_but_its_status)
{
	struct zdo_message message = parsed(ZDO_SIMPLE_DESCRIPTOR | ZDO_RESPONSE, "0783");

	ck_assert_uint_eq(message.status, 0x83);
	message = parsed(ZDO_BIND | ZDO_RESPONSE, "0784");
	ck_assert_uint_eq(message.status, ZDO_NOT_SUPPORTED);
	message = parsed(ZDO_LEAVE | ZDO_RESPONSE, "0700");
	ck_assert_uint_eq(message.status, ZDO_SUCCESS);
}
END_TEST

TEST_SUITE(zdo, a_node_descriptor_tells_power_and_manufacturer, a_simple_descriptor_lists_clusters_of_both_sides,
	endpoints_and_addresses_are_read, a_binding_leads_from_cluster_to_endpoint, neighbours_come_part_by_part,
	what_is_written_is_what_zigpy_writes, a_cut_message_is_refused_at_every_length,
	more_than_a_list_holds_is_refused, a_refusal_needs_nothing_but_its_status)
