#include "drivers/zigbee_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/zigbee_interview.h"
#include "protocols/cursor.h"
#include "protocols/hex.h"
#include "protocols/zdo.h"

#define RECORD_VERSION 1
#define LIST_START 16
#define ADDRESSES_OF_MANY 0xfff8 /* from here on */

void zigbee_nodes_init(struct zigbee_nodes *nodes)
{
	*nodes = (struct zigbee_nodes){ 0 };
}

void zigbee_nodes_finish(struct zigbee_nodes *nodes)
{
	while (nodes->count > 0)
		free(nodes->list[--nodes->count]);
	free(nodes->list);
	zigbee_nodes_init(nodes);
}

struct zigbee_node *zigbee_nodes_find(const struct zigbee_nodes *nodes, uint64_t eui64)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->list[i]->eui64 == eui64)
			return nodes->list[i];
	return NULL;
}

bool zigbee_nwk_is_node(uint16_t nwk)
{
	return nwk != 0 && nwk < ADDRESSES_OF_MANY;
}

struct zigbee_node *zigbee_nodes_at(const struct zigbee_nodes *nodes, uint16_t nwk)
{
	if (nwk == ZIGBEE_NWK_NONE)
		return NULL;
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->list[i]->nwk == nwk)
			return nodes->list[i];
	return NULL;
}

struct zigbee_node *zigbee_nodes_named(const struct zigbee_nodes *nodes, const char *id)
{
	uint64_t eui64;

	return zigbee_id_parse(&eui64, id) == 0 ? zigbee_nodes_find(nodes, eui64) : NULL;
}

static int grow(struct zigbee_nodes *nodes)
{
	size_t room = nodes->room ? nodes->room * 2 : LIST_START;
	struct zigbee_node **list = realloc(nodes->list, room * sizeof(struct zigbee_node *));

	if (!list)
		return -ENOMEM;
	nodes->list = list;
	nodes->room = room;
	return 0;
}

struct zigbee_node *zigbee_nodes_add(struct zigbee_nodes *nodes, uint64_t eui64)
{
	struct zigbee_node *node = zigbee_nodes_find(nodes, eui64);

	if (node)
		return node;
	if (nodes->count == ZIGBEE_NODES_MAX || (nodes->count == nodes->room && grow(nodes) < 0))
		return NULL;
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->eui64 = eui64;
	node->nwk = node->parent = ZIGBEE_NWK_NONE;
	node->battery_percent = -1;
	zigbee_id_print(node->id, eui64);
	nodes->list[nodes->count++] = node;
	return node;
}

void zigbee_nodes_remove(struct zigbee_nodes *nodes, struct zigbee_node *node)
{
	for (size_t i = 0; i < nodes->count; i++) {
		if (nodes->list[i] != node)
			continue;
		nodes->list[i] = nodes->list[--nodes->count];
		free(node);
		return;
	}
}

bool zigbee_nodes_move(struct zigbee_nodes *nodes, struct zigbee_node *node, uint16_t nwk)
{
	struct zigbee_node *former = zigbee_nodes_at(nodes, nwk);

	if (node->nwk == nwk)
		return false;
	if (former) {
		former->nwk = ZIGBEE_NWK_NONE;
		former->changed = true;
	}
	node->nwk = nwk;
	node->changed = true;
	return true;
}

/* ---- records ---- */

enum { NODE_DESCRIBED = 1, NODE_LEFT = 2, FIRMWARE_KNOWN = 4, FIRMWARE_HARDWARE = 8, NODE_LEAVING = 16 };
enum { ENDPOINT_DESCRIBED = 1, ENDPOINT_BASIC = 2, ENDPOINT_UPGRADE = 4 };

static void write_text(struct writer *out, const char *text)
{
	write_u8(out, (uint8_t)strlen(text));
	write_bytes(out, text, strlen(text));
}

static void read_text(char out[ZIGBEE_TEXT_SIZE], struct reader *in)
{
	size_t size = read_u8(in);
	const uint8_t *text = read_bytes(in, size);

	if (!text || size >= ZIGBEE_TEXT_SIZE) {
		in->failed = true;
		return;
	}
	memcpy(out, text, size);
	out[size] = '\0';
}

/* Measures are kept by cluster and attribute: their order may be another one in a later version. */
static void write_measures(struct writer *out, uint32_t measures, uint32_t reported)
{
	write_u8(out, (uint8_t)__builtin_popcount(measures));
	for (size_t i = 0; i < zigbee_measure_count; i++) {
		if (!(measures & UINT32_C(1) << i))
			continue;
		write_le16(out, zigbee_measures[i].cluster);
		write_le16(out, zigbee_measures[i].attribute);
		write_u8(out, reported >> i & 1);
	}
}

static void read_measures(struct zigbee_endpoint *endpoint, struct reader *in)
{
	for (size_t i = read_u8(in); i > 0; i--) {
		uint16_t cluster = read_le16(in), attribute = read_le16(in);
		const struct zigbee_measure *measure = zigbee_measure_find(cluster, attribute);
		bool reported = read_u8(in);
		if (!measure)
			continue;
		uint32_t bit = UINT32_C(1) << (measure - zigbee_measures);
		endpoint->measures |= bit;
		endpoint->reported |= reported ? bit : 0;
	}
}

static void write_endpoint(struct writer *out, const struct zigbee_endpoint *endpoint)
{
	write_u8(out, endpoint->number);
	write_u8(out,
		(uint8_t)((endpoint->described ? ENDPOINT_DESCRIBED : 0) | (endpoint->has_basic ? ENDPOINT_BASIC : 0) |
			  (endpoint->has_upgrade ? ENDPOINT_UPGRADE : 0)));
	write_le16(out, endpoint->profile);
	write_le16(out, endpoint->device);
	write_measures(out, endpoint->measures, endpoint->reported);
	write_u8(out, endpoint->meter_unit);
	write_u8(out, ZIGBEE_SCALES);
	for (size_t i = 0; i < ZIGBEE_SCALES; i++) {
		write_le32(out, endpoint->scales[i].multiplier);
		write_le32(out, endpoint->scales[i].divisor);
	}
}

static void read_endpoint(struct zigbee_endpoint *endpoint, struct reader *in)
{
	zigbee_endpoint_init(endpoint, read_u8(in));
	uint8_t flags = read_u8(in);
	endpoint->described = flags & ENDPOINT_DESCRIBED;
	endpoint->has_basic = flags & ENDPOINT_BASIC;
	endpoint->has_upgrade = flags & ENDPOINT_UPGRADE;
	endpoint->profile = read_le16(in);
	endpoint->device = read_le16(in);
	read_measures(endpoint, in);
	endpoint->meter_unit = read_u8(in);
	if (read_u8(in) != ZIGBEE_SCALES)
		in->failed = true;
	for (size_t i = 0; i < ZIGBEE_SCALES; i++) {
		endpoint->scales[i].multiplier = read_le32(in);
		endpoint->scales[i].divisor = read_le32(in);
		if (endpoint->scales[i].divisor == 0)
			in->failed = true;
	}
}

size_t zigbee_node_write(const struct zigbee_node *node, void *data)
{
	const struct zigbee_firmware *firmware = &node->firmware;
	struct writer out;

	writer_init(&out, data, DRIVER_RECORD_MAX);
	write_u8(&out, RECORD_VERSION);
	write_u8(
		&out, (uint8_t)((node->described ? NODE_DESCRIBED : 0) | (node->left ? NODE_LEFT : 0) |
				(firmware->known ? FIRMWARE_KNOWN : 0) |
				(firmware->has_hardware ? FIRMWARE_HARDWARE : 0) | (node->leaving ? NODE_LEAVING : 0)));
	write_le16(&out, node->nwk);
	write_u8(&out, node->kind);
	write_u8(&out, node->capabilities);
	write_u8(&out, node->power_source);
	write_le16(&out, node->manufacturer);
	write_text(&out, node->maker);
	write_text(&out, node->model);
	write_text(&out, node->build);
	write_le16(&out, firmware->manufacturer);
	write_le16(&out, firmware->image_type);
	write_le32(&out, firmware->version);
	write_le16(&out, firmware->hardware);
	write_u8(&out, node->interview.step);
	write_u8(&out, node->interview.endpoint);
	write_u8(&out, node->interview.measure);
	write_u8(&out, node->endpoint_count);
	for (size_t i = 0; i < node->endpoint_count; i++)
		write_endpoint(&out, &node->endpoints[i]);
	return writer_size(&out);
}

int zigbee_node_parse(struct zigbee_node *node, const void *data, size_t size)
{
	struct zigbee_node read = *node;
	struct zigbee_firmware *firmware = &read.firmware;
	struct reader in;

	reader_init(&in, data, size);
	if (read_u8(&in) != RECORD_VERSION)
		return -EBADMSG;
	uint8_t flags = read_u8(&in);
	read.described = flags & NODE_DESCRIBED;
	read.left = flags & NODE_LEFT;
	read.leaving = flags & NODE_LEAVING;
	firmware->known = flags & FIRMWARE_KNOWN;
	firmware->has_hardware = flags & FIRMWARE_HARDWARE;
	read.nwk = read_le16(&in);
	read.kind = read_u8(&in);
	read.capabilities = read_u8(&in);
	read.power_source = read_u8(&in);
	read.manufacturer = read_le16(&in);
	read_text(read.maker, &in);
	read_text(read.model, &in);
	read_text(read.build, &in);
	firmware->manufacturer = read_le16(&in);
	firmware->image_type = read_le16(&in);
	firmware->version = read_le32(&in);
	firmware->hardware = read_le16(&in);
	read.interview = (struct zigbee_interview){ .step = read_u8(&in) };
	read.interview.endpoint = read_u8(&in);
	read.interview.measure = read_u8(&in);
	read.endpoint_count = read_u8(&in);
	if (read.endpoint_count > ZIGBEE_ENDPOINTS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < read.endpoint_count; i++)
		read_endpoint(&read.endpoints[i], &in);
	if (in.failed)
		return -EBADMSG;
	if (read.interview.step > STEP_DONE || read.interview.endpoint >= ZIGBEE_ENDPOINTS_MAX ||
		read.interview.measure >= zigbee_measure_count)
		read.interview = (struct zigbee_interview){ 0 };
	*node = read;
	return 0;
}
