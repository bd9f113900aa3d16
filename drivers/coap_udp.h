/*
 * coap_udp: CoAP over plain UDP, for many peers: one socket, datagrams in batches, no session.
 *
 * Whatever the kernel does not take at once waits in one batch; while it waits nothing more is read, and an answer that
 * finds the batch full is dropped and counted: the peer asks again.
 */
#ifndef WAKEGATE_DRIVERS_COAP_UDP_H
#define WAKEGATE_DRIVERS_COAP_UDP_H

#include "drivers/coap_resource.h"

struct coap_server_counters;
struct coap_udp;
struct uv_loop_s;

#define COAP_UDP_BATCH 64

struct coap_udp_config {
	const char *address; /* numeric */
	uint16_t port;       /* 0: any free one */
	int buffer_bytes;    /* asked for as the socket's receive queue */
	size_t exchanges;    /* remembered requests, see coap_dedup.h */
};

struct coap_udp_counters {
	uint64_t receive_errors;
	uint64_t send_errors;  /* the kernel refused a datagram for good */
	uint64_t send_dropped; /* the batch was full */
};

/* Opens the socket and serves from the loop. `resources` outlive the endpoint. `why` gets a sentence on failure. */
int coap_udp_open(struct coap_udp **out, struct uv_loop_s *loop, const struct coap_udp_config *config,
	const struct coap_resources *resources, char *why, size_t why_size);

/* As bound. */
uint16_t coap_udp_port(const struct coap_udp *udp);

/* The kernel's receive queue in bytes, as granted. */
int coap_udp_buffer_bytes(const struct coap_udp *udp);

/* Image bytes may be there now. */
void coap_udp_retry(struct coap_udp *udp);

const struct coap_server_counters *coap_udp_server_counters(const struct coap_udp *udp);
const struct coap_udp_counters *coap_udp_counters(const struct coap_udp *udp);

/* Closes at once; the memory is freed by the loop's next turn. Every ticket was answered before. NULL is fine. */
void coap_udp_close(struct coap_udp *udp);

#endif
