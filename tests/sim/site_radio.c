#include "tests/sim/site_radio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/image_source.h"
#include "drivers/offers.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_links.h"
#include "tests/sim/site_world.h"

#define DELAY_LEAST_MS 40
#define DELAY_MOST_MS 400
#define REQUEST_BYTES 60

struct driver {
	struct site_radio *radio;
};

/* A report that is not durable yet. */
struct site_pending {
	struct site_radio *radio;
	uint32_t node, token, next_s;
};

void site_radio_open(
	struct site_radio *radio, struct site_world *world, const struct site_images *images, struct site_links *links)
{
	*radio = (struct site_radio){ .world = world, .images = images, .links = links, .nodes = world->plan->nodes };
	radio->offers = calloc(radio->nodes, sizeof(*radio->offers));
	radio->answers = calloc(radio->nodes, sizeof(*radio->answers));
	if (!radio->offers || !radio->answers)
		abort();
}

void site_radio_close(struct site_radio *radio)
{
	free(radio->offers);
	free(radio->answers);
}

const char *site_radio_node_id(uint32_t node, char out[16])
{
	snprintf(out, 16, "node-%05u", node);
	return out;
}

static bool node_of(const struct site_radio *radio, const char *id, uint32_t *node)
{
	return sscanf(id, "node-%u", node) == 1 && *node < radio->nodes;
}

static int image_of(const struct site_radio *radio, const struct image_source *image)
{
	return image ? site_images_find(radio->images, image->sha256) : -1;
}

static bool is_lost(struct site_radio *radio)
{
	return site_world_chance(radio->world, radio->world->plan->loss);
}

static bool is_heard(struct site_radio *radio)
{
	return radio->host && !is_lost(radio);
}

/* Answers: the argument is token << 32 | node. */

static void on_answer(void *context, uint64_t argument)
{
	struct site_radio *radio = context;
	uint32_t node = (uint32_t)argument;

	radio->listener.answered(radio->listener.node_context, node, (uint32_t)(argument >> 32), &radio->answers[node]);
}

static int64_t now_of(const struct site_radio *radio)
{
	return clock_moment(&radio->world->clock).monotonic_ms;
}

static void add_offer(const struct site_radio *radio, uint32_t node, struct site_answer *answer)
{
	const struct site_offer *offer = &radio->offers[node];
	struct offer_activation activation = offer_activation(&offer->times, now_of(radio));

	answer->image = image_of(radio, offer->image);
	answer->apply_s = activation.from_s;
	answer->until_s = activation.until_s;
}

static void answer(struct site_radio *radio, uint32_t node, uint32_t token, const struct site_answer *given)
{
	struct site_answer answer = *given;

	if (answer.result == 0)
		add_offer(radio, node, &answer);
	radio->listener.answering(radio->listener.context, node, &answer);
	if (is_lost(radio))
		return;
	radio->answers[node] = answer;
	site_world_later(radio->world, site_world_between(radio->world, DELAY_LEAST_MS, DELAY_MOST_MS), on_answer,
		radio, (uint64_t)token << 32 | node);
}

static int greet(struct site_radio *radio, uint32_t node, const struct node_contact *contact, struct site_answer *out)
{
	struct contact_answer told = { 0 };
	int result = radio->host->contact(radio->host->context, contact, &told);

	radio->contacts++;
	if (result == 0)
		radio->listener.met(radio->listener.met_context, node, contact);
	*out = (struct site_answer){ .result = result, .next_s = told.next_s, .retry_s = 300, .image = -1 };
	if (result == -EBUSY)
		out->retry_s = told.next_s;
	return result;
}

void site_radio_check_in(struct site_radio *radio, uint32_t node, uint32_t token, const struct node_contact *contact)
{
	struct site_answer told;

	if (!is_heard(radio))
		return;
	if (greet(radio, node, contact, &told) == 0)
		site_links_on_parent(radio->links, node);
	if (radio->is_powered(radio->power_context))
		answer(radio, node, token, &told);
}

static void on_durable(void *context, int result, uint32_t retry_s)
{
	struct site_pending *pending = context;
	struct site_radio *radio = pending->radio;
	struct site_answer told = {
		.result = result == -EALREADY ? 0 : result, .next_s = pending->next_s, .retry_s = retry_s, .image = -1
	};

	radio->unanswered--;
	/* A gateway without power says nothing; what was durable before may just have been told. */
	if (told.result == 0 || radio->is_powered(radio->power_context))
		answer(radio, pending->node, pending->token, &told);
	free(pending);
}

void site_radio_report(struct site_radio *radio, const struct site_batch *batch)
{
	char id[16];
	struct node_contact contact = { .node = site_radio_node_id(batch->node, id),
		.hardware = "",
		.version = "",
		.battery_percent = -1,
		.exchange = batch->exchange,
		.bytes_in = 60 + 8 * (uint32_t)batch->count,
		.bytes_out = 20 };
	struct site_answer told;

	if (!is_heard(radio))
		return;
	if (greet(radio, batch->node, &contact, &told) < 0) {
		if (radio->is_powered(radio->power_context))
			answer(radio, batch->node, batch->token, &told);
		return;
	}
	struct site_pending *pending = malloc(sizeof(*pending));
	if (!pending)
		abort();
	*pending = (struct site_pending){ radio, batch->node, batch->token, told.next_s };
	radio->unanswered++;
	radio->reports++;
	radio->host->report(radio->host->context, &(struct reading_report){ .node = id,
							  .readings = batch->readings,
							  .count = batch->count,
							  .exchange = batch->exchange,
							  .urgent = batch->urgent,
							  .done = on_durable,
							  .context = pending });
}

static void progress(struct site_radio *radio, uint32_t node, const struct delivery_progress *said)
{
	radio->listener.met(radio->listener.met_context, node, NULL);
	radio->host->progress(radio->host->context, said);
}

void site_radio_status(struct site_radio *radio, uint32_t node, enum delivery_state state, int code)
{
	char id[16];

	if (!is_heard(radio))
		return;
	progress(radio, node,
		&(struct delivery_progress){
			.node = site_radio_node_id(node, id), .state = state, .code = code, .said = true });
	site_links_end(radio->links, node);
	radio->listener.heard(radio->listener.context, node);
}

/* How long the node has to wait: for its hours, or for room on the link. */
static int64_t wait_of(struct site_radio *radio, const struct site_request *request, const char *id)
{
	const struct site_offer *offer = &radio->offers[request->node];
	const struct offer_times *times = &offer->times;
	int64_t now_ms = now_of(radio);

	if (image_of(radio, offer->image) == request->image) {
		if (now_ms < times->fetch_from_ms)
			return times->fetch_from_ms - now_ms;
		if (times->fetch_until_ms > 0 && now_ms >= times->fetch_until_ms)
			return SITE_MINUTE_MS;
	}
	return radio->host->fetch(radio->host->context, id, request->size + REQUEST_BYTES);
}

/* A block that the gateway lets the node have: what of it comes. */
static int serve(struct site_radio *radio, const struct site_request *request, const char *id, int got)
{
	uint32_t node = request->node;

	site_links_on_served(radio->links, node, request->size + REQUEST_BYTES);
	radio->listener.served(radio->listener.context, node, request->image, (uint32_t)got);
	if (image_of(radio, radio->offers[node].image) == request->image)
		progress(radio, node,
			&(struct delivery_progress){
				.node = id, .state = DELIVERY_DOWNLOADING, .offset = request->offset });
	return is_lost(radio) ? 0 : got;
}

int site_radio_block(struct site_radio *radio, const struct site_request *request, uint8_t *buffer, int64_t *wait_ms)
{
	char id[16];

	if (!is_heard(radio))
		return 0;
	site_radio_node_id(request->node, id);
	struct image_source *source =
		radio->host->image(radio->host->context, radio->images->list[request->image].name, id);
	if (!source)
		return radio->is_powered(radio->power_context) && !is_lost(radio) ? -ENOENT : 0;
	int got = image_source_read(source, request->offset, buffer, request->size);
	if (got <= 0)
		return 0; /* it will ask again */
	*wait_ms = wait_of(radio, request, id);
	if (*wait_ms > 0)
		return is_lost(radio) ? 0 : -EAGAIN;
	return serve(radio, request, id, got);
}

/* As a driver. */

static int open_driver(struct driver **out, struct uv_loop_s *loop, const void *settings,
	const struct driver_host *host, char *why, size_t why_size)
{
	struct driver *driver = calloc(1, sizeof(*driver));

	if (!driver)
		return -ENOMEM;
	driver->radio = *(struct site_radio *const *)settings;
	driver->radio->host = host;
	*out = driver;
	return 0;
}

static int withdraw(struct driver *driver, const char *id)
{
	uint32_t node;

	if (!node_of(driver->radio, id, &node))
		return 0;
	image_source_release(&driver->radio->offers[node].image);
	site_links_end(driver->radio->links, node);
	return 0;
}

static int offer(struct driver *driver, const struct driver_offer *made)
{
	struct site_radio *radio = driver->radio;
	uint32_t node;

	if (!node_of(radio, made->node, &node))
		return -EINVAL;
	if (radio->offers[node].image != made->image)
		radio->listener.offered(radio->listener.context, node, image_of(radio, made->image));
	struct image_source *former = radio->offers[node].image;
	radio->offers[node] = (struct site_offer){ image_source_hold(made->image), made->times };
	image_source_release(&former);
	return 0;
}

static void images_ready(struct driver *driver)
{
}

static void close_driver(struct driver *driver)
{
	if (!driver)
		return;
	for (size_t i = 0; i < driver->radio->nodes; i++)
		image_source_release(&driver->radio->offers[i].image);
	site_links_forget(driver->radio->links);
	driver->radio->host = NULL;
	free(driver);
}

const struct driver_ops site_radio_driver = {
	.name = "site",
	.open = open_driver,
	.offer = offer,
	.withdraw = withdraw,
	.images_ready = images_ready,
	.close = close_driver,
};
