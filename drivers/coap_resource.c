#include "drivers/coap_resource.h"

#include <stddef.h>
#include <string.h>

#define TEXT_OPTION_MAX 255 /* Uri-Path and Uri-Query (RFC 7252 section 5.10) */

void coap_peer_seal(struct coap_peer *peer, const struct siphash_key *key)
{
	peer->hash = siphash_for_table(key, peer, offsetof(struct coap_peer, hash));
}

void coap_request_init(struct coap_request *request)
{
	/* All but the lists, of which nobody reads more than their counts say: they are four fifths of it. */
	request->peer = (struct coap_peer){ 0 };
	request->identity = NULL;
	request->method = 0;
	request->confirmable = request->has_block1 = request->has_block2 = false;
	request->no_response = 0;
	request->segment_count = request->query_count = request->etag_count = 0;
	request->content_format = request->accept = COAP_FORMAT_NONE;
	request->block1 = request->block2 = (struct coap_block){ 0 };
	request->payload = request->datagram = NULL;
	request->payload_size = request->datagram_size = 0;
}

static uint8_t take_segment(struct coap_request *request, const struct coap_option *option)
{
	if (option->size > TEXT_OPTION_MAX)
		return COAP_BAD_OPTION;
	if (request->segment_count < COAP_SEGMENTS_MAX)
		request->segments[request->segment_count] = (struct span){ (const char *)option->value, option->size };
	request->segment_count++;
	return 0;
}

static uint8_t take_query(struct coap_request *request, const struct coap_option *option)
{
	if (option->size > TEXT_OPTION_MAX || request->query_count == COAP_QUERIES_MAX)
		return COAP_BAD_OPTION;
	request->queries[request->query_count++] = (struct span){ (const char *)option->value, option->size };
	return 0;
}

/* Those of a wrong length are ignored, as the option is elective (RFC 7252 section 5.4.3). */
static uint8_t take_etag(struct coap_request *request, const struct coap_option *option)
{
	if (option->size == 0 || option->size > sizeof(request->etags[0].bytes) ||
		request->etag_count == COAP_ETAGS_MAX)
		return 0;
	struct coap_etag *etag = &request->etags[request->etag_count++];
	*etag = (struct coap_etag){ .size = (uint8_t)option->size };
	memcpy(etag->bytes, option->value, option->size);
	return 0;
}

static uint8_t take_block(bool *has, struct coap_block *block, const struct coap_option *option)
{
	if (*has || option->size > 3)
		return COAP_BAD_OPTION;
	if (coap_block_parse(block, option) < 0)
		return COAP_BAD_REQUEST;
	*has = true;
	return 0;
}

/* A number of up to two bytes into `format`; a second one counts as unknown (RFC 7252 section 5.4.5). */
static bool take_format(int *format, const struct coap_option *option)
{
	uint32_t value;

	if (*format != COAP_FORMAT_NONE || option->size > 2 || coap_option_uint(option, &value) < 0)
		return false;
	*format = (int)value;
	return true;
}

uint8_t coap_request_take(struct coap_request *request, const struct coap_option *option)
{
	switch (option->number) {
	case COAP_URI_PATH:
		return take_segment(request, option);
	case COAP_URI_QUERY:
		return take_query(request, option);
	case COAP_ETAG:
		return take_etag(request, option);
	case COAP_CONTENT_FORMAT:
		(void)take_format(&request->content_format, option);
		return 0;
	case COAP_ACCEPT:
		return take_format(&request->accept, option) ? 0 : COAP_BAD_OPTION;
	case COAP_BLOCK1:
		return take_block(&request->has_block1, &request->block1, option);
	case COAP_BLOCK2:
		return take_block(&request->has_block2, &request->block2, option);
	case COAP_NO_RESPONSE:
		request->no_response = option->size == 1 ? option->value[0] : 0;
		return 0;
	case COAP_URI_HOST:
	case COAP_URI_PORT:
		return 0; /* one host is served, by whatever name and port it was reached */
	case COAP_PROXY_URI:
	case COAP_PROXY_SCHEME:
		return COAP_PROXYING_NOT_SUPPORTED;
	default:
		return option->number & 1 ? COAP_BAD_OPTION : 0;
	}
}

bool coap_request_segment_is(const struct coap_request *request, size_t index, const char *text)
{
	if (index >= request->segment_count || index >= COAP_SEGMENTS_MAX)
		return false;
	const struct span *segment = &request->segments[index];
	return segment->size == strlen(text) && memcmp(segment->data, text, segment->size) == 0;
}

struct span coap_request_query(const struct coap_request *request, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < request->query_count; i++) {
		const struct span *query = &request->queries[i];
		if (query->size > size && query->data[size] == '=' && memcmp(query->data, name, size) == 0)
			return (struct span){ query->data + size + 1, query->size - size - 1 };
	}
	return (struct span){ NULL, 0 };
}

void coap_response_init(struct coap_response *response, uint8_t code)
{
	*response = (struct coap_response){
		.code = code,
		.content_format = COAP_FORMAT_NONE,
		.payload = response->payload,
	};
}

int coap_response_write(struct coap_writer *writer, const struct coap_response *response)
{
	if (response->etag.size > 0)
		coap_write_option(writer, COAP_ETAG, response->etag.bytes, response->etag.size);
	if (response->content_format != COAP_FORMAT_NONE)
		coap_write_uint(writer, COAP_CONTENT_FORMAT, (uint32_t)response->content_format);
	if (response->has_max_age)
		coap_write_uint(writer, COAP_MAX_AGE, response->max_age_s);
	if (response->has_block2)
		coap_write_block(writer, COAP_BLOCK2, &response->block2);
	if (response->has_block1)
		coap_write_block(writer, COAP_BLOCK1, &response->block1);
	if (response->has_size2)
		coap_write_uint(writer, COAP_SIZE2, response->size2);
	if (response->has_size1)
		coap_write_uint(writer, COAP_SIZE1, response->size1);
	return coap_write_payload(writer, response->payload, response->payload_size);
}
