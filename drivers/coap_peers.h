/*
 * coap_peers: which node speaks from which address, and how many bytes went to and fro since its last contact.
 *
 * A node names itself when it checks in; its block requests need not, and are credited to it by their address. The
 * table is bounded: a peer that has been quiet for a while makes room for a new one (second chance).
 */
#ifndef WAKEGATE_DRIVERS_COAP_PEERS_H
#define WAKEGATE_DRIVERS_COAP_PEERS_H

#include "drivers/coap_resource.h"
#include "drivers/driver.h"

#define COAP_PEERS_MAX (1 << 20)

struct coap_known_peer {
	struct coap_peer peer;
	uint32_t next;  /* in its hash chain */
	uint32_t after; /* the place of who was looked for next, the last time: a guess */
	uint32_t bytes_in, bytes_out;
	bool spoke;       /* since the eviction's hand passed */
	const char *node; /* the table's own; "": nobody, for want of memory */
};

struct coap_peers;

/* Room for `limit` peers, 1 to COAP_PEERS_MAX. -EINVAL, -ENOMEM. */
int coap_peers_open(struct coap_peers **out, size_t limit);

/* The peer is about to speak: what will be looked at for it is fetched into the cache. */
void coap_peers_expect(const struct coap_peers *peers, const struct coap_peer *peer);

/* The peer, valid until the next coap_peers_learn(), or NULL. */
struct coap_known_peer *coap_peers_find(struct coap_peers *peers, const struct coap_peer *peer);

/* The peer speaks for this node (up to NODE_ID_MAX bytes) from now on, and its bytes count from 0. Without
 * memory for that it is not known any more. */
void coap_peers_learn(struct coap_peers *peers, const struct coap_peer *peer, const char *node);

size_t coap_peers_count(const struct coap_peers *peers);

void coap_peers_close(struct coap_peers *peers);

#endif
