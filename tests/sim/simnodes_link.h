/*
 * simnodes_link: datagrams between simulated nodes and their gateway over UDP, a share of them lost both ways.
 *
 * Each node has a socket, and so an address, of its own.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODES_LINK_H
#define WAKEGATE_TESTS_SIM_SIMNODES_LINK_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/random.h"

struct simnodes_link {
	struct pollfd *sockets;
	size_t count;
	int64_t loss_percent;
	struct random random;
	uint64_t sent, received, lost, bytes_sent, bytes_received;
};

/* Opens `count` sockets towards HOST:PORT. 0 or a negative errno. */
int link_open(struct simnodes_link *link, size_t count, const char *server);

void link_send(struct simnodes_link *link, size_t index, const void *data, size_t size);

/* Waits up to `timeout_ms` and hands over what arrived and was not lost. */
void link_poll(struct simnodes_link *link, int timeout_ms,
	void (*arrived)(void *context, size_t index, const void *data, size_t size), void *context);

void link_close(struct simnodes_link *link);

#endif
