#include "tests/sim/ncp/node_ota.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/random.h"
#include "protocols/zcl.h"
#include "protocols/zigbee_ota.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/node.h"
#include "tests/sim/ncp/ota_frames.h"

#define FRAME_ROOM 64
#define WAIT_FOR_THE_WORD UINT32_MAX
#define LOOP_OFFSET 50
#define LOOP_BYTES 12
#define SIXTEENTH 16
#define NEW_REQUEST_MS 20 /* after a restart, or a notify, before it asks */

static void on_overdue(void *context, uint64_t step);
static void request_next(struct node *node);

const char *node_ota_state_name(enum node_ota_state state)
{
	static const char *const names[] = { "idle", "querying", "downloading", "waiting", "verifying", "ending",
		"holding", "countdown", "restarting" };

	return names[state];
}

/* ImageUpgradeStatus, section 11.13.6. */
static uint8_t status_value(enum node_ota_state state)
{
	static const uint8_t values[] = { 0, 0, 1, 1, 1, 2, 3, 4, 4 };

	return values[state];
}

static void set_attribute(struct node *node, uint16_t id, uint64_t bits)
{
	node_attribute_find(node, CLUSTER_OTA, id, true)->bits = bits;
}

void node_ota_refresh(struct node *node)
{
	const struct node_ota *ota = &node->ota;

	set_attribute(node, 0x0001, ota->size > 0 ? ota->offset : UINT32_MAX);
	set_attribute(node, 0x0002, ota->version);
	set_attribute(node, 0x0004, ota->is_complete ? ota->new_version : UINT32_MAX);
	set_attribute(node, 0x0006, status_value(ota->state));
	set_attribute(node, 0x0007, node->plan.manufacturer);
	set_attribute(node, 0x0008, node->plan.image_type);
	set_attribute(node, 0x0009, ota->period_ms);
}

/* What a timer of this step means is over. */
static uint64_t new_step(struct node *node)
{
	return (++node->ota.step & UINT32_MAX) | node->life << 32;
}

static bool is_step(const struct node *node, uint64_t step)
{
	return step == ((node->ota.step & UINT32_MAX) | node->life << 32);
}

static void after(struct node *node, int64_t delay_us, void (*call)(void *context, uint64_t step))
{
	air_clock_after(node->clock, delay_us, call, node, new_step(node));
}

static void send_request(struct node *node, enum ota_command command, struct ota_request *request)
{
	uint8_t payload[FRAME_ROOM], bytes[FRAME_ROOM];
	struct writer out;

	request->manufacturer = (uint16_t)node->plan.manufacturer;
	request->image_type = (uint16_t)node->plan.image_type;
	request->hardware = node->plan.hardware;
	writer_init(&out, payload, sizeof(payload));
	ota_request_write(&out, command, request);
	struct zcl_frame frame = { .no_default_response = command != OTA_END,
		.sequence = node->sequence++,
		.command = (uint8_t)command,
		.payload = { payload, writer_size(&out) } };
	writer_init(&out, bytes, sizeof(bytes));
	zcl_frame_write(&out, &frame);
	node->ota.asked_us = node->clock->now_us;
	node_send(node, 0x0104, CLUSTER_OTA, (struct bytes){ bytes, writer_size(&out) }, (struct mesh_done){ 0 });
	node_await(node, node->plan.ota.retry_us);
	after(node, node->plan.ota.retry_us, on_overdue);
}

static void send_query(struct node *node)
{
	struct ota_request request = { .version = node->ota.version };

	node->ota.state = OTA_QUERYING;
	node->ota.counts.queries++;
	send_request(node, OTA_QUERY, &request);
}

static void send_end(struct node *node, uint8_t status)
{
	struct ota_request request = { .version = node->ota.new_version, .status = status };

	node->ota.counts.ends++;
	send_request(node, OTA_END, &request);
}

static void forget(struct node_ota *ota)
{
	free(ota->image);
	free(ota->has);
	ota->image = NULL;
	ota->has = NULL;
	ota->size = ota->offset = ota->page_end = 0;
	ota->is_complete = ota->is_odd = ota->loops = false;
	ota->period_ms = 0;
}

static void on_query_due(void *context, uint64_t step)
{
	struct node *node = context;

	if (is_step(node, step))
		node_ota_query(node);
}

/* Idle, until it is told of an image or asks by itself again. */
static void rest(struct node *node)
{
	node->ota.state = OTA_IDLE;
	node->ota.tries = 0;
	if (node->plan.ota.query_us > 0)
		after(node, node->plan.ota.query_us, on_query_due);
	else
		(void)new_step(node);
}

static void give_up(struct node *node)
{
	node->ota.counts.given_up++;
	node->ota.loops = false;
	rest(node);
}

void node_ota_query(struct node *node)
{
	if (!node->is_on || !node->is_member)
		return;
	node->ota.tries = 0;
	send_query(node);
}

/* How much may be asked for at `offset`: less before what a page brought already. */
static uint8_t bytes_wanted(const struct node *node)
{
	const struct node_ota *ota = &node->ota;
	uint32_t most = node->plan.ota.block_bytes;

	for (uint32_t i = 1; i < most && ota->offset + i < ota->size; i++) {
		if (ota->has[ota->offset + i])
			return (uint8_t)i;
	}
	return (uint8_t)most;
}

static void fill_block_request(struct node *node, struct ota_request *request)
{
	const struct ota_plan *plan = &node->plan.ota;

	*request = (struct ota_request){ .version = node->ota.new_version,
		.offset = node->ota.loops ? LOOP_OFFSET : node->ota.offset,
		.most = node->ota.loops ? LOOP_BYTES : bytes_wanted(node),
		.eui64 = plan->sends_eui64 ? &node->plan.eui64 : NULL,
		.has_period = plan->sends_period,
		.omits_period = plan->omits_period,
		.period = plan->counts_seconds ? node->ota.period_ms / 1000 : node->ota.period_ms };
}

static void send_page(struct node *node)
{
	struct ota_request request;
	struct node_ota *ota = &node->ota;

	fill_block_request(node, &request);
	request.page = (uint16_t)node->plan.ota.page_bytes;
	request.spacing_ms = (uint16_t)node->plan.ota.page_spacing_ms;
	request.most = (uint8_t)node->plan.ota.block_bytes;
	ota->fills_gaps = false;
	ota->page_end = ota->offset + request.page < ota->size ? ota->offset + request.page : ota->size;
	ota->counts.pages++;
	send_request(node, OTA_PAGE, &request);
}

static void send_block(struct node *node)
{
	struct ota_request request;

	fill_block_request(node, &request);
	node->ota.counts.requests++;
	send_request(node, OTA_BLOCK, &request);
}

/* After a repetition by a block: the rest of a page comes by blocks, too. */
static void send_download_request(struct node *node)
{
	node->ota.state = OTA_DOWNLOADING;
	if (node->plan.ota.page_bytes > 0 && node->ota.offset >= node->ota.page_end && !node->ota.loops)
		send_page(node);
	else
		send_block(node);
}

static void on_request_due(void *context, uint64_t step)
{
	struct node *node = context;

	if (is_step(node, step) && node->is_on)
		send_download_request(node);
}

static void request_next(struct node *node)
{
	int64_t now_us = node->clock->now_us;
	int64_t due_us = node->ota.asked_us + node->ota.period_ms * AIR_MS;
	int64_t think_us = now_us + node->plan.think_us;

	node->ota.tries = 0;
	after(node, (due_us > think_us ? due_us : think_us) - now_us, on_request_due);
}

static void on_overdue(void *context, uint64_t step)
{
	struct node *node = context;
	struct node_ota *ota = &node->ota;

	if (!is_step(node, step) || !node->is_on)
		return;
	ota->counts.repeats++;
	ota->fills_gaps = true;
	if (++ota->tries >= node->plan.ota.tries && ota->state != OTA_ENDING && ota->state != OTA_HOLDING) {
		give_up(node);
		return;
	}
	if (ota->state == OTA_QUERYING)
		send_query(node);
	else if (ota->state == OTA_DOWNLOADING)
		send_block(node);
	else if (ota->tries < node->plan.ota.tries)
		send_end(node, 0);
	else
		/* Nobody answers: it asks again whenever it would ask for the word. */
		after(node, node->plan.ota.wait_command_us, on_overdue);
}

static bool is_good(const struct node *node)
{
	struct zigbee_ota file;
	const char *fault;
	const struct node_ota *ota = &node->ota;

	if (node->plan.ota.finds_bad || (node->plan.ota.needs_sixteenths && ota->is_odd))
		return false;
	return zigbee_ota_parse(&file, ota->image, ota->size, &fault) == 0 && file.offset == 0 &&
	       file.size == ota->size && file.manufacturer == node->plan.manufacturer &&
	       file.file_version == ota->new_version;
}

static void on_verified(void *context, uint64_t step)
{
	struct node *node = context;

	if (!is_step(node, step) || !node->is_on)
		return;
	if (is_good(node)) {
		node->ota.is_complete = true;
		node->ota.state = OTA_ENDING;
		node->ota.tries = 0;
		send_end(node, ZCL_SUCCESS);
		return;
	}
	send_end(node, ZCL_INVALID_IMAGE);
	forget(&node->ota);
	node->ota.counts.aborted++;
	rest(node);
}

static void take_query_answer(struct node *node, const struct ota_answer *answer)
{
	struct node_ota *ota = &node->ota;
	bool resumes = ota->image && ota->new_version == answer->version && ota->size == answer->size;

	if (ota->state != OTA_QUERYING)
		return;
	if (answer->status != ZCL_SUCCESS || answer->size == 0 || answer->size > NODE_OTA_IMAGE_MAX) {
		rest(node);
		return;
	}
	if (!resumes) {
		forget(ota);
		ota->new_version = answer->version;
		ota->size = answer->size;
		ota->image = calloc(1, ota->size);
		ota->has = calloc(ota->size, sizeof(*ota->has));
		ota->began_us = node->clock->now_us;
		if (!ota->image || !ota->has)
			abort();
	}
	ota->page_end = 0;
	ota->state = OTA_DOWNLOADING;
	request_next(node);
}

static void take_wait(struct node *node, const struct ota_answer *answer)
{
	struct node_ota *ota = &node->ota;
	uint32_t wait_s = answer->at_s > answer->current_s ? answer->at_s - answer->current_s : 0;

	ota->counts.waits++;
	if (node->plan.ota.knows_no_wait) {
		ota->counts.aborted++;
		give_up(node);
		return;
	}
	if (node->plan.ota.sends_period)
		ota->period_ms = node->plan.ota.counts_seconds
					 ? (uint16_t)(answer->period > 65 ? 65000 : answer->period * 1000)
					 : answer->period;
	ota->state = OTA_WAITING;
	ota->tries = 0;
	int64_t wait_us = wait_s * AIR_S > ota->period_ms * AIR_MS ? wait_s * AIR_S : ota->period_ms * AIR_MS;
	after(node, wait_us > node->plan.think_us ? wait_us : node->plan.think_us, on_request_due);
}

static void keep_block(struct node_ota *ota, const struct ota_answer *answer)
{
	memcpy(ota->image + answer->offset, answer->data.data, answer->data.size);
	memset(ota->has + answer->offset, true, answer->data.size);
	while (ota->offset < ota->size && ota->has[ota->offset])
		ota->offset++;
	ota->counts.blocks++;
	ota->counts.bytes += answer->data.size;
	if (answer->data.size % SIXTEENTH != 0 && answer->offset + answer->data.size < ota->size)
		ota->is_odd = true;
}

static void go_on(struct node *node, const struct ota_answer *answer)
{
	struct node_ota *ota = &node->ota;
	uint32_t end = answer->offset + (uint32_t)answer->data.size;

	if (node->plan.ota.cut_at_bytes > 0 && ota->offset >= node->plan.ota.cut_at_bytes && !ota->was_cut) {
		ota->was_cut = true;
		node_restart(node, node->plan.ota.reboot_us);
	} else if (ota->offset >= ota->size) {
		ota->state = OTA_VERIFYING;
		ota->ended_us = node->clock->now_us;
		after(node, node->plan.ota.verify_us, on_verified);
	} else if (end < ota->page_end && !ota->fills_gaps) {
		/* More of the page comes by itself. */
		node_await(node, node->plan.ota.retry_us);
		after(node, node->plan.ota.retry_us, on_overdue);
	} else {
		ota->fills_gaps = true;
		request_next(node);
	}
}

static void take_block(struct node *node, const struct ota_answer *answer)
{
	struct node_ota *ota = &node->ota;

	if (ota->state != OTA_DOWNLOADING)
		return;
	if (answer->status == ZCL_WAIT_FOR_DATA) {
		take_wait(node, answer);
		return;
	}
	if (answer->status != ZCL_SUCCESS) {
		ota->counts.aborted++;
		forget(ota);
		rest(node);
		return;
	}
	if (answer->version != ota->new_version || answer->data.size == 0 || answer->offset > ota->size ||
		answer->data.size > ota->size - answer->offset || answer->data.size > node->plan.ota.block_bytes)
		return;
	if (ota->page_end == 0 && answer->offset != (ota->loops ? LOOP_OFFSET : ota->offset))
		return;
	if (node->plan.ota.own_block && answer->data.size < node->plan.ota.block_bytes &&
		answer->offset + answer->data.size < ota->size)
		ota->loops = true;
	else
		keep_block(ota, answer);
	go_on(node, answer);
}

static void on_applied(void *context, uint64_t step)
{
	struct node *node = context;
	struct node_ota *ota = &node->ota;

	if (!is_step(node, step) || !node->is_on)
		return;
	digest_compute(DIGEST_SHA256, ota->image, ota->size, ota->sha256);
	ota->has_sha256 = true;
	ota->version = ota->new_version;
	forget(ota);
	ota->state = OTA_RESTARTING;
	node_restart(node, node->plan.ota.reboot_us);
}

static void take_end_answer(struct node *node, const struct ota_answer *answer)
{
	struct node_ota *ota = &node->ota;
	uint32_t wait_s = answer->at_s > answer->current_s ? answer->at_s - answer->current_s : 0;

	if (!ota->is_complete || (answer->version != ota->new_version && answer->version != UINT32_MAX))
		return;
	ota->tries = 0;
	if (answer->at_s == WAIT_FOR_THE_WORD) {
		ota->state = OTA_HOLDING;
		after(node, node->plan.ota.wait_command_us, on_overdue);
		return;
	}
	ota->state = OTA_COUNTDOWN;
	after(node, wait_s * AIR_S, on_applied);
}

static bool concerns(const struct node *node, const struct ota_notify *notify)
{
	if (notify->kind >= 1 && notify->manufacturer != node->plan.manufacturer && notify->manufacturer != UINT16_MAX)
		return false;
	if (notify->kind >= 2 && notify->image_type != node->plan.image_type && notify->image_type != UINT16_MAX)
		return false;
	return notify->kind < 3 || notify->version != node->ota.version;
}

static void take_notify(struct node *node, struct bytes payload)
{
	struct ota_notify notify;

	if (ota_notify_parse(&notify, payload) < 0 || !concerns(node, &notify) || node->ota.state != OTA_IDLE)
		return;
	if (random_below(node->random, 100) + 1 > notify.jitter)
		return;
	after(node, node->plan.think_us, on_query_due);
}

bool node_ota_receive(struct node *node, const struct zcl_frame *frame)
{
	struct ota_answer answer;

	if (frame->is_global || frame->has_manufacturer)
		return false;
	if (frame->command == OTA_IMAGE_NOTIFY) {
		take_notify(node, frame->payload);
		return true;
	}
	if (frame->command != OTA_QUERY_RESPONSE && frame->command != OTA_BLOCK_RESPONSE &&
		frame->command != OTA_END_RESPONSE)
		return false;
	if (ota_answer_parse(&answer, (enum ota_command)frame->command, frame->payload) < 0)
		return true;
	if (frame->command == OTA_QUERY_RESPONSE)
		take_query_answer(node, &answer);
	else if (frame->command == OTA_BLOCK_RESPONSE)
		take_block(node, &answer);
	else
		take_end_answer(node, &answer);
	return true;
}

static void on_boot_end(void *context, uint64_t step)
{
	struct node *node = context;

	if (is_step(node, step) && node->is_on)
		send_end(node, ZCL_SUCCESS);
}

void node_ota_boot(struct node *node)
{
	struct node_ota *ota = &node->ota;

	ota->tries = 0;
	ota->page_end = 0;
	ota->loops = false;
	if (node->plan.ota.forgets)
		forget(ota);
	if (ota->is_complete) {
		ota->state = OTA_ENDING;
		after(node, NEW_REQUEST_MS * AIR_MS, on_boot_end);
		return;
	}
	rest(node);
	if (ota->offset > 0)
		after(node, NEW_REQUEST_MS * AIR_MS, on_query_due);
}

void node_ota_finish(struct node *node)
{
	forget(&node->ota);
}
