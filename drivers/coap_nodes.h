/*
 * coap_nodes: the resources of the node profile: check-in, telemetry, status, replies and firmware (docs/coap.md).
 *
 *     GET /.well-known/core    POST /c?ep=ID    POST /t?ep=ID    POST /s?ep=ID    POST /r?ep=ID    GET /fw/NAME
 *
 * Written once for every transport. It keeps the standing offers and reports everything else to the driver's host.
 */
#ifndef WAKEGATE_DRIVERS_COAP_NODES_H
#define WAKEGATE_DRIVERS_COAP_NODES_H

#include "drivers/coap_resource.h"
#include "drivers/driver.h"

struct coap_nodes;

struct coap_nodes_config {
	const struct driver_host *host;
	size_t nodes_max;      /* peers remembered and offers standing */
	uint8_t szx;           /* block size where the client names none */
	int64_t stranger_rate; /* see coap_strangers.h */
	void *context;         /* of the functions below */
	/* Whether a node may speak with (proven) or without an identity that its transport proved. */
	bool (*may_speak)(void *context, const char *node, bool proven);
	int64_t (*monotonic_ms)(void *context);
	int64_t (*wall_us)(void *context);
};

struct coap_nodes_counters {
	uint64_t checkins, reports, statuses, replies;
	uint64_t readings; /* made durable */
	uint64_t blocks;   /* of firmware sent */
	uint64_t block_bytes;
	uint64_t valid;               /* 2.03: the client has it already */
	uint64_t images_not_found;    /* 4.04 */
	uint64_t paths_not_found;     /* 4.04 */
	uint64_t methods_refused;     /* 4.05 */
	uint64_t formats_refused;     /* 4.06 and 4.15 */
	uint64_t payloads_malformed;  /* 4.00 */
	uint64_t blocks_out_of_range; /* 4.00 */
	uint64_t blocks_put_off;      /* 5.03: not the node's time */
	uint64_t strangers_put_off;   /* 5.03: the address has had much that no offer accounts for */
	uint64_t identities_missing;  /* 4.00: neither proven nor a fit `ep` */
	uint64_t identities_unproven; /* 4.01: this one must be proven */
	uint64_t nodes_refused;       /* 4.03: the host does not accept it */
	uint64_t overloads;           /* 5.03 */
	uint64_t offers_now;          /* standing now */
};

/* The config is copied, the host outlives the nodes. -EINVAL, -ENOMEM. */
int coap_nodes_open(struct coap_nodes **out, const struct coap_nodes_config *config);

/* What an endpoint serves; lives as long as the nodes. */
const struct coap_resources *coap_nodes_resources(const struct coap_nodes *nodes);

/* As driver_ops. */
int coap_nodes_offer(struct coap_nodes *nodes, const struct driver_offer *offer);
void coap_nodes_withdraw(struct coap_nodes *nodes, const char *node);
int coap_nodes_command(struct coap_nodes *nodes, const struct driver_command *command);

const struct coap_nodes_counters *coap_nodes_counters(const struct coap_nodes *nodes);

/* Withdraws all offers. Every report's `done` has been called before. NULL is fine. */
void coap_nodes_close(struct coap_nodes *nodes);

#endif
