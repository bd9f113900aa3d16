#include "drivers/coap_nodes.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/coap_keys.h"
#include "drivers/coap_offers.h"
#include "drivers/coap_peers.h"
#include "drivers/image_source.h"
#include "protocols/link_format.h"
#include "protocols/node_profile.h"
#include "protocols/senml.h"
#include "protocols/siphash.h"

#define NO_ROOM_MAX_AGE_S 300 /* the host has no room for another node: that does not change soon */
#define RETRY_MAX_AGE_S 60    /* where the host names no time */
#define SCRATCH_SIZE 65536
#define LINKS_MAX 512

struct coap_nodes {
	struct coap_nodes_config config;
	struct coap_resources resources;
	struct coap_nodes_counters counters;
	struct coap_peers *peers;
	struct coap_offers offers;
	char links[LINKS_MAX];
	size_t links_size;
	struct reading readings[READINGS_MAX];
	uint8_t scratch[SCRATCH_SIZE];
};

/* One request being answered. `node` is set by greet(). */
struct turn {
	struct coap_nodes *nodes;
	const struct coap_request *request;
	struct coap_response *response;
	struct coap_ticket *ticket;
	char node[NODE_ID_MAX + 1];
	uint32_t next_s;
	enum token_format answer_format;
};

/* A report that is not durable yet. */
struct pending_report {
	struct coap_nodes *nodes;
	struct coap_ticket *ticket;
	char node[NODE_ID_MAX + 1];
	uint32_t next_s;
	size_t count;
	enum token_format answer_format;
	bool has_block1;
};

static int refuse(struct turn *turn, uint8_t code, uint64_t *counter)
{
	coap_response_init(turn->response, code);
	++*counter;
	return 0;
}

static void set_unavailable(struct coap_response *response, uint32_t max_age_s)
{
	coap_response_init(response, COAP_UNAVAILABLE);
	response->has_max_age = true;
	response->max_age_s = max_age_s;
}

/* Who speaks: the proven identity, or the `ep` of the query where none was proven. 0 or a response code. */
static uint8_t identify(struct turn *turn)
{
	const struct coap_request *request = turn->request;
	struct span name = coap_request_query(request, "ep");
	bool proven = request->identity != NULL;

	if (proven)
		name = (struct span){ request->identity, strlen(request->identity) };
	if (!name.data || !coap_identity_fits(name.data, name.size)) {
		turn->nodes->counters.identities_missing++;
		return COAP_BAD_REQUEST;
	}
	memcpy(turn->node, name.data, name.size);
	turn->node[name.size] = '\0';
	if (!turn->nodes->config.may_speak(turn->nodes->config.context, turn->node, proven)) {
		turn->nodes->counters.identities_unproven++;
		return COAP_UNAUTHORIZED;
	}
	return 0;
}

/* A whole body in one message: Block1 may say so, but bodies in several blocks are not taken (RFC 7959 section 2.9.3).
 */
static uint8_t check_body(const struct turn *turn)
{
	const struct coap_request *request = turn->request;

	if (request->has_block1 && (request->block1.number > 0 || request->block1.more))
		return COAP_REQUEST_TOO_LARGE;
	if (request->has_block2 && request->block2.number > 0)
		return COAP_BAD_REQUEST;
	return 0;
}

static void set_body_answer(struct turn *turn, uint8_t code)
{
	coap_response_init(turn->response, code);
	if (code == COAP_REQUEST_TOO_LARGE) {
		turn->response->has_size1 = true;
		turn->response->size1 = COAP_PAYLOAD_MAX;
	}
}

/* The format of the answer's map: as asked for, else as the request's own. */
static bool choose_answer_format(struct turn *turn)
{
	int accept = turn->request->accept;
	int own = turn->request->content_format;

	if (accept != COAP_FORMAT_NONE && accept != COAP_FORMAT_JSON && accept != COAP_FORMAT_CBOR)
		return false;
	if (accept == COAP_FORMAT_NONE)
		accept = own == COAP_FORMAT_JSON || own == COAP_FORMAT_SENML_JSON ? COAP_FORMAT_JSON : COAP_FORMAT_CBOR;
	turn->answer_format = accept == COAP_FORMAT_JSON ? FORMAT_JSON : FORMAT_CBOR;
	return true;
}

/* What every request of a node must pass first. False: the response says why not. */
static bool admit(struct turn *turn)
{
	uint8_t code = check_body(turn);

	if (code == 0)
		code = identify(turn);
	if (code != 0) {
		set_body_answer(turn, code);
		return false;
	}
	if (!choose_answer_format(turn)) {
		(void)refuse(turn, COAP_NOT_ACCEPTABLE, &turn->nodes->counters.formats_refused);
		return false;
	}
	return true;
}

/* The format of the request's payload, by the numbers that mean JSON and CBOR here. */
static bool payload_format(const struct turn *turn, int json, int cbor, enum token_format *out)
{
	if (turn->request->content_format != json && turn->request->content_format != cbor)
		return false;
	*out = turn->request->content_format == json ? FORMAT_JSON : FORMAT_CBOR;
	return true;
}

static struct span payload_of(const struct turn *turn)
{
	return (struct span){ (const char *)turn->request->payload, turn->request->payload_size };
}

/* Tells the host that the node made itself heard. False: the response says why it is not welcome. */
static bool greet(struct turn *turn, struct node_contact *contact)
{
	struct coap_nodes *nodes = turn->nodes;
	const struct driver_host *host = nodes->config.host;
	const struct coap_known_peer *known = coap_peers_find(nodes->peers, &turn->request->peer);
	bool same = known && strcmp(known->node, turn->node) == 0;
	struct contact_answer answer = { 0 };

	contact->node = turn->node;
	contact->proven = turn->request->identity != NULL;
	contact->bytes_in = (same ? known->bytes_in : 0) + (uint32_t)turn->request->datagram_size;
	contact->bytes_out = same ? known->bytes_out : 0;
	int result = host->contact(host->context, contact, &answer);
	if (result == -EACCES) {
		(void)refuse(turn, COAP_FORBIDDEN, &nodes->counters.nodes_refused);
		return false;
	}
	if (result < 0) {
		set_unavailable(turn->response, NO_ROOM_MAX_AGE_S);
		nodes->counters.overloads++;
		return false;
	}
	coap_peers_learn(nodes->peers, &turn->request->peer, turn->node);
	turn->next_s = answer.next_s;
	return true;
}

static void describe_update(
	const struct coap_nodes *nodes, const struct coap_offer *offer, struct profile_update *update)
{
	int64_t wait_ms = offer->apply_at_ms - nodes->config.monotonic_ms(nodes->config.context);

	(void)snprintf(update->uri, sizeof(update->uri), "/fw/%s", offer->image->name);
	(void)snprintf(update->version, sizeof(update->version), "%s", offer->image->version);
	update->size = offer->image->size_bytes;
	memcpy(update->sha256, offer->image->sha256, sizeof(update->sha256));
	update->apply_s = offer->apply_at_ms == 0 || wait_ms <= 0 ? 0 : (uint32_t)((wait_ms + 999) / 1000);
}

/* 2.04 with {next, update}. `payload` has room for COAP_PAYLOAD_MAX bytes. */
static void set_answer(const struct coap_nodes *nodes, const char *node, uint32_t next_s, enum token_format format,
	struct coap_response *response)
{
	const struct coap_offer *offer = coap_offers_find(&nodes->offers, node);
	struct profile_answer answer = { .next_s = next_s, .has_update = offer != NULL };
	struct writer out;

	if (offer)
		describe_update(nodes, offer, &answer.update);
	coap_response_init(response, COAP_CHANGED);
	writer_init(&out, response->payload, COAP_PAYLOAD_MAX);
	profile_write_answer(&out, format, &answer);
	assert(!out.failed);
	response->content_format = format == FORMAT_JSON ? COAP_FORMAT_JSON : COAP_FORMAT_CBOR;
	response->payload_size = writer_size(&out);
}

/* A body of one block is acknowledged as such (RFC 7959 section 2.3). */
static void set_block1(struct coap_response *response, bool has_block1)
{
	response->has_block1 = has_block1;
	response->block1 = (struct coap_block){ .szx = 6 };
}

static int handle_checkin(struct turn *turn)
{
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct profile_checkin checkin = { .battery_percent = -1 };
	enum token_format format;
	bool reports = turn->request->payload_size > 0;

	if (!admit(turn))
		return 0;
	if (reports && !payload_format(turn, COAP_FORMAT_JSON, COAP_FORMAT_CBOR, &format))
		return refuse(turn, COAP_UNSUPPORTED_FORMAT, &counters->formats_refused);
	if (reports && profile_parse_checkin(&checkin, format, payload_of(turn)) < 0)
		return refuse(turn, COAP_BAD_REQUEST, &counters->payloads_malformed);
	struct node_contact contact = {
		.reports = reports,
		.hardware = checkin.hardware,
		.version = checkin.version,
		.image_size = checkin.image_size,
		.battery_percent = checkin.battery_percent,
		.signal_dbm = checkin.signal_dbm,
	};
	memcpy(contact.image, checkin.image, sizeof(contact.image));
	if (!greet(turn, &contact))
		return 0;
	counters->checkins++;
	set_answer(turn->nodes, turn->node, turn->next_s, turn->answer_format, turn->response);
	set_block1(turn->response, turn->request->has_block1);
	return 0;
}

static void on_report_done(void *context, int result, uint32_t retry_s)
{
	struct pending_report *pending = context;
	struct coap_nodes *nodes = pending->nodes;
	uint8_t payload[COAP_PAYLOAD_MAX];
	struct coap_response response = { .payload = payload };

	if (result == 0 || result == -EALREADY) {
		nodes->counters.reports++;
		nodes->counters.readings += result == 0 ? pending->count : 0;
		set_answer(nodes, pending->node, pending->next_s, pending->answer_format, &response);
		set_block1(&response, pending->has_block1);
	} else if (result == -EACCES) {
		coap_response_init(&response, COAP_FORBIDDEN);
		nodes->counters.nodes_refused++;
	} else {
		set_unavailable(&response, retry_s > 0 ? retry_s : RETRY_MAX_AGE_S);
		nodes->counters.overloads++;
	}
	pending->ticket->answer(pending->ticket, &response);
	free(pending);
}

static bool all_dated(const struct senml_pack *pack)
{
	for (size_t i = 0; i < pack->count; i++)
		if (!pack->readings[i].is_dated)
			return false;
	return pack->count > 0;
}

/*
 * The same report of the same node has the same exchange, from whatever address and after whatever restart. A node that
 * got no answer may ask again in a new message: where every reading bears its date, the payload alone tells that it is
 * the same report. Without dates equal payloads may be different readings, so only the very same message is.
 */
static uint64_t exchange_of(const struct turn *turn, const struct senml_pack *pack)
{
	static const struct siphash_key payload_key = { 0x77616b6567617465, 0x736d6c207265706f };
	const struct coap_request *request = turn->request;
	uint64_t what =
		all_dated(pack) ? siphash(&payload_key, request->payload, request->payload_size) : request->exchange;
	const struct siphash_key key = { what, 0 };
	uint64_t exchange = siphash(&key, turn->node, strlen(turn->node));

	return exchange ? exchange : 1;
}

static int submit_report(struct turn *turn, const struct senml_pack *pack)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct pending_report *pending = malloc(sizeof(*pending));

	if (!pending) {
		set_unavailable(turn->response, RETRY_MAX_AGE_S);
		turn->nodes->counters.overloads++;
		return 0;
	}
	*pending = (struct pending_report){
		.nodes = turn->nodes,
		.ticket = turn->ticket,
		.next_s = turn->next_s,
		.count = pack->count,
		.answer_format = turn->answer_format,
		.has_block1 = turn->request->has_block1,
	};
	memcpy(pending->node, turn->node, sizeof(pending->node));
	host->report(host->context, &(struct reading_report){
					    .node = turn->node,
					    .readings = pack->readings,
					    .count = pack->count,
					    .exchange = exchange_of(turn, pack),
					    .done = on_report_done,
					    .context = pending,
				    });
	return -EINPROGRESS;
}

static int handle_telemetry(struct turn *turn)
{
	struct coap_nodes *nodes = turn->nodes;
	struct senml_source source = { .data = payload_of(turn),
		.now_us = nodes->config.wall_us(nodes->config.context) };
	struct senml_pack pack = {
		.readings = nodes->readings,
		.capacity = READINGS_MAX,
		.scratch = nodes->scratch,
		.scratch_size = sizeof(nodes->scratch),
	};
	struct node_contact contact = { .hardware = "", .version = "", .battery_percent = -1 };

	if (!admit(turn))
		return 0;
	if (!payload_format(turn, COAP_FORMAT_SENML_JSON, COAP_FORMAT_SENML_CBOR, &source.format))
		return refuse(turn, COAP_UNSUPPORTED_FORMAT, &nodes->counters.formats_refused);
	if (senml_parse(&pack, &source) < 0)
		return refuse(turn, COAP_BAD_REQUEST, &nodes->counters.payloads_malformed);
	if (!greet(turn, &contact))
		return 0;
	return submit_report(turn, &pack);
}

static enum delivery_state delivery_state_of(enum profile_state state)
{
	static const enum delivery_state states[] = {
		[PROFILE_DOWNLOADING] = DELIVERY_DOWNLOADING,
		[PROFILE_DOWNLOADED] = DELIVERY_DOWNLOADED,
		[PROFILE_APPLYING] = DELIVERY_APPLYING,
		[PROFILE_CONFIRMED] = DELIVERY_CONFIRMED,
		[PROFILE_REVERTED] = DELIVERY_REVERTED,
		[PROFILE_FAILED] = DELIVERY_FAILED,
	};

	return states[state];
}

static int handle_status(struct turn *turn)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct node_contact contact = { .hardware = "", .version = "", .battery_percent = -1 };
	struct profile_status status;
	enum token_format format;

	if (!admit(turn))
		return 0;
	if (!payload_format(turn, COAP_FORMAT_JSON, COAP_FORMAT_CBOR, &format))
		return refuse(turn, COAP_UNSUPPORTED_FORMAT, &counters->formats_refused);
	if (profile_parse_status(&status, format, payload_of(turn)) < 0)
		return refuse(turn, COAP_BAD_REQUEST, &counters->payloads_malformed);
	if (!greet(turn, &contact))
		return 0;
	counters->statuses++;
	host->progress(host->context, &(struct delivery_progress){
					      .node = turn->node,
					      .state = delivery_state_of(status.state),
					      .offset = status.offset,
					      .code = status.code,
					      .said = true,
				      });
	coap_response_init(turn->response, COAP_CHANGED);
	set_block1(turn->response, turn->request->has_block1);
	return 0;
}

/* A block of a body of `total` bytes. */
struct slice {
	uint32_t offset;
	uint32_t size;
};

/*
 * The part of a body that is asked for, and the Block2 and Size2 that go with it, from the request alone. False: past
 * the end, which is a bad request (RFC 7959 leaves the code open; 4.00 is what it gives other faults of a block).
 */
static bool take_slice(struct turn *turn, uint32_t total, struct slice *out)
{
	const struct coap_request *request = turn->request;
	struct coap_block block = { .szx = turn->nodes->config.szx };

	if (request->has_block2)
		block = request->block2;
	uint32_t offset = coap_block_offset(&block), size = coap_block_size(block.szx);
	if (offset > 0 && offset >= total)
		return false;
	block.more = total - offset > size;
	*out = (struct slice){ offset, block.more ? size : total - offset };
	turn->response->has_block2 = request->has_block2 || block.more;
	turn->response->block2 = block;
	turn->response->has_size2 = true;
	turn->response->size2 = total;
	return true;
}

static int handle_links(struct turn *turn)
{
	struct coap_nodes *nodes = turn->nodes;
	struct slice slice;

	if (turn->request->accept != COAP_FORMAT_NONE && turn->request->accept != COAP_FORMAT_LINKS)
		return refuse(turn, COAP_NOT_ACCEPTABLE, &nodes->counters.formats_refused);
	coap_response_init(turn->response, COAP_CONTENT);
	if (!take_slice(turn, (uint32_t)nodes->links_size, &slice))
		return refuse(turn, COAP_BAD_REQUEST, &nodes->counters.blocks_out_of_range);
	turn->response->content_format = COAP_FORMAT_LINKS;
	memcpy(turn->response->payload, nodes->links + slice.offset, slice.size);
	turn->response->payload_size = slice.size;
	return 0;
}

static struct coap_etag etag_of(const struct image_source *image)
{
	struct coap_etag etag = { .size = sizeof(etag.bytes) };

	memcpy(etag.bytes, image->sha256, sizeof(etag.bytes));
	return etag;
}

static bool has_etag(const struct coap_request *request, const struct coap_etag *etag)
{
	for (size_t i = 0; i < request->etag_count; i++)
		if (memcmp(&request->etags[i], etag, sizeof(*etag)) == 0)
			return true;
	return false;
}

/* The node that asks, as far as it is known: proven, or by the address it last spoke from. */
static const char *asking_node(struct coap_nodes *nodes, const struct coap_request *request)
{
	if (request->identity)
		return request->identity;
	struct coap_known_peer *peer = coap_peers_find(nodes->peers, &request->peer);
	if (!peer)
		return NULL;
	peer->bytes_in += (uint32_t)request->datagram_size;
	return peer->node;
}

static void note_progress(struct turn *turn, const struct image_source *image, const struct slice *slice)
{
	struct coap_nodes *nodes = turn->nodes;
	const struct driver_host *host = nodes->config.host;
	const char *node = asking_node(nodes, turn->request);
	struct coap_offer *offer = node ? coap_offers_find(&nodes->offers, node) : NULL;

	if (!offer || memcmp(offer->image->sha256, image->sha256, sizeof(image->sha256)) != 0)
		return;
	if (!coap_offer_advance(offer, slice->offset, slice->offset + slice->size))
		return;
	host->progress(host->context, &(struct delivery_progress){
					      .node = node,
					      .state = DELIVERY_DOWNLOADING,
					      .offset = slice->offset,
				      });
}

static int send_slice(struct turn *turn, struct image_source *image)
{
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct coap_response *response = turn->response;
	struct slice slice;

	if (!take_slice(turn, image->size_bytes, &slice))
		return refuse(turn, COAP_BAD_REQUEST, &counters->blocks_out_of_range);
	int size = image_source_read(image, slice.offset, response->payload, slice.size);
	if (size == -EAGAIN)
		return -EAGAIN;
	if (size < 0 || (uint32_t)size != slice.size) {
		coap_response_init(response, COAP_SERVER_ERROR);
		return 0;
	}
	response->content_format = COAP_FORMAT_OCTETS;
	response->payload_size = slice.size;
	counters->blocks++;
	counters->block_bytes += slice.size;
	note_progress(turn, image, &slice);
	return 0;
}

static int handle_firmware(struct turn *turn)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	const struct span *segment = &turn->request->segments[1];
	char name[IMAGE_NAME_SIZE] = "";

	if (turn->request->accept != COAP_FORMAT_NONE && turn->request->accept != COAP_FORMAT_OCTETS)
		return refuse(turn, COAP_NOT_ACCEPTABLE, &counters->formats_refused);
	if (segment->size == sizeof(name) - 1)
		memcpy(name, segment->data, segment->size);
	struct image_source *image = name[0] ? host->image(host->context, name) : NULL;
	if (!image)
		return refuse(turn, COAP_NOT_FOUND, &counters->images_not_found);
	struct coap_etag etag = etag_of(image);
	if (has_etag(turn->request, &etag)) {
		counters->valid++;
		coap_response_init(turn->response, COAP_VALID);
		turn->response->etag = etag;
		return 0;
	}
	coap_response_init(turn->response, COAP_CONTENT);
	turn->response->etag = etag;
	return send_slice(turn, image);
}

struct route {
	const char *segments[2];
	size_t segment_count;
	uint8_t method;
	int (*handle)(struct turn *turn);
};

static const struct route routes[] = {
	{ { "fw", NULL }, 2, COAP_GET, handle_firmware }, /* NULL: any */
	{ { "c" }, 1, COAP_POST, handle_checkin },
	{ { "t" }, 1, COAP_POST, handle_telemetry },
	{ { "s" }, 1, COAP_POST, handle_status },
	{ { ".well-known", "core" }, 2, COAP_GET, handle_links },
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
	struct turn turn = { .nodes = nodes, .request = request, .response = response, .ticket = ticket };

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!fits(&routes[i], request))
			continue;
		if (request->method != routes[i].method)
			return refuse(&turn, COAP_METHOD_NOT_ALLOWED, &nodes->counters.methods_refused);
		return routes[i].handle(&turn);
	}
	return refuse(&turn, COAP_NOT_FOUND, &nodes->counters.paths_not_found);
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
	nodes->resources = (struct coap_resources){ nodes, handle, on_sent };
	coap_offers_init(&nodes->offers, config->nodes_max);
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
	int result = coap_offers_put(&nodes->offers, offer);

	nodes->counters.offers = nodes->offers.by_node.count;
	return result;
}

void coap_nodes_withdraw(struct coap_nodes *nodes, const char *node)
{
	coap_offers_remove(&nodes->offers, node);
	nodes->counters.offers = nodes->offers.by_node.count;
}

const struct coap_nodes_counters *coap_nodes_counters(const struct coap_nodes *nodes)
{
	return &nodes->counters;
}

void coap_nodes_close(struct coap_nodes *nodes)
{
	if (!nodes)
		return;
	coap_offers_finish(&nodes->offers);
	coap_peers_close(nodes->peers);
	free(nodes);
}
