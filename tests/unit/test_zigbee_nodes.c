#include "drivers/zigbee_nodes.h"

#include <errno.h>
#include <string.h>

#include "protocols/zdo.h"
#include "tests/unit/suite.h"

#define SENSOR 0x00124b0014d26937

static struct zigbee_node *full_node(struct zigbee_nodes *nodes)
{
	struct zigbee_node *node = zigbee_nodes_add(nodes, SENSOR);

	node->nwk = 0x1a2b;
	node->described = true;
	node->capabilities = ZDO_MAINS_POWERED;
	node->manufacturer = 0x117c;
	strcpy(node->maker, "IKEA of Sweden");
	strcpy(node->model, "VINDSTYRKA");
	strcpy(node->build, "1.0.11");
	node->firmware = (struct zigbee_firmware){ .known = true,
		.manufacturer = 0x117c,
		.image_type = 0x4203,
		.version = 0x01020304,
		.has_hardware = true,
		.hardware = 3 };
	node->interview.step = 7;
	node->interview.endpoint = 1;
	node->interview.measure = 2;
	node->endpoint_count = ZIGBEE_ENDPOINTS_MAX;
	for (uint8_t i = 0; i < ZIGBEE_ENDPOINTS_MAX; i++) {
		struct zigbee_endpoint *endpoint = &node->endpoints[i];
		zigbee_endpoint_init(endpoint, (uint8_t)(i + 1));
		endpoint->described = endpoint->has_basic = endpoint->has_upgrade = true;
		endpoint->measures = (UINT32_C(1) << zigbee_measure_count) - 1;
		endpoint->reported = zigbee_measures_of(CLUSTER_TEMPERATURE);
		endpoint->scales[SCALE_POWER] = (struct zigbee_scale){ 1, 10 };
	}
	return node;
}

START_TEST(a_record_brings_back_what_was_known)
{
	struct zigbee_nodes nodes, others;
	uint8_t record[DRIVER_RECORD_MAX], again[DRIVER_RECORD_MAX];

	zigbee_nodes_init(&nodes);
	zigbee_nodes_init(&others);
	size_t size = zigbee_node_write(full_node(&nodes), record);
	ck_assert_uint_gt(size, 0);
	struct zigbee_node *back = zigbee_nodes_add(&others, SENSOR);
	ck_assert_int_eq(zigbee_node_parse(back, record, size), 0);
	ck_assert_str_eq(back->model, "VINDSTYRKA");
	ck_assert_uint_eq(back->nwk, 0x1a2b);
	ck_assert_uint_eq(back->firmware.version, 0x01020304);
	ck_assert_uint_eq(back->interview.step, 7);
	ck_assert_uint_eq(back->endpoints[15].scales[SCALE_POWER].divisor, 10);
	ck_assert_uint_eq(zigbee_node_write(back, again), size);
	ck_assert_mem_eq(again, record, size);
	zigbee_nodes_finish(&nodes);
	zigbee_nodes_finish(&others);
}
END_TEST

START_TEST(a_cut_or_later_record_is_refused)
{
	struct zigbee_nodes nodes;
	uint8_t record[DRIVER_RECORD_MAX];

	zigbee_nodes_init(&nodes);
	struct zigbee_node *node = full_node(&nodes);
	size_t size = zigbee_node_write(node, record);
	for (size_t cut = 0; cut < size; cut++)
		ck_assert_int_eq(zigbee_node_parse(node, record, cut), -EBADMSG);
	record[0] = 2;
	ck_assert_int_eq(zigbee_node_parse(node, record, size), -EBADMSG);
	zigbee_nodes_finish(&nodes);
}
END_TEST

START_TEST(an_interview_that_stands_nowhere_begins_anew)
{
	struct zigbee_nodes nodes;
	uint8_t record[DRIVER_RECORD_MAX];

	zigbee_nodes_init(&nodes);
	struct zigbee_node *node = full_node(&nodes);
	node->interview.endpoint = 200;
	size_t size = zigbee_node_write(node, record);
	ck_assert_int_eq(zigbee_node_parse(node, record, size), 0);
	ck_assert_uint_eq(node->interview.endpoint, 0);
	ck_assert_uint_eq(node->interview.step, 0);
	node->interview.step = 200;
	size = zigbee_node_write(node, record);
	ck_assert_int_eq(zigbee_node_parse(node, record, size), 0);
	ck_assert_uint_eq(node->interview.step, 0);
	zigbee_nodes_finish(&nodes);
}
END_TEST

START_TEST(an_address_belongs_to_the_node_that_had_it_last)
{
	struct zigbee_nodes nodes;

	zigbee_nodes_init(&nodes);
	struct zigbee_node *first = zigbee_nodes_add(&nodes, 1), *second = zigbee_nodes_add(&nodes, 2);
	ck_assert(zigbee_nodes_move(&nodes, first, 0x1000));
	ck_assert(!zigbee_nodes_move(&nodes, first, 0x1000));
	ck_assert(zigbee_nodes_move(&nodes, second, 0x1000));
	ck_assert_ptr_eq(zigbee_nodes_at(&nodes, 0x1000), second);
	ck_assert_uint_eq(first->nwk, ZIGBEE_NWK_NONE);
	ck_assert_ptr_null(zigbee_nodes_at(&nodes, ZIGBEE_NWK_NONE));
	zigbee_nodes_remove(&nodes, second);
	ck_assert_ptr_null(zigbee_nodes_find(&nodes, 2));
	zigbee_nodes_finish(&nodes);
}
END_TEST

START_TEST(there_is_a_limit_to_nodes)
{
	struct zigbee_nodes nodes;

	zigbee_nodes_init(&nodes);
	for (uint64_t i = 1; i <= ZIGBEE_NODES_MAX; i++)
		ck_assert_ptr_nonnull(zigbee_nodes_add(&nodes, i));
	ck_assert_ptr_null(zigbee_nodes_add(&nodes, ZIGBEE_NODES_MAX + 1));
	ck_assert_ptr_nonnull(zigbee_nodes_add(&nodes, 7));
	zigbee_nodes_finish(&nodes);
}
END_TEST

START_TEST(an_identity_is_an_eui64)
{
	char id[ZIGBEE_ID_SIZE];
	uint64_t eui64;

	zigbee_id_print(id, SENSOR);
	ck_assert_str_eq(id, "0x00124b0014d26937");
	ck_assert_int_eq(zigbee_id_parse(&eui64, id), 0);
	ck_assert_uint_eq(eui64, SENSOR);
	ck_assert_int_eq(zigbee_id_parse(&eui64, "0x00124b0014d2693"), -EINVAL);
	ck_assert_int_eq(zigbee_id_parse(&eui64, "0x00124b0014d2693g"), -EINVAL);
	ck_assert_int_eq(zigbee_id_parse(&eui64, "00124b0014d2693700"), -EINVAL);
}
END_TEST

TEST_SUITE(zigbee_nodes, a_record_brings_back_what_was_known, a_cut_or_later_record_is_refused,
	an_interview_that_stands_nowhere_begins_anew, an_address_belongs_to_the_node_that_had_it_last,
	there_is_a_limit_to_nodes, an_identity_is_an_eui64)
