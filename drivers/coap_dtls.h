/*
 * coap_dtls: CoAP over DTLS (PSK and certificates), for peers that speak nothing else; libcoap does the handshakes.
 *
 * libcoap is used as a pipe of messages: what it receives goes through coap_server.h like a datagram, and what comes
 * out is sent as a message of its own, so that all rules, resources and block transfers are those of plain UDP. The
 * identity of the key, or the name in the certificate, is the node's proven identity. Sessions are bounded; about 45 kB
 * each.
 */
#ifndef WAKEGATE_DRIVERS_COAP_DTLS_H
#define WAKEGATE_DRIVERS_COAP_DTLS_H

#include "drivers/coap_resource.h"

struct coap_dtls;
struct coap_keys;
struct coap_server_counters;
struct uv_loop_s;

struct coap_dtls_config {
	const char *address; /* numeric */
	uint16_t port;       /* 0: any free one */
	size_t exchanges;
	unsigned sessions_max;
	unsigned session_timeout_s;   /* a session that is quiet for so long ends */
	const struct coap_keys *keys; /* outlive the endpoint and may change; NULL: no pre-shared keys */
	const char *certificate_file, *key_file, *ca_file; /* PEM; all NULL: no certificates */
};

struct coap_dtls_counters {
	uint64_t handshakes;        /* sessions that were established */
	uint64_t handshakes_failed; /* sessions that ended before: unknown identity, wrong key, no trust … */
	uint64_t sessions_now;      /* open now, handshakes among them */
	uint64_t send_dropped;      /* the session was gone, or libcoap did not take the message */
	uint64_t spins;             /* libcoap woke without anything to do, and was paused */
};

/* Listens and serves from the loop. `resources` outlive the endpoint. `why` gets a sentence on failure. */
int coap_dtls_open(struct coap_dtls **out, struct uv_loop_s *loop, const struct coap_dtls_config *config,
	const struct coap_resources *resources, char *why, size_t why_size);

/* As bound. */
uint16_t coap_dtls_port(const struct coap_dtls *dtls);

/* Image bytes may be there now. */
void coap_dtls_retry(struct coap_dtls *dtls);

const struct coap_server_counters *coap_dtls_server_counters(const struct coap_dtls *dtls);
const struct coap_dtls_counters *coap_dtls_counters(const struct coap_dtls *dtls);

/* Ends all sessions; the memory is freed by the loop's next turn. Every ticket was answered before. NULL is fine. */
void coap_dtls_close(struct coap_dtls *dtls);

#endif
