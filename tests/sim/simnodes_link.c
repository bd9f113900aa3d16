#include "tests/sim/simnodes_link.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int resolve(const char *server, struct addrinfo **out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(server, ':');
	char host[64];

	if (!colon || (size_t)(colon - server) >= sizeof(host))
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - server), server);
	return getaddrinfo(host, colon + 1, &hints, out) ? -EINVAL : 0;
}

static int open_socket(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

int link_open(struct simnodes_link *link, size_t count, const char *server)
{
	struct addrinfo *address;
	int result = resolve(server, &address);

	if (result < 0)
		return result;
	link->sockets = calloc(count, sizeof(*link->sockets));
	while (link->sockets && link->count < count && (result = open_socket(address)) >= 0)
		link->sockets[link->count++] = (struct pollfd){ .fd = result, .events = POLLIN };
	freeaddrinfo(address);
	if (link->count == count)
		return 0;
	link_close(link);
	return result < 0 ? result : -ENOMEM;
}

static bool is_lost(struct simnodes_link *link)
{
	bool lost = (int64_t)random_below(&link->random, 100) < link->loss_percent;

	link->lost += lost;
	return lost;
}

void link_send(struct simnodes_link *link, size_t index, const void *data, size_t size)
{
	link->sent++;
	link->bytes_sent += size;
	if (is_lost(link))
		return;
	/* A gateway that is down refuses: to the node that is one more lost datagram. */
	(void)!send(link->sockets[index].fd, data, size, 0);
}

void link_poll(struct simnodes_link *link, int timeout_ms,
	void (*arrived)(void *context, size_t index, const void *data, size_t size), void *context)
{
	uint8_t datagram[2048];

	if (poll(link->sockets, link->count, timeout_ms) <= 0)
		return;
	for (size_t i = 0; i < link->count; i++) {
		if (!link->sockets[i].revents)
			continue;
		ssize_t size = recv(link->sockets[i].fd, datagram, sizeof(datagram), 0);
		if (size < 0 || is_lost(link))
			continue;
		link->received++;
		link->bytes_received += (uint64_t)size;
		arrived(context, i, datagram, (size_t)size);
	}
}

void link_close(struct simnodes_link *link)
{
	while (link->count > 0)
		close(link->sockets[--link->count].fd);
	free(link->sockets);
	link->sockets = NULL;
}
