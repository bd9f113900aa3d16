/*
 * coap_socket: a UDP socket for CoAP and the translation of its addresses.
 *
 * Bound to "::" it serves IPv6 and IPv4; a wildcard socket tells for each datagram which of our addresses it was sent
 * to, so that the answer leaves from there.
 */
#ifndef WAKEGATE_DRIVERS_COAP_SOCKET_H
#define WAKEGATE_DRIVERS_COAP_SOCKET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "drivers/coap_resource.h"

#define COAP_CONTROL_SIZE 64 /* bytes of control data that one datagram needs */

struct coap_socket {
	int fd;
	int family;       /* AF_INET or AF_INET6 */
	bool wildcard;    /* bound to no certain address */
	uint16_t port;    /* as bound, where 0 was asked for */
	int buffer_bytes; /* of the kernel's receive queue, as granted */
};

/*
 * Opens a non-blocking socket at a numeric address and asks for a receive queue of `buffer_bytes`. "::" falls back to
 * "0.0.0.0" where the machine has no IPv6. -EINVAL: no numeric address; else what socket() or bind() said.
 */
int coap_socket_open(struct coap_socket *out, const char *address, uint16_t port, int buffer_bytes);

/* The peer of a received message, and whether it was sent to a group. */
void coap_socket_peer(
	const struct coap_socket *socket, const struct msghdr *message, struct coap_peer *peer, bool *multicast);

/* Addresses a message to a peer, from where it was reached. `name` and `control` have room and outlive the message. */
void coap_socket_address(const struct coap_socket *socket, const struct coap_peer *peer, struct msghdr *message);

/* As sendmmsg() without waiting; what is too long for its way goes in fragments. */
int coap_socket_send(const struct coap_socket *socket, struct mmsghdr *messages, unsigned count);

/* "[fe80::1%3]:5683" or "192.0.2.1:5683". */
void coap_peer_text(const struct coap_peer *peer, char *text, size_t size);

#endif
