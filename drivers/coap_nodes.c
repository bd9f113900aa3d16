#include "drivers/coap_nodes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/coap_turn.h"
#include "protocols/link_format.h"

int coap_turn_refuse(struct coap_turn *turn, uint8_t code, uint64_t *counter)
{
	coap_response_init(turn->response, code);
	++*counter;
	return 0;
}

bool coap_turn_slice(struct coap_turn *turn, uint32_t total, struct coap_slice *out)
{
	const struct coap_request *request = turn->request;
	struct coap_block block = { .szx = turn->nodes->config.szx };

	if (request->has_block2)
		block = request->block2;
	uint32_t offset = coap_block_offset(&block), size = coap_block_size(block.szx);
	if (offset > 0 && offset >= total)
		return false;
	block.more = total - offset > size;
	*out = (struct coap_slice){ offset, block.more ? size : total - offset };
	turn->response->has_block2 = request->has_block2 || block.more;
	turn->response->block2 = block;
	turn->response->has_size2 = true;
	turn->response->size2 = total;
	return true;
}

bool coap_turn_is_too_much(struct coap_turn *turn, size_t answer)
{
	const struct coap_request *request = turn->request;
	struct coap_nodes *nodes = turn->nodes;
	int64_t wait_ms = 0;

	if (!request->identity)
		wait_ms = coap_strangers_take(&nodes->strangers, &request->peer, request->datagram_size, answer,
			nodes->config.monotonic_ms(nodes->config.context));
	if (wait_ms == 0)
		return false;
	(void)coap_turn_refuse(turn, COAP_UNAVAILABLE, &nodes->counters.strangers_put_off);
	turn->response->has_max_age = true;
	turn->response->max_age_s = offer_seconds_until(wait_ms, 0);
	return true;
}

int coap_turn_links(struct coap_turn *turn)
{
	struct coap_nodes *nodes = turn->nodes;
	struct coap_slice slice;

	if (turn->request->accept != COAP_FORMAT_NONE && turn->request->accept != COAP_FORMAT_LINKS)
		return coap_turn_refuse(turn, COAP_NOT_ACCEPTABLE, &nodes->counters.formats_refused);
	coap_response_init(turn->response, COAP_CONTENT);
	if (!coap_turn_slice(turn, (uint32_t)nodes->links_size, &slice))
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &nodes->counters.blocks_out_of_range);
	if (coap_turn_is_too_much(turn, slice.size))
		return 0;
	turn->response->content_format = COAP_FORMAT_LINKS;
	memcpy(turn->response->payload, nodes->links + slice.offset, slice.size);
	turn->response->payload_size = slice.size;
	return 0;
}

struct route {
	const char *segments[2];
	size_t segment_count;
	uint8_t method;
	int (*handle)(struct coap_turn *turn);
};

static const struct route routes[] = {
	{ { "fw", NULL }, 2, COAP_GET, coap_turn_firmware }, /* NULL: any */
	{ { "c" }, 1, COAP_POST, coap_turn_checkin },
	{ { "t" }, 1, COAP_POST, coap_turn_telemetry },
	{ { "s" }, 1, COAP_POST, coap_turn_status },
	{ { "r" }, 1, COAP_POST, coap_turn_reply },
	{ { ".well-known", "core" }, 2, COAP_GET, coap_turn_links },
};

static bool fits(const struct route *route, const struct coap_request *request)
{
	if (request->segment_count != route->segment_count)
		return false;
	for (size_t i = 0; i < route->segment_count; i++)
		if (route->segments[i] && !coap_request_segment_is(request, i, route->segments[i]))
			return false;
	return true;
}

static int handle(
	void *context, const struct coap_request *request, struct coap_response *response, struct coap_ticket *ticket)
{
	struct coap_nodes *nodes = context;
	struct coap_turn turn = { .nodes = nodes, .request = request, .response = response, .ticket = ticket };

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!fits(&routes[i], request))
			continue;
		if (request->method != routes[i].method)
			return coap_turn_refuse(&turn, COAP_METHOD_NOT_ALLOWED, &nodes->counters.methods_refused);
		return routes[i].handle(&turn);
	}
	return coap_turn_refuse(&turn, COAP_NOT_FOUND, &nodes->counters.paths_not_found);
}

static void expect(void *context, const struct coap_peer *peer)
{
	const struct coap_nodes *nodes = context;

	coap_peers_expect(nodes->peers, peer);
}

static void on_sent(void *context, const struct coap_peer *to, size_t size)
{
	struct coap_nodes *nodes = context;
	struct coap_known_peer *peer = coap_peers_find(nodes->peers, to);

	if (peer)
		peer->bytes_out += (uint32_t)size;
}

static void write_links(struct coap_nodes *nodes)
{
	struct writer out;

	writer_init(&out, nodes->links, sizeof(nodes->links));
	link_format_resource(&out, "/c");
	link_format_attribute(&out, "rt", "wakegate.checkin");
	link_format_attribute(&out, "ct", "50 60");
	link_format_resource(&out, "/t");
	link_format_attribute(&out, "rt", "wakegate.telemetry");
	link_format_attribute(&out, "ct", "110 112");
	link_format_resource(&out, "/s");
	link_format_attribute(&out, "rt", "wakegate.status");
	link_format_attribute(&out, "ct", "50 60");
	link_format_resource(&out, "/r");
	link_format_attribute(&out, "rt", "wakegate.reply");
	link_format_attribute(&out, "ct", "50 60");
	link_format_resource(&out, "/fw");
	link_format_attribute(&out, "rt", "wakegate.firmware");
	link_format_number(&out, "ct", COAP_FORMAT_OCTETS);
	assert(!out.failed);
	nodes->links_size = writer_size(&out);
}

int coap_nodes_open(struct coap_nodes **out, const struct coap_nodes_config *config)
{
	struct coap_nodes *nodes = calloc(1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	int result = coap_peers_open(&nodes->peers, config->nodes_max);
	if (result < 0) {
		free(nodes);
		return result;
	}
	nodes->config = *config;
	nodes->resources = (struct coap_resources){ nodes, handle, expect, on_sent };
	offers_init(&nodes->offers, config->nodes_max);
	coap_commands_init(&nodes->commands);
	coap_strangers_init(&nodes->strangers, config->stranger_rate);
	coap_turn_init_reports(nodes);
	write_links(nodes);
	*out = nodes;
	return 0;
}

const struct coap_resources *coap_nodes_resources(const struct coap_nodes *nodes)
{
	return &nodes->resources;
}

int coap_nodes_offer(struct coap_nodes *nodes, const struct driver_offer *offer)
{
	int result = offers_put(&nodes->offers, offer);

	nodes->counters.offers_now = nodes->offers.by_node.count;
	return result;
}

void coap_nodes_withdraw(struct coap_nodes *nodes, const char *node)
{
	offers_remove(&nodes->offers, node);
	nodes->counters.offers_now = nodes->offers.by_node.count;
}

int coap_nodes_command(struct coap_nodes *nodes, const struct driver_command *command)
{
	return coap_commands_put(&nodes->commands, command, nodes->config.monotonic_ms(nodes->config.context));
}

const struct coap_nodes_counters *coap_nodes_counters(const struct coap_nodes *nodes)
{
	return &nodes->counters;
}

void coap_nodes_close(struct coap_nodes *nodes)
{
	if (!nodes)
		return;
	offers_finish(&nodes->offers);
	coap_commands_finish(&nodes->commands);
	slab_finish(&nodes->pending);
	coap_peers_close(nodes->peers);
	free(nodes);
}
