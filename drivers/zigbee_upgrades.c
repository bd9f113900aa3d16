#include "drivers/zigbee_upgrades.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/image_source.h"
#include "drivers/zigbee_upgrades_blocks.h"
#include "drivers/zigbee_upgrades_frames.h"
#include "drivers/zigbee_upgrades_nudges.h"
#include "drivers/zigbee_upgrades_places.h"
#include "drivers/zigbee_upgrades_queries.h"
#include "drivers/zigbee_upgrades_turns.h"
#include "protocols/zigbee_ota.h"

#define NODES_MAX 1000
#define SPREAD_MS 100  /* for each node, over which they are spoken to first */
#define RETURN_MS 2000 /* within which a node that came back says by itself what it is about; sleepers listen on */

/* ---- nodes ---- */

static struct upgrade_node *add_node(struct zigbee_upgrades *upgrades, const char *id)
{
	size_t size = strlen(id);

	if (size == 0 || size > NODE_ID_MAX || upgrades->count >= NODES_MAX)
		return NULL;
	if (upgrades->count == upgrades->room) {
		size_t room = upgrades->room ? 2 * upgrades->room : 16;
		struct upgrade_node **list = realloc(upgrades->list, room * sizeof(struct upgrade_node *));
		if (!list)
			return NULL;
		upgrades->list = list;
		upgrades->room = room;
	}
	struct upgrade_node *node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	memcpy(node->offer.node, id, size);
	node->peer.node = node->offer.node;
	node->kind = zigbee_upgrade_class_of(0xffff, false);
	if (id_map_add(&upgrades->by_id, node->offer.node, node) < 0) {
		free(node);
		return NULL;
	}
	upgrades->list[upgrades->count++] = node;
	return node;
}

static struct upgrade_node *find_or_add(struct zigbee_upgrades *upgrades, const char *id)
{
	struct upgrade_node *node = id_map_find(&upgrades->by_id, id);

	return node ? node : add_node(upgrades, id);
}

static void learn_name(char known[ZIGBEE_FIT_NAME_SIZE], const char *name)
{
	if (name && *name && name != known)
		(void)snprintf(known, ZIGBEE_FIT_NAME_SIZE, "%s", name);
}

static void meet(struct upgrade_node *node, const struct zigbee_upgrade_peer *peer, bool heard, int64_t now_ms)
{
	node->peer = *peer;
	node->peer.node = node->offer.node;
	learn_name(node->model, peer->model);
	learn_name(node->maker, peer->maker);
	node->peer.model = node->model;
	node->peer.maker = node->maker;
	node->met = true;
	if (heard)
		node->heard_ms = now_ms;
}

bool upgrade_is_offered(const struct upgrade_node *node)
{
	return node->offer.image != NULL;
}

static void let_go(struct zigbee_upgrades *upgrades, struct upgrade_node *node)
{
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(node);
	image_source_release(&node->offer.image);
	node->file.size = 0;
	node->offer.seen = false;
	node->unsent.size = 0;
}

void zigbee_upgrades_meet(
	struct zigbee_upgrades *upgrades, const struct zigbee_upgrade_peer *peer, bool heard, int64_t now_ms)
{
	struct upgrade_node *node = find_or_add(upgrades, peer->node);

	if (node)
		meet(node, peer, heard, now_ms);
}

void zigbee_upgrades_part(struct zigbee_upgrades *upgrades, const char *id)
{
	struct upgrade_node *node = id_map_find(&upgrades->by_id, id);

	if (!node)
		return;
	node->met = false;
	node->unsent.size = 0;
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(node);
}

void zigbee_upgrades_forget(struct zigbee_upgrades *upgrades, const char *id)
{
	struct upgrade_node *node = id_map_find(&upgrades->by_id, id);
	size_t at = 0;

	if (!node)
		return;
	let_go(upgrades, node);
	for (size_t i = 0; i < UPGRADE_FLIGHTS_MAX; i++)
		if (upgrades->flights[i].node == node)
			upgrades->flights[i].node = NULL;
	while (upgrades->list[at] != node)
		at++;
	upgrades->list[at] = upgrades->list[--upgrades->count];
	id_map_remove(&upgrades->by_id, id);
	free(node);
}

/* ---- offers ---- */

int upgrade_load_file(struct upgrade_node *node)
{
	uint8_t head[ZIGBEE_OTA_HEAD_MAX];
	const char *fault;
	struct zigbee_ota file;

	if (node->file.size > 0)
		return 0;
	int size = image_source_read(node->offer.image, 0, head, sizeof(head));
	if (size < 0)
		return size;
	int result = zigbee_ota_parse_head(&file, head, (size_t)size, node->offer.image->size_bytes, &fault);
	if (result < 0)
		return result;
	node->file = (struct upgrade_file){ .offset = file.offset,
		.size = file.size,
		.id = { file.manufacturer, file.image_type, file.file_version },
		.has_hardware_range = file.has_hardware_range,
		.hardware_least = file.hardware_least,
		.hardware_most = file.hardware_most };
	node->kind = zigbee_upgrade_class_of(file.manufacturer, node->peer.sleeps);
	return 0;
}

void upgrade_tell(struct zigbee_upgrades *upgrades, struct upgrade_node *node, enum delivery_state state, int code)
{
	const struct driver_host *host = upgrades->port->host;
	const struct delivery_progress progress = { .node = node->offer.node,
		.state = state,
		.offset = state == DELIVERY_DOWNLOADING ? node->offer.seen_offset : node->file.size,
		.code = code,
		.said = state != DELIVERY_DOWNLOADING && state != DELIVERY_APPLYING };

	host->progress(host->context, &progress);
}

static bool is_same_image(const struct upgrade_node *node, const struct driver_offer *offer)
{
	return upgrade_is_offered(node) &&
	       memcmp(node->offer.image->sha256, offer->image->sha256, sizeof(offer->image->sha256)) == 0;
}

/* The windows moved: who waits for one is looked at again. */
static void renew(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct driver_offer *offer, int64_t now_ms)
{
	bool moved = memcmp(&node->offer.times, &offer->times, sizeof(offer->times)) != 0;
	struct image_source *former = node->offer.image;

	node->offer.image = image_source_hold(offer->image);
	image_source_release(&former);
	node->offer.times = offer->times;
	if (!moved)
		return;
	if (node->phase == PHASE_STAGED)
		upgrade_stage(upgrades, node, now_ms);
	else if (node->phase == PHASE_IDLE && node->nudges == 0)
		node->nudge_ms = now_ms;
}

/* Until a node's turn, where all are to be spoken to. */
static int64_t spread_ms(struct zigbee_upgrades *upgrades)
{
	return upgrades->port->chance(upgrades->port->context) % (SPREAD_MS * (int64_t)upgrades->count);
}

int zigbee_upgrades_offer(struct zigbee_upgrades *upgrades, const struct driver_offer *offer, int64_t now_ms)
{
	struct upgrade_node *node = find_or_add(upgrades, offer->node);

	if (!node)
		return -ENOBUFS;
	if (is_same_image(node, offer)) {
		renew(upgrades, node, offer, now_ms);
		return 0;
	}
	let_go(upgrades, node);
	node->offer.image = image_source_hold(offer->image);
	node->offer.times = offer->times;
	node->air.cap = 0;
	node->air.losses = 0;
	node->began_ms = 0;
	int loaded = upgrade_load_file(node);
	if (loaded < 0 && loaded != -EAGAIN) {
		image_source_release(&node->offer.image);
		return -ENOTSUP;
	}
	upgrade_enter(node, PHASE_NEW, spread_ms(upgrades), now_ms);
	node->nudges = 0;
	return 0;
}

void zigbee_upgrades_withdraw(struct zigbee_upgrades *upgrades, const char *id, int64_t now_ms)
{
	struct upgrade_node *node = id_map_find(&upgrades->by_id, id);

	if (!node || !upgrade_is_offered(node))
		return;
	if (node->phase == PHASE_LOADING || node->phase == PHASE_CHECKING)
		node->withdrawn_ms = now_ms;
	let_go(upgrades, node);
	upgrade_enter(node, PHASE_NEW, 0, now_ms);
}

void zigbee_upgrades_images_ready(struct zigbee_upgrades *upgrades, int64_t now_ms)
{
	for (size_t i = 0; i < upgrades->count; i++)
		upgrade_feed(upgrades, upgrades->list[i], now_ms);
}

/* ---- back again ---- */

/* Pauses grow up to an hour while nobody answers: they begin anew. What the node is about is not known any more, but
 * one that checks its image is left alone: it has it, and may not say so before it is done. */
static void speak_soon(struct upgrade_node *node, int64_t after_ms, int64_t now_ms)
{
	int64_t at_ms = now_ms + after_ms;

	if (!upgrade_is_offered(node) || node->phase == PHASE_DONE || node->phase == PHASE_CHECKING)
		return;
	if (node->phase == PHASE_IDLE || node->phase == PHASE_LOADING)
		node->phase = PHASE_NEW;
	if (node->phase == PHASE_STAGED && at_ms < node->release_at_ms)
		at_ms = node->release_at_ms;
	node->nudges = 0;
	node->nudge_ms = at_ms;
}

void zigbee_upgrades_on_joined(struct zigbee_upgrades *upgrades, const char *id, int64_t now_ms)
{
	struct upgrade_node *node = id_map_find(&upgrades->by_id, id);

	if (node)
		speak_soon(node, RETURN_MS, now_ms);
}

void zigbee_upgrades_on_network_up(struct zigbee_upgrades *upgrades, int64_t now_ms)
{
	for (size_t i = 0; i < upgrades->count; i++)
		speak_soon(upgrades->list[i], spread_ms(upgrades), now_ms);
}

/* ---- frames ---- */

static void on_client_command(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame, int64_t now_ms)
{
	const struct zigbee_upgrade none = { .command = UPGRADE_QUERY_FILE_RESPONSE, .status = ZCL_NO_IMAGE_AVAILABLE };
	struct zigbee_upgrade request;
	int result = zigbee_upgrade_parse(&request, frame);

	if (result < 0) {
		upgrades->counters.malformed++;
		upgrade_answer_default(upgrades, node, frame,
			result == -ENOTSUP ? ZCL_UNSUPPORTED_COMMAND : ZCL_MALFORMED_COMMAND, now_ms);
		return;
	}
	switch (request.command) {
	case UPGRADE_QUERY_NEXT:
		upgrade_on_query(upgrades, node, &request, frame->sequence, now_ms);
		return;
	case UPGRADE_BLOCK:
	case UPGRADE_PAGE:
		upgrade_on_block(upgrades, node, &request, frame->sequence, now_ms);
		return;
	case UPGRADE_END:
		upgrade_on_end(upgrades, node, frame, &request, now_ms);
		return;
	default:
		upgrade_answer(upgrades, node, &none, frame->sequence, now_ms);
	}
}

/* A client that does not know the answer "wait" says so. */
static void on_default_response(struct upgrade_node *node, const struct zcl_frame *frame)
{
	struct zcl_default_response response;

	if (zcl_default_response_parse(&response, frame) < 0)
		return;
	if (response.command == UPGRADE_BLOCK_RESPONSE && response.status != ZCL_SUCCESS && node->told_to_wait)
		node->refuses_wait = true;
}

void zigbee_upgrades_on_frame(struct zigbee_upgrades *upgrades, const struct zigbee_upgrade_peer *from,
	const struct zcl_frame *frame, int64_t now_ms)
{
	struct upgrade_node *node = find_or_add(upgrades, from->node);

	if (!node)
		return;
	meet(node, from, true, now_ms);
	if (frame->is_global && frame->command == ZCL_READ_RESPONSE)
		upgrade_on_read_response(upgrades, node, frame, now_ms);
	else if (frame->is_global && frame->command == ZCL_DEFAULT_RESPONSE)
		on_default_response(node, frame);
	else if (!frame->is_global && !frame->to_client)
		on_client_command(upgrades, node, frame, now_ms);
	(void)upgrade_pump(upgrades, now_ms);
}

static struct upgrade_flight *find_flight(struct zigbee_upgrades *upgrades, uint32_t tag)
{
	for (size_t i = 0; tag != 0 && i < UPGRADE_FLIGHTS_MAX; i++)
		if (upgrades->flights[i].tag == tag)
			return &upgrades->flights[i];
	return NULL;
}

void zigbee_upgrades_on_sent(struct zigbee_upgrades *upgrades, uint32_t tag, enum stick_sent outcome, int64_t now_ms)
{
	struct upgrade_flight *flight = find_flight(upgrades, tag);

	if (!flight)
		return;
	struct upgrade_flight done = *flight;
	*flight = (struct upgrade_flight){ 0 };
	upgrades->stick_ms = 0;
	if (done.counted)
		zigbee_airtime_done(&upgrades->air, now_ms - done.sent_ms, outcome == STICK_BUSY);
	if (!done.node)
		return;
	if (done.kind == FLIGHT_BLOCK) {
		done.node->air.flying--;
		upgrade_on_block_sent(upgrades, &done, outcome, now_ms);
	} else {
		upgrade_on_nudge_sent(upgrades, &done, outcome, now_ms);
	}
	(void)upgrade_pump(upgrades, now_ms);
}

/* ---- life ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t zigbee_upgrades_run(struct zigbee_upgrades *upgrades, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	upgrade_fit_places(upgrades, now_ms);
	upgrades->counters.transfers = 0;
	for (size_t i = 0; i < upgrades->count; i++) {
		struct upgrade_node *node = upgrades->list[i];
		upgrade_retry_answer(upgrades, node, now_ms);
		if (node->unsent.size > 0)
			next_ms = sooner(next_ms, upgrades->stick_ms > now_ms ? upgrades->stick_ms : now_ms + 1);
		next_ms = sooner(next_ms, upgrade_run_want(upgrades, node, now_ms));
		next_ms = sooner(next_ms, upgrade_nudge(upgrades, node, now_ms));
		upgrades->counters.transfers += node->place.until_ms > now_ms;
	}
	next_ms = sooner(next_ms, upgrade_pump(upgrades, now_ms));
	return next_ms;
}

int zigbee_upgrades_open(struct zigbee_upgrades **out, const struct zigbee_upgrades_settings *settings,
	const struct zigbee_upgrades_port *port, int64_t now_ms)
{
	struct zigbee_upgrades *upgrades = calloc(1, sizeof(*upgrades));

	if (!upgrades)
		return -ENOMEM;
	upgrades->settings = settings;
	upgrades->port = port;
	upgrades->opened_ms = now_ms;
	id_map_init(&upgrades->by_id);
	upgrades->places = UPGRADE_PLACES_FIRST;
	zigbee_airtime_init(&upgrades->air, settings->airtime_percent, now_ms);
	*out = upgrades;
	return 0;
}

void zigbee_upgrades_close(struct zigbee_upgrades *upgrades)
{
	if (!upgrades)
		return;
	for (size_t i = 0; i < upgrades->count; i++) {
		image_source_release(&upgrades->list[i]->offer.image);
		free(upgrades->list[i]);
	}
	id_map_finish(&upgrades->by_id);
	free(upgrades->list);
	free(upgrades);
}

const struct zigbee_upgrades_counters *zigbee_upgrades_counters(const struct zigbee_upgrades *upgrades)
{
	return &upgrades->counters;
}
