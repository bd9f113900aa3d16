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

static void note_progress(struct coap_turn *turn, const struct image_source *image, const struct coap_slice *slice)
{
	struct coap_nodes *nodes = turn->nodes;
	const struct driver_host *host = nodes->config.host;
	const char *node = asking_node(nodes, turn->request);
	struct offer *offer = node ? offers_find(&nodes->offers, node) : NULL;

	if (!offer || memcmp(offer->image->sha256, image->sha256, sizeof(image->sha256)) != 0)
		return;
	if (!offer_advance(offer, slice->offset, slice->offset + slice->size))
		return;
	host->progress(host->context, &(struct delivery_progress){
					      .node = node,
					      .state = DELIVERY_DOWNLOADING,
					      .offset = slice->offset,
				      });
}

static int send_slice(struct coap_turn *turn, struct image_source *image)
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
	response->content_format = COAP_FORMAT_OCTETS;
	response->payload_size = slice.size;
	counters->blocks++;
	counters->block_bytes += slice.size;
	note_progress(turn, image, &slice);
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
	struct image_source *image = name[0] ? host->image(host->context, name) : NULL;
	if (!image)
		return coap_turn_refuse(turn, COAP_NOT_FOUND, &counters->images_not_found);
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
