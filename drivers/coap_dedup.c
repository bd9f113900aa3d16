#include "drivers/coap_dedup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NOWHERE UINT32_MAX

struct coap_dedup {
	struct coap_exchange *ring;
	uint32_t *heads; /* of hash chains, as indices into the ring */
	size_t limit;
	size_t head_mask;
	uint64_t first, end; /* positions since the beginning of time; modulo `limit` they are indices */
	struct siphash_key key;
};

int coap_dedup_open(struct coap_dedup **out, size_t limit)
{
	if (limit == 0 || limit > COAP_DEDUP_MAX)
		return -EINVAL;
	struct coap_dedup *dedup = calloc(1, sizeof(*dedup));
	if (!dedup)
		return -ENOMEM;
	size_t heads = 1;
	while (heads < limit)
		heads *= 2;
	dedup->limit = limit;
	dedup->head_mask = heads - 1;
	dedup->ring = calloc(limit, sizeof(*dedup->ring));
	dedup->heads = malloc(heads * sizeof(*dedup->heads));
	if (!dedup->ring || !dedup->heads || getrandom(&dedup->key, sizeof(dedup->key), 0) < 0) {
		coap_dedup_close(dedup);
		return -ENOMEM;
	}
	memset(dedup->heads, 0xff, heads * sizeof(*dedup->heads));
	*out = dedup;
	return 0;
}

static uint32_t *chain_of(struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id)
{
	uint64_t hash = siphash(&dedup->key, peer, sizeof(*peer)) + id;

	return &dedup->heads[hash & dedup->head_mask];
}

struct coap_exchange *coap_dedup_at(struct coap_dedup *dedup, uint64_t position)
{
	return &dedup->ring[position % dedup->limit];
}

uint64_t coap_dedup_first(const struct coap_dedup *dedup)
{
	return dedup->first;
}

uint64_t coap_dedup_end(const struct coap_dedup *dedup)
{
	return dedup->end;
}

struct coap_exchange *coap_dedup_find(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint)
{
	for (uint32_t i = *chain_of(dedup, peer, id); i != NOWHERE; i = dedup->ring[i].next) {
		struct coap_exchange *exchange = &dedup->ring[i];
		if (exchange->state != COAP_EXCHANGE_REFUSED && exchange->id == id &&
			exchange->fingerprint == fingerprint && memcmp(&exchange->peer, peer, sizeof(*peer)) == 0)
			return exchange;
	}
	return NULL;
}

static bool can_be_forgotten(const struct coap_exchange *exchange)
{
	return exchange->state != COAP_EXCHANGE_WAITING && !exchange->outstanding;
}

static void forget_first(struct coap_dedup *dedup)
{
	struct coap_exchange *exchange = coap_dedup_at(dedup, dedup->first);
	uint32_t index = (uint32_t)(exchange - dedup->ring);
	uint32_t *link = chain_of(dedup, &exchange->peer, exchange->id);

	while (*link != index)
		link = &dedup->ring[*link].next;
	*link = exchange->next;
	if (exchange->response != exchange->short_response)
		free(exchange->response);
	exchange->response = NULL;
	dedup->first++;
}

struct coap_exchange *coap_dedup_add(
	struct coap_dedup *dedup, const struct coap_peer *peer, uint16_t id, uint64_t fingerprint, int64_t now_ms)
{
	if (dedup->end - dedup->first == dedup->limit) {
		if (!can_be_forgotten(coap_dedup_at(dedup, dedup->first)))
			return NULL;
		forget_first(dedup);
	}
	struct coap_exchange *exchange = coap_dedup_at(dedup, dedup->end++);
	uint32_t *head = chain_of(dedup, peer, id);
	*exchange = (struct coap_exchange){
		.peer = *peer,
		.fingerprint = fingerprint,
		.arrived_ms = now_ms,
		.next = *head,
		.id = id,
	};
	*head = (uint32_t)(exchange - dedup->ring);
	return exchange;
}

void coap_dedup_keep_response(struct coap_exchange *exchange, const void *data, size_t size)
{
	exchange->response = size <= sizeof(exchange->short_response) ? exchange->short_response : malloc(size);
	exchange->response_size = size;
	if (exchange->response)
		memcpy(exchange->response, data, size);
}

void coap_dedup_expire(struct coap_dedup *dedup, int64_t now_ms)
{
	while (dedup->first != dedup->end) {
		const struct coap_exchange *oldest = coap_dedup_at(dedup, dedup->first);
		if (now_ms - oldest->arrived_ms < COAP_EXCHANGE_LIFETIME_MS || !can_be_forgotten(oldest))
			return;
		forget_first(dedup);
	}
}

void coap_dedup_close(struct coap_dedup *dedup)
{
	if (!dedup)
		return;
	while (dedup->ring && dedup->heads && dedup->first != dedup->end)
		forget_first(dedup);
	free(dedup->ring);
	free(dedup->heads);
	free(dedup);
}
