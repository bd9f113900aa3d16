#include "tests/sim/simnode.h"

#include <errno.h>
#include <string.h>

#include "protocols/senml.h"

#define CHECKIN_EVERY 4 /* wakes; in between the telemetry's answer says when to wake */

static void sleep_until(struct simnode *node, int64_t at_ms)
{
	node->exchange.open = false;
	node->phase = SIMNODE_ASLEEP;
	node->wake_at_ms = at_ms;
}

/* Sleeps until the slot that the gateway gave, or the next turn of its own. */
static void sleep_to_slot(struct simnode *node, int64_t now_ms)
{
	int64_t pause = node->settings->finish ? node->settings->ack_timeout_ms : node->settings->interval_ms;
	bool told = node->wake_at_ms > now_ms && !node->settings->finish;

	sleep_until(node,
		told ? node->wake_at_ms : now_ms + pause / 2 + (int64_t)random_below(&node->random, (uint64_t)pause));
}

/* The boot loader swaps the images: the new one runs on trial. */
static void swap_images(struct simnode *node)
{
	flash_move(&node->flash, FLASH_RUNNING, FLASH_FORMER);
	flash_move(&node->flash, FLASH_NEW, FLASH_RUNNING);
	flash_append(&node->flash, FLASH_TRIAL, "trial", 5);
	download_forget(&node->download, &node->flash);
}

/* Power is gone, with all that was in memory; an image that was marked for the next start gets it, however it came. */
static void restart(struct simnode *node, int64_t now_ms)
{
	if (node->restart_due)
		swap_images(node);
	node->counts.restarts++;
	node->phase = SIMNODE_OFF;
	node->exchange.open = false;
	node->known = node->checkin_due = node->status_due = node->restart_due = false;
	node->wake_at_ms = now_ms + node->settings->boot_ms / 2 +
			   (int64_t)random_below(&node->random, (uint64_t)node->settings->boot_ms);
}

static void tell(struct simnode *node, enum profile_state state, int code)
{
	node->status_due = true;
	node->status = (struct profile_status){ .state = state, .code = code, .offset = download_offset(&node->flash) };
}

/* What the boot loader does with an image on trial, before the node's own program starts. */
static void settle_trial(struct simnode *node)
{
	if (flash_size(&node->flash, FLASH_TRIAL) < 0)
		return;
	flash_erase(&node->flash, FLASH_TRIAL);
	if (node->fault == SIMNODE_BRICKS) {
		node->phase = SIMNODE_BRICKED;
		return;
	}
	if (node->fault == SIMNODE_REVERTS) {
		flash_move(&node->flash, FLASH_FORMER, FLASH_RUNNING);
		tell(node, PROFILE_REVERTED, 0);
		return;
	}
	tell(node, PROFILE_CONFIRMED, 0);
}

static void boot(struct simnode *node, int64_t now_ms)
{
	uint64_t chance = random_next(&node->random);

	node->phase = SIMNODE_AWAKE;
	node->exchange.next_id = (uint16_t)chance;
	node->exchange.next_token = chance >> 16;
	readings_load(&node->readings, &node->flash);
	download_load(&node->download, &node->flash);
	settle_trial(node);
	flash_digest(&node->flash, FLASH_RUNNING, node->image);
	sim_image_version(&node->flash, FLASH_RUNNING, node->version);
	if (node->download.wanted && !node->download.complete && download_offset(&node->flash))
		node->counts.resumes++;
	node->checkin_due = true;
	node->wake_at_ms = now_ms + node->settings->interval_ms; /* says who it is before it measures */
}

void simnode_start(struct simnode *node, const char *folder, int64_t boot_at_ms)
{
	flash_init(&node->flash, folder, node->name);
	node->phase = SIMNODE_OFF;
	node->wake_at_ms = boot_at_ms;
}

static void measure(struct simnode *node, struct moment now)
{
	const struct sim_reading *reading;

	for (int64_t i = 0; i < node->settings->readings_per_wake && !node->settings->finish; i++) {
		reading = readings_make(&node->readings, &node->flash, now.wall_ms);
		if (reading)
			node->port->made(node->port->context, node, reading);
	}
}

/* A turn of measuring; also while it fetches an image, which may take longer than it would sleep. */
static void wake(struct simnode *node, struct moment now)
{
	node->phase = SIMNODE_AWAKE;
	node->wake_at_ms = now.monotonic_ms + node->settings->interval_ms;
	if (node->counts.wakes++ % CHECKIN_EVERY == 0)
		node->checkin_due = true;
	measure(node, now);
}

/* Starts a POST to /PATH?ep=NAME. */
static void write_post(struct simnode *node, struct coap_writer *writer, const char *path, int content_format)
{
	char query[48];

	exchange_write(&node->exchange, writer, COAP_POST);
	coap_write_text(writer, COAP_URI_PATH, path);
	coap_write_uint(writer, COAP_CONTENT_FORMAT, (uint32_t)content_format);
	snprintf(query, sizeof(query), "ep=%s", node->name);
	coap_write_text(writer, COAP_URI_QUERY, query);
	coap_write_uint(writer, COAP_ACCEPT, node->format == FORMAT_CBOR ? COAP_FORMAT_CBOR : COAP_FORMAT_JSON);
}

static int map_format(const struct simnode *node)
{
	return node->format == FORMAT_CBOR ? COAP_FORMAT_CBOR : COAP_FORMAT_JSON;
}

static int write_status(struct simnode *node)
{
	uint8_t payload[PROFILE_MESSAGE_MAX];
	struct coap_writer writer;
	struct writer out;

	writer_init(&out, payload, sizeof(payload));
	profile_write_status(&out, node->format, &node->status);
	write_post(node, &writer, "s", map_format(node));
	return coap_write_payload(&writer, payload, writer_size(&out));
}

static int write_checkin(struct simnode *node)
{
	struct profile_checkin checkin = { .image_size = 8 };
	uint8_t payload[PROFILE_MESSAGE_MAX];
	struct coap_writer writer;
	struct writer out;

	snprintf(checkin.hardware, sizeof(checkin.hardware), "%s", node->settings->hardware);
	snprintf(checkin.version, sizeof(checkin.version), "%s", node->version);
	memcpy(checkin.image, node->image, checkin.image_size);
	checkin.battery_percent = 100 - (int)(node->counts.wakes / 50 % 60);
	checkin.signal_dbm = -40 - (int)(node->index % 50);
	writer_init(&out, payload, sizeof(payload));
	profile_write_checkin(&out, node->format, &checkin);
	write_post(node, &writer, "c", map_format(node));
	return coap_write_payload(&writer, payload, writer_size(&out));
}

/* JSON and CBOR in turn; a batch that is repeated keeps its form. */
static int write_telemetry(struct simnode *node)
{
	size_t count = readings_batch(&node->readings, &node->flash);
	bool cbor = (node->readings.batches + node->index) % 2;
	struct reading readings[SIMNODE_BATCH_MAX];
	char texts[SIMNODE_BATCH_MAX][SIM_TEXT_SIZE];
	uint8_t payload[COAP_PAYLOAD_MAX];
	struct coap_writer writer;
	struct writer out;

	for (size_t i = 0; i < count; i++)
		sim_reading_express(&node->readings.pending[i], texts[i], &readings[i]);
	writer_init(&out, payload, sizeof(payload));
	int64_t size =
		senml_write(cbor ? FORMAT_CBOR : FORMAT_JSON, &out, (struct span){ .data = "" }, readings, count);
	write_post(node, &writer, "t", cbor ? COAP_FORMAT_SENML_CBOR : COAP_FORMAT_SENML_JSON);
	return coap_write_payload(&writer, payload, size < 0 ? sizeof(payload) + 1 : (size_t)size);
}

static int write_block(struct simnode *node)
{
	struct coap_writer writer;

	exchange_write(&node->exchange, &writer, COAP_GET);
	download_write_request(&node->download, &node->flash, node->szx, &writer);
	return coap_write_payload(&writer, NULL, 0);
}

static void begin(struct simnode *node, enum simnode_task task, int64_t now_ms)
{
	static int (*const writers[])(struct simnode *) = {
		[SIMNODE_STATUS] = write_status,
		[SIMNODE_TELEMETRY] = write_telemetry,
		[SIMNODE_CHECKIN] = write_checkin,
		[SIMNODE_BLOCK] = write_block,
	};
	int size = writers[task](node);

	if (size < 0) { /* a batch that does not fit would be a fault of the simulation itself */
		node->counts.odd_answers++;
		sleep_to_slot(node, now_ms);
		return;
	}
	node->task = task;
	exchange_open(&node->exchange, size, now_ms);
}

/* What the node does next while it is awake and waits for nothing. */
static void next_task(struct simnode *node, int64_t now_ms)
{
	const struct simnode_download *download = &node->download;

	if (node->status_due)
		begin(node, SIMNODE_STATUS, now_ms);
	else if (node->restart_due)
		restart(node, now_ms);
	else if (readings_batch(&node->readings, &node->flash))
		begin(node, SIMNODE_TELEMETRY, now_ms);
	else if (node->checkin_due)
		begin(node, SIMNODE_CHECKIN, now_ms);
	else if (download->wanted && !download->complete && download->fetch_at_ms <= now_ms)
		begin(node, SIMNODE_BLOCK, now_ms);
	else if (download_may_apply(download, now_ms)) {
		tell(node, PROFILE_APPLYING, 0);
		node->restart_due = true;
	} else if (download->complete && download->apply_at_ms > now_ms && download->apply_at_ms < node->wake_at_ms)
		sleep_until(node, download->apply_at_ms);
	else
		sleep_to_slot(node, now_ms);
}

int64_t simnode_due_ms(const struct simnode *node)
{
	if (node->phase == SIMNODE_BRICKED)
		return INT64_MAX;
	if (node->phase != SIMNODE_AWAKE)
		return node->wake_at_ms;
	return node->exchange.open ? node->exchange.due_ms : 0;
}

static void on_exchange_time(struct simnode *node, int64_t now_ms)
{
	switch (exchange_on_time(&node->exchange, node->settings->ack_timeout_ms, now_ms, &node->random)) {
	case EXCHANGE_SEND:
		node->port->send(node->port->context, node, node->exchange.datagram, node->exchange.size);
		return;
	case EXCHANGE_FAILED:
		node->counts.timeouts++;
		sleep_to_slot(node, now_ms);
		return;
	case EXCHANGE_WAIT:
		return;
	}
}

void simnode_on_time(struct simnode *node, struct moment now)
{
	int64_t now_ms = now.monotonic_ms;

	if (now_ms < simnode_due_ms(node))
		return;
	if (node->phase == SIMNODE_OFF)
		boot(node, now_ms);
	else if (node->phase == SIMNODE_ASLEEP)
		wake(node, now);
	else if (node->exchange.open)
		on_exchange_time(node, now_ms);
	else if (node->wake_at_ms <= now_ms)
		wake(node, now);
	else
		next_task(node, now_ms);
}

/* Max-Age in seconds (RFC 7252 section 5.10.5, 60 where it is not said) and the content format. */
static void read_options(const struct coap_message *message, uint32_t *max_age_s, uint32_t *content_format)
{
	struct coap_options options;
	struct coap_option option;

	*max_age_s = 60;
	*content_format = COAP_FORMAT_JSON;
	coap_options_start(&options, message);
	while (coap_options_next(&options, &option)) {
		if (option.number == COAP_MAX_AGE)
			(void)coap_option_uint(&option, max_age_s);
		if (option.number == COAP_CONTENT_FORMAT)
			(void)coap_option_uint(&option, content_format);
	}
}

static void take_update(struct simnode *node, const struct profile_update *update, int64_t now_ms)
{
	if (memcmp(update->sha256, node->image, 32) == 0)
		return;
	bool other = download_want(&node->download, &node->flash, update, now_ms);
	if (!other && !node->download.complete && download_offset(&node->flash))
		node->counts.resumes++;
}

/* The map of an answer to a check-in or to telemetry. */
static void take_map(struct simnode *node, const struct coap_message *message, uint32_t content_format, int64_t now_ms)
{
	struct profile_answer answer;
	struct span payload = { (const char *)message->payload, message->payload_size };
	enum token_format format = content_format == COAP_FORMAT_CBOR ? FORMAT_CBOR : FORMAT_JSON;

	if (!message->payload_size) {
		node->checkin_due = node->checkin_due || node->task == SIMNODE_TELEMETRY;
		return;
	}
	if (profile_parse_answer(&answer, format, payload) < 0) {
		node->counts.odd_answers++;
		return;
	}
	if (answer.next_s)
		node->wake_at_ms = now_ms + (int64_t)answer.next_s * 1000;
	if (answer.has_update)
		take_update(node, &answer.update, now_ms);
	else if (node->task == SIMNODE_CHECKIN && node->download.wanted)
		download_forget(&node->download, &node->flash); /* cancelled */
}

static void on_downloaded(struct simnode *node)
{
	struct simnode_download *download = &node->download;

	if (node->fault == SIMNODE_CORRUPTS && !download->flipped) {
		download->flipped = true;
		flash_flip(&node->flash, FLASH_NEW, download->update.size / 2);
	}
	enum sim_refusal refusal = download_verify(download, &node->flash, node->settings->raw);
	if (refusal == SIM_GOOD) {
		tell(node, PROFILE_DOWNLOADED, 0);
		return;
	}
	node->counts.refusals++;
	tell(node, PROFILE_FAILED, (int)refusal);
	download_forget(download, &node->flash);
}

static void on_block(struct simnode *node, const struct coap_message *message, int64_t now_ms)
{
	switch (download_on_block(&node->download, &node->flash, message)) {
	case DOWNLOAD_MORE:
		node->counts.blocks++;
		return;
	case DOWNLOAD_COMPLETE:
		node->counts.blocks++;
		on_downloaded(node);
		return;
	case DOWNLOAD_RESTART:
		node->counts.etag_changes++;
		return;
	case DOWNLOAD_ODD:
		node->counts.odd_answers++;
		sleep_to_slot(node, now_ms);
	}
}

static void on_success(struct simnode *node, const struct coap_message *message, uint32_t format, int64_t now_ms)
{
	const struct simnode_readings *readings = &node->readings;

	switch (node->task) {
	case SIMNODE_STATUS:
		node->status_due = false;
		node->reverted = node->reverted || node->status.state == PROFILE_REVERTED;
		return;
	case SIMNODE_CHECKIN:
		node->checkin_due = false;
		node->known = true;
		take_map(node, message, format, now_ms);
		return;
	case SIMNODE_TELEMETRY:
		node->port->acknowledged(node->port->context, node, readings->pending, readings->batch);
		readings_acknowledge(&node->readings, &node->flash);
		take_map(node, message, format, now_ms);
		return;
	case SIMNODE_BLOCK:
		on_block(node, message, now_ms);
	}
}

static void on_failure(struct simnode *node, const struct coap_message *message, uint32_t max_age_s, int64_t now_ms)
{
	node->counts.failed_exchanges++;
	if (node->task == SIMNODE_BLOCK && message->code == COAP_UNAVAILABLE) { /* the rest of its life goes on */
		node->download.fetch_at_ms = now_ms + (int64_t)max_age_s * 1000;
		sleep_to_slot(node, now_ms);
		return;
	}
	if (message->code == COAP_UNAVAILABLE) { /* asked to come back later */
		sleep_until(node, now_ms + (int64_t)max_age_s * 1000);
		return;
	}
	if (node->task == SIMNODE_STATUS)
		node->status_due = false;
	if (node->task == SIMNODE_BLOCK && message->code == COAP_NOT_FOUND)
		download_forget(&node->download, &node->flash);
	sleep_to_slot(node, now_ms);
}

static void on_answer(struct simnode *node, const struct coap_message *message, int64_t now_ms)
{
	uint32_t max_age_s;
	uint32_t content_format;

	read_options(message, &max_age_s, &content_format);
	if (COAP_CODE_CLASS(message->code) == 2)
		on_success(node, message, content_format, now_ms);
	else
		on_failure(node, message, max_age_s, now_ms);
	if ((int64_t)random_below(&node->random, 1000) < node->settings->restart_per_mille)
		restart(node, now_ms);
}

/* Acknowledges or resets a confirmable message (RFC 7252 section 4.2). */
static void send_empty(struct simnode *node, enum coap_type type, uint16_t id)
{
	struct coap_writer writer;
	uint8_t datagram[4];

	coap_write_start(&writer, datagram, sizeof(datagram), &(struct coap_message){ .type = type, .id = id });
	node->port->send(node->port->context, node, datagram, (size_t)coap_write_payload(&writer, NULL, 0));
}

void simnode_on_datagram(struct simnode *node, const void *data, size_t size, struct moment now)
{
	struct coap_message message;

	if (node->phase != SIMNODE_AWAKE || coap_message_parse(&message, data, size) < 0)
		return;
	enum exchange_result result =
		exchange_on_message(&node->exchange, &message, node->settings->ack_timeout_ms, now.monotonic_ms);
	if (message.type == COAP_CON)
		send_empty(node, result == EXCHANGE_FOREIGN ? COAP_RST : COAP_ACK, message.id);
	if (result == EXCHANGE_ANSWERED)
		on_answer(node, &message, now.monotonic_ms);
	if (result == EXCHANGE_RESET)
		sleep_to_slot(node, now.monotonic_ms);
}
