#include "drivers/coap_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_name(const char *address, uint16_t port, union name *name, socklen_t *size)
{
	memset(name, 0, sizeof(*name));
	if (inet_pton(AF_INET, address, &name->v4.sin_addr) == 1) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons(port);
		*size = sizeof(name->v4);
		return true;
	}
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_port = htons(port);
	*size = sizeof(name->v6);
	return inet_pton(AF_INET6, address, &name->v6.sin6_addr) == 1;
}

static void set_option(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

/* The forced size needs a capability; what the plain one grants is capped by net.core.rmem_max. */
static int grow_buffer(int fd, int wanted)
{
	int granted = 0;
	socklen_t size = sizeof(granted);

	set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted);
	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
	return granted;
}

static bool is_wildcard(const union name *name)
{
	if (name->any.sa_family == AF_INET)
		return name->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&name->v6.sin6_addr);
}

/*
 * Where IPv4 datagrams may become fragments each needs an id, which the kernel takes from a counter that all processors
 * share. So they may not, as almost none has to.
 */
static void allow_fragments(int fd, bool allow)
{
	set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, allow ? IP_PMTUDISC_WANT : IP_PMTUDISC_DO);
}

int coap_socket_send(const struct coap_socket *socket, struct mmsghdr *messages, unsigned count)
{
	int sent = sendmmsg(socket->fd, messages, count, MSG_DONTWAIT);

	if (sent >= 0 || errno != EMSGSIZE)
		return sent;
	allow_fragments(socket->fd, true);
	sent = sendmmsg(socket->fd, messages, 1, MSG_DONTWAIT);
	int error = errno;
	allow_fragments(socket->fd, false);
	errno = error;
	return sent;
}

static int open_at(struct coap_socket *out, const union name *name, socklen_t size, int buffer_bytes)
{
	int fd = socket(name->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	out->fd = fd;
	out->family = name->any.sa_family;
	out->wildcard = is_wildcard(name);
	if (out->family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (out->wildcard && out->family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (out->wildcard && out->family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	allow_fragments(fd, false);
	out->buffer_bytes = grow_buffer(fd, buffer_bytes);
	if (bind(fd, &name->any, size) < 0) {
		int result = -errno;
		(void)close(fd);
		return result;
	}
	return 0;
}

static uint16_t bound_port(int fd)
{
	union name name = { 0 };
	socklen_t size = sizeof(name);

	(void)getsockname(fd, &name.any, &size);
	return ntohs(name.any.sa_family == AF_INET ? name.v4.sin_port : name.v6.sin6_port);
}

int coap_socket_open(struct coap_socket *out, const char *address, uint16_t port, int buffer_bytes)
{
	union name name;
	socklen_t size;

	if (!parse_name(address, port, &name, &size))
		return -EINVAL;
	int result = open_at(out, &name, size, buffer_bytes);
	if (result == -EAFNOSUPPORT && is_wildcard(&name) && parse_name("0.0.0.0", port, &name, &size))
		result = open_at(out, &name, size, buffer_bytes);
	if (result == 0)
		out->port = bound_port(out->fd);
	return result;
}

static void map_v4(uint8_t address[16], const struct in_addr *v4)
{
	memcpy(address, mapped_prefix, sizeof(mapped_prefix));
	memcpy(address + sizeof(mapped_prefix), v4, sizeof(*v4));
}

static bool is_mapped(const uint8_t address[16])
{
	return memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static bool is_group(const uint8_t address[16])
{
	bool broadcast = is_mapped(address) && memcmp(address + 12, "\xff\xff\xff\xff", 4) == 0;

	return broadcast || address[0] == 0xff || (is_mapped(address) && (address[12] & 0xf0) == 0xe0);
}

/* The address that the datagram was sent to. */
static void take_local(const struct msghdr *message, uint8_t local[16])
{
	struct msghdr *walk = (struct msghdr *)message; /* CMSG_NXTHDR takes no const */

	for (struct cmsghdr *c = CMSG_FIRSTHDR(walk); c; c = CMSG_NXTHDR(walk, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(local, CMSG_DATA(c) + offsetof(struct in6_pktinfo, ipi6_addr), 16);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_addr to;
			memcpy(&to, CMSG_DATA(c) + offsetof(struct in_pktinfo, ipi_addr), sizeof(to));
			map_v4(local, &to);
		}
	}
}

void coap_socket_peer(
	const struct coap_socket *socket, const struct msghdr *message, struct coap_peer *peer, bool *multicast)
{
	const union name *name = message->msg_name;

	memset(peer, 0, sizeof(*peer));
	if (socket->family == AF_INET) {
		map_v4(peer->address, &name->v4.sin_addr);
		peer->port = ntohs(name->v4.sin_port);
	} else {
		memcpy(peer->address, &name->v6.sin6_addr, sizeof(peer->address));
		peer->port = ntohs(name->v6.sin6_port);
		peer->channel = name->v6.sin6_scope_id;
	}
	if (socket->wildcard)
		take_local(message, peer->local);
	*multicast = is_group(peer->local);
}

static void put_control(struct msghdr *message, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *c = message->msg_control;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), data, size);
	message->msg_controllen = CMSG_SPACE(size);
}

static void address_v4(const struct coap_socket *socket, const struct coap_peer *peer, struct msghdr *message)
{
	struct sockaddr_in *name = message->msg_name;
	struct in_pktinfo info = { 0 };

	*name = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(peer->port) };
	memcpy(&name->sin_addr, peer->address + sizeof(mapped_prefix), sizeof(name->sin_addr));
	message->msg_namelen = sizeof(*name);
	if (!socket->wildcard)
		return;
	memcpy(&info.ipi_spec_dst, peer->local + sizeof(mapped_prefix), sizeof(info.ipi_spec_dst));
	put_control(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void address_v6(const struct coap_socket *socket, const struct coap_peer *peer, struct msghdr *message)
{
	struct sockaddr_in6 *name = message->msg_name;
	struct in6_pktinfo info = { .ipi6_ifindex = peer->channel };

	*name = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(peer->port),
		.sin6_scope_id = peer->channel,
	};
	memcpy(&name->sin6_addr, peer->address, sizeof(name->sin6_addr));
	message->msg_namelen = sizeof(*name);
	if (!socket->wildcard)
		return;
	memcpy(&info.ipi6_addr, peer->local, sizeof(info.ipi6_addr));
	put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

void coap_socket_address(const struct coap_socket *socket, const struct coap_peer *peer, struct msghdr *message)
{
	message->msg_controllen = 0;
	if (socket->family == AF_INET)
		address_v4(socket, peer, message);
	else
		address_v6(socket, peer, message);
}

void coap_peer_text(const struct coap_peer *peer, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (is_mapped(peer->address)) {
		(void)inet_ntop(AF_INET, peer->address + sizeof(mapped_prefix), address, sizeof(address));
		(void)snprintf(text, size, "%s:%u", address, peer->port);
		return;
	}
	(void)inet_ntop(AF_INET6, peer->address, address, sizeof(address));
	(void)snprintf(text, size, "[%s]:%u", address, peer->port);
}
