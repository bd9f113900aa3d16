#include "protocols/zdo.h"

#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"

#define SINGLE_DEVICE 0 /* of an address request: without the node's children */
#define EXTENDED_TARGET 3
#define LEAVE_CHILDREN 0x40
#define LEAVE_REJOIN 0x80
#define FREQUENCY_2400_MHZ 0x40
#define DESCRIPTOR_HEAD 8 /* bytes of a simple descriptor without its clusters */

/* ---- parsing ---- */

static int read_node(struct zdo_node_descriptor *out, struct reader *in)
{
	out->kind = read_u8(in) & 7;
	(void)read_u8(in); /* APS flags and frequency band */
	out->capabilities = read_u8(in);
	out->manufacturer = read_le16(in);
	out->buffer_size = read_u8(in);
	out->incoming_max = read_le16(in);
	out->server_mask = read_le16(in);
	out->outgoing_max = read_le16(in);
	(void)read_u8(in); /* descriptor capabilities */
	return 0;
}

static int read_clusters(uint16_t *list, uint8_t *count, struct reader *in)
{
	*count = read_u8(in);
	if (*count > ZDO_CLUSTERS_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < *count; i++)
		list[i] = read_le16(in);
	return 0;
}

static int read_simple(struct zdo_simple_descriptor *out, struct reader *in)
{
	(void)read_u8(in); /* its length, which follows from the counts; some nodes say a wrong one */
	out->endpoint = read_u8(in);
	out->profile = read_le16(in);
	out->device = read_le16(in);
	out->version = read_u8(in) & 0x0f;
	int error = read_clusters(out->in, &out->in_count, in);
	return error ? error : read_clusters(out->out, &out->out_count, in);
}

static int read_endpoints(struct zdo_endpoints *out, struct reader *in)
{
	out->count = read_u8(in);
	if (out->count > ZDO_ENDPOINTS_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < out->count; i++)
		out->list[i] = read_u8(in);
	return 0;
}

static int read_binding(struct zdo_binding *out, struct reader *in)
{
	out->source = read_le64(in);
	out->source_endpoint = read_u8(in);
	out->cluster = read_le16(in);
	uint8_t mode = read_u8(in);
	out->target = read_le64(in);
	out->target_endpoint = read_u8(in);
	/* Bindings to groups are none of ours. */
	return mode == EXTENDED_TARGET ? 0 : -EBADMSG;
}

static int read_neighbours(struct zdo_neighbours *out, struct reader *in)
{
	out->total = read_u8(in);
	out->start = read_u8(in);
	out->count = read_u8(in);
	if (out->count > ZDO_NEIGHBOURS_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < out->count; i++) {
		struct zdo_neighbour *neighbour = &out->list[i];
		(void)read_le64(in); /* the network, which is ours */
		neighbour->eui64 = read_le64(in);
		neighbour->nwk = read_le16(in);
		uint8_t flags = read_u8(in);
		neighbour->kind = flags & 3;
		neighbour->relationship = flags >> 4 & 7;
		(void)read_u8(in); /* whether it permits joining */
		neighbour->depth = read_u8(in);
		neighbour->lqi = read_u8(in);
	}
	return 0;
}

static int read_request(struct zdo_message *out, struct reader *in)
{
	switch (out->cluster) {
	case ZDO_NWK_ADDRESS:
		out->eui64 = read_le64(in);
		(void)read_le16(in); /* kind of request, start index */
		return 0;
	case ZDO_IEEE_ADDRESS:
		out->nwk = read_le16(in);
		(void)read_le16(in);
		return 0;
	case ZDO_SIMPLE_DESCRIPTOR:
		out->nwk = read_le16(in);
		out->endpoint = read_u8(in);
		return 0;
	case ZDO_NODE_DESCRIPTOR:
	case ZDO_ACTIVE_ENDPOINTS:
		out->nwk = read_le16(in);
		return 0;
	case ZDO_DEVICE_ANNOUNCE:
		out->nwk = read_le16(in);
		out->eui64 = read_le64(in);
		out->capabilities = read_u8(in);
		return 0;
	case ZDO_BIND:
	case ZDO_UNBIND:
		return read_binding(&out->binding, in);
	case ZDO_NEIGHBOURS:
		out->start = read_u8(in);
		return 0;
	case ZDO_LEAVE:
		out->eui64 = read_le64(in);
		out->capabilities = read_u8(in);
		out->children = out->capabilities & LEAVE_CHILDREN;
		out->rejoin = out->capabilities & LEAVE_REJOIN;
		out->capabilities = 0;
		return 0;
	case ZDO_PERMIT:
		out->seconds = read_u8(in);
		(void)read_u8(in); /* trust centre significance: always 1 since Zigbee 3.0 */
		return 0;
	default:
		return -ENOTSUP;
	}
}

static int read_response(struct zdo_message *out, struct reader *in)
{
	switch (out->cluster & ~ZDO_RESPONSE) {
	case ZDO_NWK_ADDRESS:
	case ZDO_IEEE_ADDRESS:
		out->eui64 = read_le64(in);
		out->nwk = read_le16(in);
		return 0; /* children, where asked for, follow */
	case ZDO_NODE_DESCRIPTOR:
		out->nwk = read_le16(in);
		return read_node(&out->node, in);
	case ZDO_SIMPLE_DESCRIPTOR:
		out->nwk = read_le16(in);
		return read_simple(&out->simple, in);
	case ZDO_ACTIVE_ENDPOINTS:
		out->nwk = read_le16(in);
		return read_endpoints(&out->endpoints, in);
	case ZDO_NEIGHBOURS:
		return read_neighbours(&out->neighbours, in);
	case ZDO_BIND:
	case ZDO_UNBIND:
	case ZDO_LEAVE:
	case ZDO_PERMIT:
		return 0;
	default:
		return -ENOTSUP;
	}
}

int zdo_parse(struct zdo_message *out, uint16_t cluster, const void *data, size_t size)
{
	struct zdo_message message = { .cluster = cluster };
	struct reader in;
	int error = 0;

	reader_init(&in, data, size);
	message.sequence = read_u8(&in);
	if (!(cluster & ZDO_RESPONSE))
		error = read_request(&message, &in);
	else if ((message.status = read_u8(&in)) == ZDO_SUCCESS)
		error = read_response(&message, &in);
	/* What follows a refusal differs from stack to stack: it is left alone. */
	if (!error && in.failed)
		error = -EBADMSG;
	if (!error)
		*out = message;
	return error;
}

/* ---- writing ---- */

static void write_node(struct writer *out, const struct zdo_node_descriptor *node)
{
	write_u8(out, node->kind);
	write_u8(out, FREQUENCY_2400_MHZ);
	write_u8(out, node->capabilities);
	write_le16(out, node->manufacturer);
	write_u8(out, node->buffer_size);
	write_le16(out, node->incoming_max);
	write_le16(out, node->server_mask);
	write_le16(out, node->outgoing_max);
	write_u8(out, 0);
}

static void write_simple(struct writer *out, const struct zdo_simple_descriptor *simple)
{
	write_u8(out, (uint8_t)(DESCRIPTOR_HEAD + 2 * (simple->in_count + simple->out_count)));
	write_u8(out, simple->endpoint);
	write_le16(out, simple->profile);
	write_le16(out, simple->device);
	write_u8(out, simple->version);
	write_u8(out, simple->in_count);
	for (size_t i = 0; i < simple->in_count; i++)
		write_le16(out, simple->in[i]);
	write_u8(out, simple->out_count);
	for (size_t i = 0; i < simple->out_count; i++)
		write_le16(out, simple->out[i]);
}

static void write_binding(struct writer *out, const struct zdo_binding *binding)
{
	write_le64(out, binding->source);
	write_u8(out, binding->source_endpoint);
	write_le16(out, binding->cluster);
	write_u8(out, EXTENDED_TARGET);
	write_le64(out, binding->target);
	write_u8(out, binding->target_endpoint);
}

static void write_neighbours(struct writer *out, const struct zdo_neighbours *neighbours)
{
	write_u8(out, neighbours->total);
	write_u8(out, neighbours->start);
	write_u8(out, neighbours->count);
	for (size_t i = 0; i < neighbours->count; i++) {
		const struct zdo_neighbour *neighbour = &neighbours->list[i];
		write_le64(out, 0);
		write_le64(out, neighbour->eui64);
		write_le16(out, neighbour->nwk);
		write_u8(out, (uint8_t)(neighbour->kind | neighbour->relationship << 4));
		write_u8(out, 2); /* joining: not known */
		write_u8(out, neighbour->depth);
		write_u8(out, neighbour->lqi);
	}
}

static void write_request(struct writer *out, const struct zdo_message *message)
{
	switch (message->cluster) {
	case ZDO_NWK_ADDRESS:
		write_le64(out, message->eui64);
		write_le16(out, SINGLE_DEVICE);
		break;
	case ZDO_IEEE_ADDRESS:
		write_le16(out, message->nwk);
		write_le16(out, SINGLE_DEVICE);
		break;
	case ZDO_SIMPLE_DESCRIPTOR:
		write_le16(out, message->nwk);
		write_u8(out, message->endpoint);
		break;
	case ZDO_NODE_DESCRIPTOR:
	case ZDO_ACTIVE_ENDPOINTS:
		write_le16(out, message->nwk);
		break;
	case ZDO_DEVICE_ANNOUNCE:
		write_le16(out, message->nwk);
		write_le64(out, message->eui64);
		write_u8(out, message->capabilities);
		break;
	case ZDO_BIND:
	case ZDO_UNBIND:
		write_binding(out, &message->binding);
		break;
	case ZDO_NEIGHBOURS:
		write_u8(out, message->start);
		break;
	case ZDO_LEAVE:
		write_le64(out, message->eui64);
		write_u8(out,
			(uint8_t)((message->children ? LEAVE_CHILDREN : 0) | (message->rejoin ? LEAVE_REJOIN : 0)));
		break;
	case ZDO_PERMIT:
		write_u8(out, message->seconds);
		write_u8(out, 1);
		break;
	default:
		out->failed = true;
	}
}

static void write_response(struct writer *out, const struct zdo_message *message)
{
	switch (message->cluster & ~ZDO_RESPONSE) {
	case ZDO_NWK_ADDRESS:
	case ZDO_IEEE_ADDRESS:
		write_le64(out, message->eui64);
		write_le16(out, message->nwk);
		break;
	case ZDO_NODE_DESCRIPTOR:
		write_le16(out, message->nwk);
		write_node(out, &message->node);
		break;
	case ZDO_SIMPLE_DESCRIPTOR:
		write_le16(out, message->nwk);
		write_simple(out, &message->simple);
		break;
	case ZDO_ACTIVE_ENDPOINTS:
		write_le16(out, message->nwk);
		write_u8(out, message->endpoints.count);
		write_bytes(out, message->endpoints.list, message->endpoints.count);
		break;
	case ZDO_NEIGHBOURS:
		write_neighbours(out, &message->neighbours);
		break;
	case ZDO_BIND:
	case ZDO_UNBIND:
	case ZDO_LEAVE:
	case ZDO_PERMIT:
		break;
	default:
		out->failed = true;
	}
}

size_t zdo_write(const struct zdo_message *message, void *data, size_t size)
{
	struct writer out;

	writer_init(&out, data, size);
	write_u8(&out, message->sequence);
	if (!(message->cluster & ZDO_RESPONSE)) {
		write_request(&out, message);
		return writer_size(&out);
	}
	write_u8(&out, message->status);
	if (message->status == ZDO_SUCCESS)
		write_response(&out, message);
	return writer_size(&out);
}
