/* What nodes post: check-in, telemetry, status and replies. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/coap_keys.h"
#include "drivers/coap_turn.h"
#include "drivers/image_source.h"
#include "protocols/fingerprint.h"
#include "protocols/node_profile.h"
#include "protocols/senml.h"
#include "protocols/siphash.h"

#define NO_ROOM_MAX_AGE_S 300 /* the host has no room for another node: that does not change soon */
#define RETRY_MAX_AGE_S 60    /* where the host names no time */

/* A report that is not durable yet; from a slab, since a thousand of them come and go together. */
struct pending_report {
	struct coap_nodes *nodes;
	struct coap_ticket *ticket;
	char node[NODE_ID_MAX + 1];
	uint32_t next_s;
	size_t count;
	enum token_format answer_format;
	bool has_block1;
	bool is_dated;                      /* all its readings are */
	const struct coap_request *request; /* while it is handed in */
};

void coap_turn_init_reports(struct coap_nodes *nodes)
{
	slab_init(&nodes->pending, sizeof(struct pending_report));
}

static void set_unavailable(struct coap_response *response, uint32_t max_age_s)
{
	coap_response_init(response, COAP_UNAVAILABLE);
	response->has_max_age = true;
	response->max_age_s = max_age_s;
}

/* Who speaks: the proven identity, or the `ep` of the query where none was proven. 0 or a response code. */
static uint8_t identify(struct coap_turn *turn)
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
static uint8_t check_body(const struct coap_turn *turn)
{
	const struct coap_request *request = turn->request;

	if (request->has_block1 && (request->block1.number > 0 || request->block1.more))
		return COAP_REQUEST_TOO_LARGE;
	if (request->has_block2 && request->block2.number > 0)
		return COAP_BAD_REQUEST;
	return 0;
}

static void set_body_answer(struct coap_turn *turn, uint8_t code)
{
	coap_response_init(turn->response, code);
	if (code == COAP_REQUEST_TOO_LARGE) {
		turn->response->has_size1 = true;
		turn->response->size1 = COAP_PAYLOAD_MAX;
	}
}

/* The format of the answer's map: as asked for, else as the request's own. */
static bool choose_answer_format(struct coap_turn *turn)
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
static bool admit(struct coap_turn *turn)
{
	uint8_t code = check_body(turn);

	if (code == 0)
		code = identify(turn);
	if (code != 0) {
		set_body_answer(turn, code);
		return false;
	}
	if (!choose_answer_format(turn)) {
		(void)coap_turn_refuse(turn, COAP_NOT_ACCEPTABLE, &turn->nodes->counters.formats_refused);
		return false;
	}
	return true;
}

/* The format of the request's payload, by the numbers that mean JSON and CBOR here. */
static bool payload_format(const struct coap_turn *turn, int json, int cbor, enum token_format *out)
{
	if (turn->request->content_format != json && turn->request->content_format != cbor)
		return false;
	*out = turn->request->content_format == json ? FORMAT_JSON : FORMAT_CBOR;
	return true;
}

static struct span payload_of(const struct coap_turn *turn)
{
	return (struct span){ (const char *)turn->request->payload, turn->request->payload_size };
}

/* Tells the host that the node made itself heard. False: the response says why it is not welcome. */
static bool greet(struct coap_turn *turn, struct node_contact *contact)
{
	struct coap_nodes *nodes = turn->nodes;
	const struct driver_host *host = nodes->config.host;
	struct coap_known_peer *known = coap_peers_find(nodes->peers, &turn->request->peer);
	bool same = known && strcmp(known->node, turn->node) == 0;
	struct contact_answer answer = { 0 };

	contact->node = turn->node;
	contact->proven = turn->request->identity != NULL;
	contact->message_bytes = (uint32_t)turn->request->datagram_size;
	contact->bytes_in = (same ? known->bytes_in : 0) + (uint32_t)turn->request->datagram_size;
	contact->bytes_out = same ? known->bytes_out : 0;
	int result = host->contact(host->context, contact, &answer);
	if (result == -EACCES) {
		(void)coap_turn_refuse(turn, COAP_FORBIDDEN, &nodes->counters.nodes_refused);
		return false;
	}
	if (result < 0) {
		set_unavailable(turn->response, result == -EBUSY ? answer.next_s : NO_ROOM_MAX_AGE_S);
		nodes->counters.overloads++;
		return false;
	}
	if (same)
		known->bytes_in = known->bytes_out = 0;
	else
		coap_peers_learn(nodes->peers, &turn->request->peer, turn->node);
	turn->next_s = answer.next_s;
	return true;
}

static void describe_update(const struct coap_nodes *nodes, const struct offer *offer, struct profile_update *update)
{
	int64_t now_ms = nodes->config.monotonic_ms(nodes->config.context);

	(void)snprintf(update->uri, sizeof(update->uri), "/fw/%s", offer->image->name);
	(void)snprintf(update->version, sizeof(update->version), "%s", offer->image->version);
	update->size = offer->image->size_bytes;
	memcpy(update->sha256, offer->image->sha256, sizeof(update->sha256));
	update->fetch_s = offer_seconds_until(now_ms + offer_wait_ms(offer, now_ms), now_ms);
	struct offer_activation activation = offer_activation(&offer->times, now_ms);
	update->apply_s = activation.from_s;
	update->until_s = activation.until_s;
}

static void describe_command(const struct coap_nodes *nodes, const char *node, struct profile_answer *answer)
{
	const struct coap_command *command =
		coap_commands_find(&nodes->commands, node, nodes->config.monotonic_ms(nodes->config.context));

	answer->has_command = command != NULL;
	if (!command)
		return;
	answer->command.id = command->id;
	answer->command.until_s = 0;
	(void)snprintf(answer->command.text, sizeof(answer->command.text), "%s", command->text);
}

/* 2.04 with {next, update, command}. `payload` has room for COAP_PAYLOAD_MAX bytes. */
static void set_answer(const struct coap_nodes *nodes, const char *node, uint32_t next_s, enum token_format format,
	struct coap_response *response)
{
	const struct offer *offer = offers_find(&nodes->offers, node);
	struct profile_answer answer;
	struct writer out;

	/* Most nodes are told nothing but their slot: what else there is room for is not cleared. */
	answer.next_s = next_s;
	answer.has_update = offer != NULL;
	if (offer)
		describe_update(nodes, offer, &answer.update);
	describe_command(nodes, node, &answer);
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

int coap_turn_checkin(struct coap_turn *turn)
{
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct profile_checkin checkin = { .battery_percent = -1 };
	enum token_format format;
	bool reports = turn->request->payload_size > 0;

	if (!admit(turn))
		return 0;
	if (reports && !payload_format(turn, COAP_FORMAT_JSON, COAP_FORMAT_CBOR, &format))
		return coap_turn_refuse(turn, COAP_UNSUPPORTED_FORMAT, &counters->formats_refused);
	if (reports && profile_parse_checkin(&checkin, format, payload_of(turn)) < 0)
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &counters->payloads_malformed);
	struct node_contact contact = {
		.reports = reports,
		.hardware = checkin.hardware,
		.version = checkin.version,
		.parent = checkin.parent,
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
	slab_give_back(&nodes->pending, pending);
}

/* Names these very bytes: the same when they are sent again, also after a restart. */
static uint64_t name_of_message(const struct coap_request *request)
{
	static const struct siphash_key key = { 0x77616b6567617465, 0x636f617020706f73 };

	return siphash(&key, request->datagram, request->datagram_size);
}

/* What names the node's message among those of all nodes. */
static uint64_t exchange_of_node(const char *node, uint64_t message)
{
	const struct siphash_key key = { message, 0 };
	uint64_t exchange = siphash(&key, node, strlen(node));

	return exchange ? exchange : 1;
}

/* Dated reports were known by the bytes of their readings. */
static uint64_t former_exchange(void *context)
{
	static const struct siphash_key payload_key = { 0x77616b6567617465, 0x736d6c207265706f };
	const struct pending_report *pending = context;
	const struct coap_request *request = pending->request;

	return exchange_of_node(pending->node, pending->is_dated
						       ? siphash(&payload_key, request->payload, request->payload_size)
						       : name_of_message(request));
}

/*
 * The same report of the same node has the same exchange, from whatever address and after whatever restart. A node that
 * got no answer may ask again in a new message: where every reading bears its date, they alone tell that it is the same
 * report. Without dates equal readings may be different ones, so only the very same message is.
 */
static uint64_t exchange_of(const struct coap_turn *turn, const struct senml_pack *pack)
{
	const struct span node = { turn->node, strlen(turn->node) };
	uint64_t told = fingerprint_of_report(node, pack->readings, pack->count);

	return told ? told : fingerprint_of_message(exchange_of_node(turn->node, name_of_message(turn->request)));
}

static int submit_report(struct coap_turn *turn, const struct senml_pack *pack, uint64_t exchange)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct pending_report *pending = slab_take(&turn->nodes->pending);

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
		.is_dated = fingerprint_lasts(exchange),
		.request = turn->request,
	};
	memcpy(pending->node, turn->node, sizeof(pending->node));
	host->report(host->context, &(struct reading_report){
					    .node = turn->node,
					    .readings = pack->readings,
					    .count = pack->count,
					    .exchange = exchange,
					    .told = fingerprint_lasts(exchange),
					    .former = former_exchange,
					    .fast = !turn->request->confirmable,
					    .done = on_report_done,
					    .context = pending,
				    });
	return -EINPROGRESS;
}

int coap_turn_telemetry(struct coap_turn *turn)
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
		return coap_turn_refuse(turn, COAP_UNSUPPORTED_FORMAT, &nodes->counters.formats_refused);
	if (senml_shapes_parse(&nodes->shapes, &pack, &source) < 0)
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &nodes->counters.payloads_malformed);
	contact.exchange = exchange_of(turn, &pack);
	if (!greet(turn, &contact))
		return 0;
	return submit_report(turn, &pack, contact.exchange);
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

int coap_turn_status(struct coap_turn *turn)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct node_contact contact = { .hardware = "", .version = "", .battery_percent = -1 };
	struct profile_status status;
	enum token_format format;

	if (!admit(turn))
		return 0;
	if (!payload_format(turn, COAP_FORMAT_JSON, COAP_FORMAT_CBOR, &format))
		return coap_turn_refuse(turn, COAP_UNSUPPORTED_FORMAT, &counters->formats_refused);
	if (profile_parse_status(&status, format, payload_of(turn)) < 0)
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &counters->payloads_malformed);
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

int coap_turn_reply(struct coap_turn *turn)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct node_contact contact = { .hardware = "", .version = "", .battery_percent = -1 };
	struct profile_reply reply;
	enum token_format format;

	if (!admit(turn))
		return 0;
	if (!payload_format(turn, COAP_FORMAT_JSON, COAP_FORMAT_CBOR, &format))
		return coap_turn_refuse(turn, COAP_UNSUPPORTED_FORMAT, &counters->formats_refused);
	if (profile_parse_reply(&reply, format, payload_of(turn), turn->nodes->scratch) < 0)
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &counters->payloads_malformed);
	if (!greet(turn, &contact))
		return 0;
	counters->replies++;
	coap_commands_remove(&turn->nodes->commands, turn->node, reply.id);
	host->replied(host->context, &(struct command_reply){
					     .node = turn->node,
					     .id = reply.id,
					     .ok = reply.ok,
					     .result = reply.result,
					     .is_json = reply.is_json,
				     });
	coap_response_init(turn->response, COAP_CHANGED);
	set_block1(turn->response, turn->request->has_block1);
	return 0;
}
