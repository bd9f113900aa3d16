#include "tests/sim/ncp/zdo.h"

#define SUCCESS 0x00
#define NOT_ACTIVE 0x83
#define NOT_SUPPORTED 0x84
#define FREQUENCY_2400 0x40
#define BUFFER_BYTES 82
#define REVISION_22 (22 << 9)
#define SIMPLE_DESCRIPTOR_HEAD 8

static void write_addresses(const struct zdo_device *device, struct writer *out)
{
	write_u8(out, SUCCESS);
	write_le64(out, device->eui64);
	write_le16(out, device->nwk);
}

/* Section 2.3.2.3. */
static void write_node_descriptor(const struct zdo_device *device, struct writer *out)
{
	write_u8(out, SUCCESS);
	write_le16(out, device->nwk);
	write_u8(out, device->type);
	write_u8(out, FREQUENCY_2400);
	write_u8(out, device->capabilities);
	write_le16(out, device->manufacturer);
	write_u8(out, BUFFER_BYTES);
	write_le16(out, BUFFER_BYTES);
	write_le16(out, REVISION_22 | (device->type == 0));
	write_le16(out, BUFFER_BYTES);
	write_u8(out, 0);
}

static void write_simple_descriptor(const struct zdo_device *device, uint8_t number, struct writer *out)
{
	const struct zdo_endpoint *endpoint = NULL;

	for (size_t i = 0; i < device->endpoint_count; i++) {
		if (device->endpoints[i].endpoint == number)
			endpoint = &device->endpoints[i];
	}
	write_u8(out, endpoint ? SUCCESS : NOT_ACTIVE);
	write_le16(out, device->nwk);
	if (!endpoint) {
		write_u8(out, 0);
		return;
	}
	write_u8(out, (uint8_t)(SIMPLE_DESCRIPTOR_HEAD + 2 * (endpoint->server_count + endpoint->client_count)));
	write_u8(out, number);
	write_le16(out, endpoint->profile);
	write_le16(out, endpoint->device);
	write_u8(out, 1);
	write_u8(out, (uint8_t)endpoint->server_count);
	for (size_t i = 0; i < endpoint->server_count; i++)
		write_le16(out, endpoint->servers[i]);
	write_u8(out, (uint8_t)endpoint->client_count);
	for (size_t i = 0; i < endpoint->client_count; i++)
		write_le16(out, endpoint->clients[i]);
}

static void write_endpoints(const struct zdo_device *device, struct writer *out)
{
	write_u8(out, SUCCESS);
	write_le16(out, device->nwk);
	write_u8(out, (uint8_t)device->endpoint_count);
	for (size_t i = 0; i < device->endpoint_count; i++)
		write_u8(out, device->endpoints[i].endpoint);
}

/* A table that is empty: how many in all, from which on, how many here. */
static void write_empty_table(struct writer *out)
{
	write_u8(out, SUCCESS);
	write_u8(out, 0);
	write_u8(out, 0);
	write_u8(out, 0);
}

static void write_power_descriptor(const struct zdo_device *device, struct writer *out)
{
	write_u8(out, SUCCESS);
	write_le16(out, device->nwk);
	write_u8(out, device->type == 2 ? 0x40 : 0x10);
	write_u8(out, device->type == 2 ? 0xc4 : 0xc1);
}

static void write_answer(const struct zdo_device *device, uint16_t cluster, struct reader *in, struct writer *out)
{
	switch (cluster) {
	case ZDO_NWK_ADDRESS:
	case ZDO_IEEE_ADDRESS:
		write_addresses(device, out);
		break;
	case ZDO_NODE_DESCRIPTOR:
		write_node_descriptor(device, out);
		break;
	case ZDO_POWER_DESCRIPTOR:
		write_power_descriptor(device, out);
		break;
	case ZDO_SIMPLE_DESCRIPTOR:
		(void)read_le16(in);
		write_simple_descriptor(device, read_u8(in), out);
		break;
	case ZDO_ACTIVE_ENDPOINTS:
		write_endpoints(device, out);
		break;
	case ZDO_NEIGHBOURS:
	case ZDO_ROUTES:
	case ZDO_BINDINGS:
		write_empty_table(out);
		break;
	case ZDO_BIND:
	case ZDO_UNBIND:
	case ZDO_LEAVE:
	case ZDO_PERMIT:
		write_u8(out, SUCCESS);
		break;
	default:
		write_u8(out, NOT_SUPPORTED);
	}
}

bool zdo_answer(const struct zdo_device *device, uint16_t cluster, struct bytes request, struct writer *out)
{
	struct reader in;

	if (cluster & ZDO_RESPONSE || cluster == ZDO_ANNOUNCE || cluster == ZDO_PARENT_ANNOUNCE || request.size < 1)
		return false;
	reader_init(&in, request.data, request.size);
	write_u8(out, read_u8(&in));
	struct reader about = in;
	if (cluster == ZDO_NWK_ADDRESS && read_le64(&about) != device->eui64)
		return false;
	write_answer(device, cluster, &in, out);
	return !in.failed;
}
