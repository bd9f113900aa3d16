/* GET /fw/NAME: blocks of firmware, each answered from the request alone. */
#include <errno.h>
#include <string.h>

#include "drivers/coap_turn.h"
#include "drivers/image_source.h"

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

/* What a node fetches counts with its next contact; one that proves who it is has no address to go by. */
static void count_request(struct coap_turn *turn)
{
	struct coap_known_peer *peer =
		turn->request->identity ? NULL : coap_peers_find(turn->nodes->peers, &turn->request->peer);

	if (peer)
		peer->bytes_in += (uint32_t)turn->request->datagram_size;
}

/* The node that asks, as far as it is known: proven, or by the address it last spoke from. */
static const char *asking_node(struct coap_nodes *nodes, const struct coap_request *request)
{
	const struct coap_known_peer *peer = request->identity ? NULL : coap_peers_find(nodes->peers, &request->peer);

	return request->identity ? request->identity : peer ? peer->node : NULL;
}

/* The offer of this image to the node that asks, as far as it is known. */
static struct offer *asked_offer(struct coap_turn *turn, const struct image_source *image)
{
	const char *node = asking_node(turn->nodes, turn->request);
	struct offer *offer = node ? offers_find(&turn->nodes->offers, node) : NULL;

	return offer && memcmp(offer->image->sha256, image->sha256, sizeof(image->sha256)) == 0 ? offer : NULL;
}

static void note_progress(struct coap_turn *turn, struct offer *offer, const struct coap_slice *slice)
{
	const struct driver_host *host = turn->nodes->config.host;
	char node[NODE_ID_MAX + 1];

	if (!offer || !offer_advance(offer, slice->offset, slice->offset + slice->size))
		return;
	strcpy(node, offer->node); /* the offer may be withdrawn from within */
	host->progress(host->context, &(struct delivery_progress){
					      .node = node,
					      .state = DELIVERY_DOWNLOADING,
					      .offset = slice->offset,
				      });
}

/* False if it need not wait. */
static bool put_off(struct coap_turn *turn, int64_t wait_ms)
{
	if (wait_ms == 0)
		return false;
	(void)coap_turn_refuse(turn, COAP_UNAVAILABLE, &turn->nodes->counters.blocks_put_off);
	turn->response->has_max_age = true;
	turn->response->max_age_s = offer_seconds_until(wait_ms, 0);
	return true;
}

/* True if it is not the node's time to fetch, and it was told when that is. */
static bool is_put_off(struct coap_turn *turn, const struct offer *offer)
{
	int64_t wait_ms =
		offer ? offer_wait_ms(offer, turn->nodes->config.monotonic_ms(turn->nodes->config.context)) : 0;

	return put_off(turn, wait_ms);
}

/* True if the link bears no more firmware now, and the node was told when to come back. */
static bool is_over_budget(struct coap_turn *turn, const struct offer *offer, uint32_t bytes)
{
	const struct driver_host *host = turn->nodes->config.host;
	int64_t wait_ms = host->fetch ? host->fetch(host->context, offer ? offer->node : NULL, bytes) : 0;

	return put_off(turn, wait_ms);
}

static int send_slice(struct coap_turn *turn, struct image_source *image, struct offer *offer)
{
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	struct coap_response *response = turn->response;
	struct coap_slice slice;

	if (!coap_turn_slice(turn, image->size_bytes, &slice))
		return coap_turn_refuse(turn, COAP_BAD_REQUEST, &counters->blocks_out_of_range);
	int size = image_source_read(image, slice.offset, response->payload, slice.size);
	if (size == -EAGAIN)
		return -EAGAIN;
	if (size < 0 || (uint32_t)size != slice.size) {
		coap_response_init(response, COAP_SERVER_ERROR);
		return 0;
	}
	if (!offer && coap_turn_is_too_much(turn, slice.size))
		return 0;
	if (is_over_budget(turn, offer, slice.size + (uint32_t)turn->request->datagram_size))
		return 0;
	response->content_format = COAP_FORMAT_OCTETS;
	response->payload_size = slice.size;
	counters->blocks++;
	counters->block_bytes += slice.size;
	count_request(turn);
	note_progress(turn, offer, &slice);
	return 0;
}

int coap_turn_firmware(struct coap_turn *turn)
{
	const struct driver_host *host = turn->nodes->config.host;
	struct coap_nodes_counters *counters = &turn->nodes->counters;
	const struct span *segment = &turn->request->segments[1];
	char name[IMAGE_NAME_SIZE] = "";

	if (turn->request->accept != COAP_FORMAT_NONE && turn->request->accept != COAP_FORMAT_OCTETS)
		return coap_turn_refuse(turn, COAP_NOT_ACCEPTABLE, &counters->formats_refused);
	if (segment->size == sizeof(name) - 1)
		memcpy(name, segment->data, segment->size);
	struct image_source *image =
		name[0] ? host->image(host->context, name, asking_node(turn->nodes, turn->request)) : NULL;
	if (!image)
		return coap_turn_refuse(turn, COAP_NOT_FOUND, &counters->images_not_found);
	struct coap_etag etag = etag_of(image);
	if (has_etag(turn->request, &etag)) {
		counters->valid++;
		coap_response_init(turn->response, COAP_VALID);
		turn->response->etag = etag;
		return 0;
	}
	struct offer *offer = asked_offer(turn, image);
	if (is_put_off(turn, offer))
		return 0;
	coap_response_init(turn->response, COAP_CONTENT);
	turn->response->etag = etag;
	return send_slice(turn, image, offer);
}
