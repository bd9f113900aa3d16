#include "drivers/coap_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/name_slabs.h"

#define NOWHERE UINT32_MAX

static const char nobody[] = "";

struct coap_peers {
	struct coap_known_peer *places;
	uint32_t *heads;
	size_t limit, count, head_mask;
	size_t hand;     /* where eviction looks next */
	uint32_t latest; /* the place that was found last */
	struct name_slabs names;
};

int coap_peers_open(struct coap_peers **out, size_t limit)
{
	if (limit == 0 || limit > COAP_PEERS_MAX)
		return -EINVAL;
	struct coap_peers *peers = calloc(1, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	name_slabs_init(&peers->names, 0);
	size_t heads = 1;
	while (heads < limit)
		heads *= 2;
	peers->limit = limit;
	peers->head_mask = heads - 1;
	peers->places = calloc(limit, sizeof(*peers->places));
	peers->heads = malloc(heads * sizeof(*peers->heads));
	if (!peers->places || !peers->heads) {
		coap_peers_close(peers);
		return -ENOMEM;
	}
	memset(peers->heads, 0xff, heads * sizeof(*peers->heads));
	*out = peers;
	return 0;
}

void coap_peers_close(struct coap_peers *peers)
{
	if (!peers)
		return;
	name_slabs_finish(&peers->names);
	free(peers->places);
	free(peers->heads);
	free(peers);
}

size_t coap_peers_count(const struct coap_peers *peers)
{
	return peers->count;
}

/* The peer's own copy of the name in place of the one that it had. */
static void set_name(struct coap_peers *peers, struct coap_known_peer *known, const char *name)
{
	char *copy;

	if (known->node && strcmp(known->node, name) == 0)
		return;
	if (known->node && known->node != nobody)
		name_slabs_give_back(&peers->names, known->node, (char *)known->node);
	copy = name_slabs_take(&peers->names, name);
	known->node = copy ? strcpy(copy, name) : nobody;
}

static uint32_t *chain_of(const struct coap_peers *peers, const struct coap_peer *peer)
{
	return &peers->heads[peer->hash & peers->head_mask];
}

void coap_peers_expect(const struct coap_peers *peers, const struct coap_peer *peer)
{
	__builtin_prefetch(chain_of(peers, peer));
}

static bool is_at(const struct coap_peers *peers, uint32_t index, const struct coap_peer *peer)
{
	const struct coap_known_peer *known = &peers->places[index];

	return known->node && known->node != nobody && memcmp(&known->peer, peer, sizeof(*peer)) == 0;
}

/* Peers come one after the other much as before. NOWHERE: it is not known. */
static uint32_t find_place(const struct coap_peers *peers, const struct coap_peer *peer)
{
	uint32_t index = peers->places[peers->latest].after;

	if (is_at(peers, index, peer))
		return index;
	for (index = *chain_of(peers, peer); index != NOWHERE; index = peers->places[index].next)
		if (is_at(peers, index, peer))
			break;
	return index;
}

/* Those that are likely to come next: the name of one, whose place is there by now, and the place of another. */
static void expect_after(const struct coap_peers *peers, const struct coap_known_peer *known)
{
	const struct coap_known_peer *next = &peers->places[known->after];
	const char *second = (const char *)&peers->places[next->after];

	__builtin_prefetch(next->node);
	__builtin_prefetch(second, 1);
	__builtin_prefetch(second + sizeof(*next) - 1, 1);
}

struct coap_known_peer *coap_peers_find(struct coap_peers *peers, const struct coap_peer *peer)
{
	uint32_t index = find_place(peers, peer);

	if (index == NOWHERE)
		return NULL;
	if (index != peers->latest)
		peers->places[peers->latest].after = index;
	peers->latest = index;
	expect_after(peers, &peers->places[index]);
	peers->places[index].spoke = true;
	return &peers->places[index];
}

static void unlink_place(struct coap_peers *peers, uint32_t index)
{
	uint32_t *link = chain_of(peers, &peers->places[index].peer);

	while (*link != index)
		link = &peers->places[*link].next;
	*link = peers->places[index].next;
}

/* A free place, or that of the first peer which has been quiet since the hand passed it. */
static uint32_t make_room(struct coap_peers *peers)
{
	if (peers->count < peers->limit)
		return (uint32_t)peers->count++;
	while (peers->places[peers->hand].spoke) {
		peers->places[peers->hand].spoke = false;
		peers->hand = (peers->hand + 1) % peers->limit;
	}
	uint32_t index = (uint32_t)peers->hand;
	peers->hand = (peers->hand + 1) % peers->limit;
	unlink_place(peers, index);
	return index;
}

void coap_peers_learn(struct coap_peers *peers, const struct coap_peer *peer, const char *node)
{
	struct coap_known_peer *known = coap_peers_find(peers, peer);

	if (!known) {
		uint32_t index = make_room(peers);
		uint32_t *head = chain_of(peers, peer);
		known = &peers->places[index];
		*known = (struct coap_known_peer){ .peer = *peer, .next = *head, .node = known->node };
		*head = index;
	}
	known->bytes_in = known->bytes_out = 0;
	set_name(peers, known, node);
}
