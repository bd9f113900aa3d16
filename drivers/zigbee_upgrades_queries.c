#include "drivers/zigbee_upgrades_queries.h"

#include "drivers/image_source.h"
#include "drivers/zigbee_upgrades_frames.h"
#include "drivers/zigbee_upgrades_nudges.h"
#include "drivers/zigbee_upgrades_places.h"
#include "drivers/zigbee_upgrades_turns.h"

#define WINDOW_SOON_MS (3600 * 1000LL)         /* an image is offered so long before it may be fetched */
#define WINDOW_SOON_SLEEPY_MS (86400 * 1000LL) /* to those who ask once a day */
#define NUDGES_QUICK 2
#define RELEASE_MS 10000 /* until the word to upgrade is said again, if it did not arrive */
#define TYPE_ANY 0xffff
#define MANUFACTURER_ANY 0xffff

/* Failure codes of LwM2M object 5, which the host understands. */
#define FAILED_NO_SPACE 2
#define FAILED_INTEGRITY 5
#define FAILED_UNSUPPORTED 6
#define FAILED_UPDATE 8

/* One that does not want what it was told of is not told every minute. */
static int64_t patience_ms(struct zigbee_upgrades *upgrades, const struct upgrade_node *node)
{
	return node->nudges > NUDGES_QUICK ? upgrade_pause_ms(upgrades, node) : 0;
}

static bool is_of_kind(const struct upgrade_node *node, const struct zigbee_upgrade_file *said)
{
	const struct zigbee_upgrade_file *file = &node->file.id;

	return (file->manufacturer == said->manufacturer || file->manufacturer == MANUFACTURER_ANY) &&
	       (file->image_type == said->image_type || file->image_type == TYPE_ANY);
}

static bool runs_offered(const struct upgrade_node *node, const struct zigbee_upgrade_file *said)
{
	return upgrade_is_offered(node) && node->file.size > 0 && is_of_kind(node, said) &&
	       node->file.id.version == said->version;
}

/* A node that does not say which hardware it has is left to judge by itself. */
static bool fits_hardware(const struct upgrade_node *node, const struct zigbee_upgrade *said)
{
	const struct upgrade_file *file = &node->file;

	return !file->has_hardware_range || !said->has_hardware ||
	       (said->hardware >= file->hardware_least && said->hardware <= file->hardware_most);
}

/* It was told to upgrade, had the time for it and still runs something else. */
static bool has_fallen_back(const struct upgrade_node *node, int64_t now_ms)
{
	return node->phase == PHASE_RELEASED && now_ms - node->released_ms >= upgrade_restart_ms(node);
}

/* What the node proved to run. The offer may be another one, or gone, afterwards. */
static void judge(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *said, int64_t now_ms)
{
	const struct zigbee_upgrades_port *port = upgrades->port;
	bool runs_it = runs_offered(node, &said->file);

	if (runs_it) {
		upgrade_drop_want(upgrades, node);
		upgrade_leave_place(node);
		upgrade_enter(node, PHASE_DONE, 0, now_ms);
	}
	port->runs(port->context, node->offer.node, said, runs_it ? node->offer.image : NULL);
	if (runs_it || !upgrade_is_offered(node) || !is_of_kind(node, &said->file) || !has_fallen_back(node, now_ms))
		return;
	upgrade_enter(node, PHASE_IDLE, 0, now_ms);
	upgrade_tell(upgrades, node, DELIVERY_REVERTED, 0);
}

/* ---- Query Next Image ---- */

static bool opens_soon(const struct upgrade_node *node, int64_t now_ms)
{
	return offer_wait_ms(&node->offer, now_ms) <= (node->peer.sleeps ? WINDOW_SOON_SLEEPY_MS : WINDOW_SOON_MS);
}

/* Of models that share manufacturer and image type the image is for some. One whose model is not known yet waits. */
static bool is_for(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *said)
{
	const struct zigbee_fit_node known = { .model = node->model,
		.maker = node->maker,
		.has_hardware = said->has_hardware,
		.hardware = said->hardware,
		.has_version = true,
		.version = said->file.version };
	const char *fault;
	struct zigbee_fit fit;
	enum zigbee_fits fits = ZIGBEE_FITS_NOT;

	if (zigbee_fit_parse(&fit, node->offer.image->only_for, &fault) == 0)
		fits = zigbee_fit_check(&fit, &known);
	if (!fits_hardware(node, said))
		fits = ZIGBEE_FITS_NOT;
	if (fits == ZIGBEE_FITS_NOT)
		upgrade_tell(upgrades, node, DELIVERY_UNFIT, 0);
	return fits == ZIGBEE_FITS;
}

static bool may_have(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *said, int64_t now_ms)
{
	if (!upgrade_is_offered(node) || upgrade_load_file(node) < 0 || !is_of_kind(node, &said->file) ||
		node->file.id.version == said->file.version || !opens_soon(node, now_ms))
		return false;
	if (node->phase == PHASE_RELEASED)
		return false; /* it is about to restart, or its fall back is about to be told */
	return is_for(upgrades, node, said);
}

void upgrade_on_query(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zigbee_upgrade *request,
	uint8_t sequence, int64_t now_ms)
{
	struct zigbee_upgrade answer = { .command = UPGRADE_QUERY_NEXT_RESPONSE, .status = ZCL_NO_IMAGE_AVAILABLE };

	upgrades->counters.queries++;
	node->kind = zigbee_upgrade_class_of(request->file.manufacturer, node->peer.sleeps);
	if (upgrade_is_offered(node))
		(void)upgrade_load_file(node);
	judge(upgrades, node, request, now_ms);
	if (may_have(upgrades, node, request, now_ms)) {
		answer.status = ZCL_SUCCESS;
		answer.file = node->file.id;
		answer.file.manufacturer = request->file.manufacturer;
		answer.file.image_type = request->file.image_type;
		answer.size = node->file.size;
		upgrade_enter(node, PHASE_LOADING, upgrade_silence_ms(node) + patience_ms(upgrades, node), now_ms);
	} else if (upgrade_is_offered(node) && node->phase == PHASE_NEW) {
		upgrade_enter(node, PHASE_IDLE, upgrade_pause_ms(upgrades, node), now_ms);
	}
	upgrade_answer(upgrades, node, &answer, sequence, now_ms);
}

/* ---- Upgrade End ---- */

static int failure_of(uint8_t status)
{
	switch (status) {
	case ZCL_INVALID_IMAGE:
		return FAILED_INTEGRITY;
	case ZCL_INSUFFICIENT_SPACE:
		return FAILED_NO_SPACE;
	case ZCL_NOT_AUTHORIZED:
		return FAILED_UNSUPPORTED;
	default:
		return FAILED_UPDATE;
	}
}

static void on_failed_end(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame,
	uint8_t status, int64_t now_ms)
{
	upgrade_answer_default(upgrades, node, frame, ZCL_SUCCESS, now_ms);
	if (node->told_to_wait)
		node->refuses_wait = true;
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(node);
	if (!upgrade_is_offered(node))
		return;
	/* A client that cannot wait ended its transfer because it was told to: no failure of the update. */
	bool was_put_off = node->told_to_wait;
	upgrade_enter(node, PHASE_IDLE, was_put_off ? 0 : upgrade_silence_ms(node), now_ms);
	if (!was_put_off)
		upgrade_tell(upgrades, node, DELIVERY_FAILED, failure_of(status));
}

/* What nobody ordered is not to be applied: the node waits until somebody does, or drops it for another image. */
static void hold_back(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame,
	const struct zigbee_upgrade *request, int64_t now_ms)
{
	struct zigbee_upgrade answer = {
		.command = UPGRADE_END_RESPONSE, .file = request->file, .at_s = ZIGBEE_UPGRADE_EVER
	};

	if (upgrade_is_offered(node))
		upgrade_answer_default(upgrades, node, frame, ZCL_ABORT, now_ms);
	else
		upgrade_answer(upgrades, node, &answer, frame->sequence, now_ms);
}

void upgrade_on_end(struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame,
	const struct zigbee_upgrade *request, int64_t now_ms)
{
	struct zigbee_upgrade answer = {
		.command = UPGRADE_END_RESPONSE, .file = request->file, .at_s = ZIGBEE_UPGRADE_EVER
	};

	if (request->status != ZCL_SUCCESS) {
		on_failed_end(upgrades, node, frame, request->status, now_ms);
		return;
	}
	upgrade_drop_want(upgrades, node);
	upgrade_leave_place(node);
	if (!upgrade_is_offered(node) || upgrade_load_file(node) < 0 || !is_of_kind(node, &request->file) ||
		request->file.version != node->file.id.version) {
		hold_back(upgrades, node, frame, request, now_ms);
		return;
	}
	node->nudges = 0;
	upgrade_stage(upgrades, node, now_ms);
	upgrade_tell(upgrades, node, DELIVERY_DOWNLOADED, 0);
	if (upgrade_is_offered(node) && upgrade_may_apply(node, now_ms) && now_ms >= node->release_at_ms) {
		answer.at_s = 1;
		upgrade_enter(node, PHASE_STAGED, RELEASE_MS, now_ms);
	}
	upgrade_answer(upgrades, node, &answer, frame->sequence, now_ms);
}

/* ---- attributes ---- */

struct client_state {
	bool has_offset, has_status, has_version, has_downloaded;
	uint32_t offset, downloaded;
	uint8_t status;
	struct zigbee_upgrade said;
};

static void note_attribute(struct client_state *state, uint16_t attribute, uint64_t bits)
{
	switch (attribute) {
	case UPGRADE_FILE_OFFSET:
		state->has_offset = bits != UINT32_MAX;
		state->offset = (uint32_t)bits;
		return;
	case UPGRADE_CURRENT_VERSION:
		state->has_version = bits != UINT32_MAX;
		state->said.file.version = (uint32_t)bits;
		return;
	case UPGRADE_DOWNLOADED_VERSION:
		state->has_downloaded = bits != UINT32_MAX;
		state->downloaded = (uint32_t)bits;
		return;
	case UPGRADE_STATUS:
		state->has_status = true;
		state->status = (uint8_t)bits;
		return;
	case UPGRADE_MANUFACTURER:
		if (bits != MANUFACTURER_ANY)
			state->said.file.manufacturer = (uint16_t)bits;
		return;
	case UPGRADE_IMAGE_TYPE:
		if (bits != TYPE_ANY)
			state->said.file.image_type = (uint16_t)bits;
		return;
	default:
		return;
	}
}

static bool has_kind(const struct zigbee_upgrade_file *file)
{
	return file->manufacturer != MANUFACTURER_ANY && file->image_type != TYPE_ANY;
}

/* Manufacturer and type are optional: a node that does not tell them is of the kind of what it is offered, if anything.
 */
static struct client_state read_state(const struct upgrade_node *node, const struct zcl_frame *frame)
{
	const struct zigbee_upgrade_file no_kind = { .manufacturer = MANUFACTURER_ANY, .image_type = TYPE_ANY };
	struct client_state state = { .said = { .command = UPGRADE_QUERY_NEXT,
					      .file = upgrade_is_offered(node) ? node->file.id : no_kind } };
	struct zcl_record record;
	struct reader in;
	uint64_t bits;

	reader_init(&in, frame->payload.data, frame->payload.size);
	while (zcl_record_read(&record, &in, frame->command) == 1)
		if (record.status == ZCL_SUCCESS && zcl_value_bits(&record.value, &bits))
			note_attribute(&state, record.attribute, bits);
	return state;
}

static void on_waiting(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct client_state *state, int64_t now_ms)
{
	/* It may be asked before it has noticed that it was told to. */
	if (node->phase == PHASE_RELEASED && !has_fallen_back(node, now_ms))
		return;
	if (state->has_downloaded && state->downloaded != node->file.id.version) {
		upgrade_enter(node, PHASE_IDLE, 0, now_ms);
		return;
	}
	bool is_news = node->phase != PHASE_STAGED;
	upgrade_stage(upgrades, node, now_ms);
	if (is_news)
		upgrade_tell(upgrades, node, DELIVERY_DOWNLOADED, 0);
}

static void on_normal(struct zigbee_upgrades *upgrades, struct upgrade_node *node, int64_t now_ms)
{
	bool has_failed = node->phase == PHASE_CHECKING;

	if (node->phase == PHASE_RELEASED)
		return; /* judged by its version */
	upgrade_leave_place(node);
	upgrade_enter(node, PHASE_IDLE, patience_ms(upgrades, node), now_ms);
	if (has_failed)
		upgrade_tell(upgrades, node, DELIVERY_FAILED, FAILED_UPDATE);
}

/* Where a node stands that nothing was heard of, or that was known before a restart. */
static void on_status(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct client_state *state, int64_t now_ms)
{
	switch (state->status) {
	case UPGRADE_STATUS_DOWNLOADING:
		upgrade_enter(node, PHASE_LOADING, upgrade_silence_ms(node), now_ms);
		if (!state->has_offset || state->offset > node->file.size)
			return;
		node->offer.seen = true;
		node->offer.seen_offset = state->offset;
		upgrade_tell(upgrades, node, DELIVERY_DOWNLOADING, 0);
		return;
	case UPGRADE_STATUS_COMPLETE:
	case UPGRADE_STATUS_WAITING:
	case UPGRADE_STATUS_EXTERNAL:
		on_waiting(upgrades, node, state, now_ms);
		return;
	case UPGRADE_STATUS_COUNTDOWN:
		if (node->phase != PHASE_RELEASED)
			node->released_ms = now_ms;
		upgrade_enter(node, PHASE_RELEASED, upgrade_restart_ms(node), now_ms);
		return;
	default:
		on_normal(upgrades, node, now_ms);
	}
}

void upgrade_on_read_response(
	struct zigbee_upgrades *upgrades, struct upgrade_node *node, const struct zcl_frame *frame, int64_t now_ms)
{
	if (upgrade_is_offered(node) && upgrade_load_file(node) < 0)
		return; /* it is asked again */
	struct client_state state = read_state(node, frame);
	if (state.has_version && has_kind(&state.said.file))
		judge(upgrades, node, &state.said, now_ms);
	if (!upgrade_is_offered(node) || node->file.size == 0 || node->phase == PHASE_DONE)
		return;
	if (node->phase == PHASE_NEW)
		node->nudges = 0; /* questions do not count against the notice that follows */
	if (state.has_status)
		on_status(upgrades, node, &state, now_ms);
	else if (node->phase == PHASE_NEW)
		upgrade_enter(node, PHASE_IDLE, 0, now_ms);
}
