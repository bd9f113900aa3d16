#include "drivers/mqtt_firmware.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drivers/image_source.h"
#include "drivers/mqtt_driver.h"
#include "protocols/hex.h"
#include "protocols/node_profile.h"
#include "protocols/token_writer.h"

#define HEAD_SIZE 8 /* bytes of a SHA-256 that stand in a block's topic */
#define TIME_STEP_MS 2000
#define BLOCK_OVERHEAD 1024 /* a PUBLISH without its payload is smaller */

int mqtt_firmware_init(struct mqtt_firmware *firmware, const char *topic)
{
	offers_init(&firmware->offers, MQTT_OFFERS_MAX);
	id_queue_init(&firmware->untold);
	int result = mqtt_template_parse(&firmware->manifests, topic);
	return result < 0 ? result : mqtt_template_extend(&firmware->requests, &firmware->manifests, "/get");
}

void mqtt_firmware_finish(struct mqtt_firmware *firmware)
{
	offers_finish(&firmware->offers);
	id_queue_finish(&firmware->untold);
}

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* ---- manifests ---- */

static void write_text(struct token_writer *writer, const char *name, const char *text)
{
	if (!*text)
		return;
	token_string(writer, name);
	token_string(writer, text);
}

/* Wall clock seconds: the manifest waits at the broker, so it cannot count from now. */
static void write_time(struct token_writer *writer, const struct driver *driver, const char *name, int64_t then_ms)
{
	if (then_ms == 0)
		return;
	token_string(writer, name);
	token_integer(writer, (int64_t)time(NULL) + offer_seconds_until(then_ms, (int64_t)uv_now(driver->loop)));
}

static struct span write_manifest(const struct driver *driver, const struct offer *offer, char text[MQTT_MANIFEST_SIZE])
{
	const struct image_source *image = offer->image;
	const struct offer_times *times = &offer->times;
	struct token_writer writer;
	struct writer out;

	writer_init(&out, text, MQTT_MANIFEST_SIZE);
	token_writer_init(&writer, FORMAT_JSON, &out);
	token_map(&writer, 3 + (uint64_t)(*image->version != 0) + (*image->hardware != 0) + (*image->format != 0) +
				   (times->fetch_from_ms > 0) + (times->apply_at_ms > 0) + (times->apply_until_ms > 0));
	write_text(&writer, "version", image->version);
	write_text(&writer, "hardware", image->hardware);
	write_text(&writer, "format", image->format);
	token_string(&writer, "size");
	token_integer(&writer, image->size_bytes);
	token_string(&writer, "sha256");
	token_hex(&writer, (struct span){ (const char *)image->sha256, sizeof(image->sha256) });
	write_text(&writer, "uri", "mqtt:");
	write_time(&writer, driver, "fetch_at", times->fetch_from_ms);
	write_time(&writer, driver, "apply_at", times->apply_at_ms);
	write_time(&writer, driver, "apply_until", times->apply_until_ms);
	token_close(&writer);
	return (struct span){ text, writer_size(&out) };
}

/* The manifest of the offer that stands, or nothing, which takes back what is retained. */
static int tell_node(struct driver *driver, const char *node)
{
	const struct offer *offer = offers_find(&driver->firmware.offers, node);
	struct mqtt_publish message = { .quality = 1, .retain = true };
	char topic[MQTT_TOPIC_SIZE], text[MQTT_MANIFEST_SIZE];
	int result = mqtt_template_topic(&driver->firmware.manifests, node, topic);

	if (result < 0)
		return result;
	message.topic = span_of(topic);
	if (offer)
		message.payload = write_manifest(driver, offer, text);
	return mqtt_link_publish(driver->link, &message);
}

static void tell_untold(struct driver *driver)
{
	struct mqtt_firmware *firmware = &driver->firmware;
	char node[NODE_ID_MAX + 1];

	while (driver->counters.connected_now && firmware->telling < MQTT_MANIFESTS_MAX &&
		id_queue_take(&firmware->untold, node)) {
		int result = tell_node(driver, node);

		if (result == -ENOBUFS || result == -ENOMEM) {
			(void)id_queue_add(&firmware->untold, node);
			return;
		}
		if (result < 0)
			continue;
		firmware->telling++;
		driver->counters.manifests++;
	}
}

static void tell(struct driver *driver, const char *node)
{
	if (id_queue_add(&driver->firmware.untold, node) == 0)
		tell_untold(driver);
}

/* A second is the unit of what is told: less is how two clocks are read one after the other. */
static bool is_near(int64_t a_ms, int64_t b_ms)
{
	return (a_ms == 0) == (b_ms == 0) && a_ms - b_ms < TIME_STEP_MS && b_ms - a_ms < TIME_STEP_MS;
}

static bool says_the_same(const struct offer_times *a, const struct offer_times *b)
{
	return is_near(a->fetch_from_ms, b->fetch_from_ms) && is_near(a->apply_at_ms, b->apply_at_ms) &&
	       is_near(a->apply_until_ms, b->apply_until_ms);
}

int mqtt_firmware_offer(struct driver *driver, const struct driver_offer *offer)
{
	struct offers *offers = &driver->firmware.offers;
	const struct offer *former = offers_find(offers, offer->node);
	bool same = former && says_the_same(&former->times, &offer->times) &&
		    memcmp(former->image->sha256, offer->image->sha256, sizeof(offer->image->sha256)) == 0;
	char topic[MQTT_TOPIC_SIZE];

	if (mqtt_template_topic(&driver->firmware.manifests, offer->node, topic) < 0)
		return -EINVAL;
	int result = offers_put(offers, offer);
	driver->counters.offers_now = offers->by_node.count;
	if (result == 0 && !same)
		tell(driver, offer->node);
	return result;
}

void mqtt_firmware_withdraw(struct driver *driver, const char *node)
{
	struct offers *offers = &driver->firmware.offers;

	if (!offers_find(offers, node))
		return;
	offers_remove(offers, node);
	driver->counters.offers_now = offers->by_node.count;
	tell(driver, node);
}

/* All of them, also in a session that was resumed: a broker that crashed may have forgotten what it retained since. */
void mqtt_firmware_on_opened(struct driver *driver)
{
	const struct id_map *standing = &driver->firmware.offers.by_node;

	for (size_t i = 0; i < standing->room; i++)
		if (standing->entries[i].key)
			(void)id_queue_add(&driver->firmware.untold, standing->entries[i].key);
	tell_untold(driver);
}

void mqtt_firmware_on_published(struct driver *driver, const char *topic)
{
	char node[NODE_ID_MAX + 1];

	if (mqtt_template_match(&driver->firmware.manifests, span_of(topic), node) != 0)
		return;
	if (driver->firmware.telling > 0)
		driver->firmware.telling--;
	tell_untold(driver);
}

/* ---- blocks ---- */

static int publish_block(struct driver *driver, const struct mqtt_request *request, struct span bytes)
{
	char topic[MQTT_TOPIC_SIZE], head[2 * HEAD_SIZE + 1];
	int result = mqtt_template_topic(&driver->firmware.manifests, request->node, topic);
	size_t size = strlen(topic);

	if (result < 0)
		return result;
	hex_print(head, request->sha256, HEAD_SIZE);
	(void)snprintf(topic + size, sizeof(topic) - size, "/block/%s/%u", head, request->offset);
	return mqtt_link_publish(driver->link, &(struct mqtt_publish){ .topic = span_of(topic), .payload = bytes });
}

/* Tells the host how far the node is, where that is worth it. It may withdraw the offer. */
static void note_progress(struct driver *driver, struct offer *offer, const struct mqtt_request *request, uint32_t size)
{
	struct node_contact contact = { .node = request->node, .hardware = "", .version = "", .battery_percent = -1 };

	offer->bytes_out += size;
	if (!offer_advance(offer, request->offset, request->offset + size))
		return;
	contact.bytes_out = offer->bytes_out;
	uint32_t bytes_in = offer->bytes_in;
	offer->bytes_in = offer->bytes_out = 0;
	if (mqtt_greet(driver, &contact, bytes_in))
		driver->host->progress(driver->host->context, &(struct delivery_progress){
								      .node = request->node,
								      .state = DELIVERY_DOWNLOADING,
								      .offset = request->offset,
							      });
}

static void send_absent(struct driver *driver, const struct mqtt_request *request)
{
	driver->counters.blocks_absent++;
	(void)publish_block(driver, request, (struct span){ 0 });
}

/* The offer of the image that is asked for. */
static struct offer *offer_of(struct driver *driver, const struct mqtt_request *request)
{
	struct offer *offer = offers_find(&driver->firmware.offers, request->node);

	return offer && memcmp(offer->image->sha256, request->sha256, sizeof(request->sha256)) == 0 ? offer : NULL;
}

static bool is_over_budget(struct driver *driver, const struct mqtt_request *request, uint32_t size)
{
	const struct driver_host *host = driver->host;

	return host->fetch && host->fetch(host->context, request->node, size) > 0;
}

/* 0 if it was answered in any way, -EAGAIN if its bytes are being fetched. */
static int answer(struct driver *driver, const struct mqtt_request *request)
{
	uint8_t *block = driver->firmware.block;
	struct offer *offer = offer_of(driver, request);

	/* Its manifest says when to ask: no answer, as to a request that was lost. */
	if (offer && offer_wait_ms(offer, (int64_t)uv_now(driver->loop)) > 0) {
		driver->counters.requests_put_off++;
		return 0;
	}
	int size = offer ? image_source_read(offer->image, request->offset, block, request->size) : 0;
	if (size == -EAGAIN)
		return size;
	if (size <= 0) {
		send_absent(driver, request);
		return 0;
	}
	if (is_over_budget(driver, request, (uint32_t)size)) {
		driver->counters.requests_put_off++;
		return 0;
	}
	if (publish_block(driver, request, (struct span){ (const char *)block, (size_t)size }) < 0)
		return 0; /* the session ended: the node asks again */
	driver->counters.blocks++;
	driver->counters.block_bytes += (uint64_t)size;
	note_progress(driver, offer, request, (uint32_t)size);
	return 0;
}

/* As many as there is room for, in their order, past those whose bytes are being fetched. */
static void send_waiting(struct driver *driver)
{
	struct mqtt_requests *waiting = &driver->firmware.waiting;

	for (size_t left = waiting->count; left > 0 && waiting->count > 0; left--) {
		uint32_t size = waiting->places[waiting->first].size;

		if (!mqtt_link_has_room(driver->link, size + BLOCK_OVERHEAD))
			return;
		struct mqtt_request request = mqtt_requests_take(waiting);
		if (answer(driver, &request) == -EAGAIN)
			(void)mqtt_requests_add(waiting, &request);
	}
}

/*
 * It asks for what it is not to have: a manifest from before. The answer ends its attempt, and where nothing is to be
 * retained for it, what is there is taken back.
 */
static void refuse_block(struct driver *driver, const struct mqtt_request *request, bool named, size_t bytes)
{
	struct node_contact contact = { .node = request->node, .hardware = "", .version = "", .battery_percent = -1 };

	if (!mqtt_greet(driver, &contact, bytes))
		return;
	if (named)
		send_absent(driver, request);
	if (!offers_find(&driver->firmware.offers, request->node))
		tell(driver, request->node);
}

static void take_request(
	struct driver *driver, const char *node, const struct profile_block_request *wanted, size_t bytes)
{
	struct offer *offer = offers_find(&driver->firmware.offers, node);
	struct mqtt_request request = { .offset = wanted->offset, .size = wanted->size };
	bool is_offered = offer && (!wanted->has_sha256 ||
					   memcmp(offer->image->sha256, wanted->sha256, sizeof(wanted->sha256)) == 0);

	strcpy(request.node, node); /* its size was checked */
	memcpy(request.sha256, is_offered ? offer->image->sha256 : wanted->sha256, sizeof(request.sha256));
	if (!is_offered) {
		refuse_block(driver, &request, wanted->has_sha256, bytes);
		return;
	}
	offer->bytes_in += (uint32_t)bytes;
	if (mqtt_requests_add(&driver->firmware.waiting, &request) == -ENOBUFS)
		driver->counters.requests_dropped++;
	send_waiting(driver);
}

void mqtt_on_request(struct driver *driver, const char *node, const struct mqtt_arrival *arrival)
{
	struct span payload = arrival->message.payload;
	struct profile_block_request wanted;

	if (arrival->message.retain)
		driver->counters.retained_ignored++;
	else if (!mqtt_may_speak(driver, node))
		mqtt_refuse(driver, MQTT_REFUSED_NODE, node);
	else if (profile_parse_block_request(&wanted, FORMAT_JSON, payload) < 0 || wanted.size > MQTT_BLOCK_MAX)
		mqtt_refuse(driver, MQTT_REFUSED_MALFORMED, node);
	else
		take_request(driver, node, &wanted, arrival->message.topic.size + payload.size);
	mqtt_link_acknowledge(driver->link, arrival->ticket);
}

void mqtt_firmware_images_ready(struct driver *driver)
{
	send_waiting(driver);
}

void mqtt_firmware_on_drained(struct driver *driver)
{
	send_waiting(driver);
}

void mqtt_firmware_on_down(struct driver *driver)
{
	driver->firmware.waiting.count = 0;
}
