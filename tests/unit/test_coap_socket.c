#include "drivers/coap_socket.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* One message with room for its address and control data. */
struct envelope {
	struct msghdr header;
	struct iovec vector;
	struct sockaddr_in6 name;
	_Alignas(struct cmsghdr) uint8_t control[COAP_CONTROL_SIZE];
	char data[16];
};

static void prepare(struct envelope *envelope, size_t size)
{
	envelope->vector = (struct iovec){ envelope->data, size };
	envelope->header = (struct msghdr){
		.msg_name = &envelope->name,
		.msg_namelen = sizeof(envelope->name),
		.msg_iov = &envelope->vector,
		.msg_iovlen = 1,
		.msg_control = envelope->control,
		.msg_controllen = sizeof(envelope->control),
	};
}

static int connect_to(int family, const char *address, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	inet_pton(AF_INET6, address, &v6.sin6_addr);
	inet_pton(AF_INET, address, &v4.sin_addr);
	const struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	if (connect(fd, name, family == AF_INET ? sizeof(v4) : sizeof(v6)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A client that is connected to `address` hears only what comes from there. */
static void speak(const char *listen, int family, const char *address)
{
	struct coap_socket ours;
	struct envelope in, out;
	struct coap_peer peer;
	bool multicast;
	char heard[16];

	ck_assert_int_eq(coap_socket_open(&ours, listen, 0, 65536), 0);
	int client = connect_to(family, address, ours.port);
	if (client < 0) {
		close(ours.fd); /* a machine without IPv6 */
		return;
	}
	ck_assert_int_eq(send(client, "ask", 3, 0), 3);
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = ours.fd, .events = POLLIN }, 1, 5000), 1);
	prepare(&in, sizeof(in.data));
	ck_assert_int_eq(recvmsg(ours.fd, &in.header, 0), 3);
	coap_socket_peer(&ours, &in.header, &peer, &multicast);
	ck_assert(!multicast);
	prepare(&out, 6);
	memcpy(out.data, "answer", 6);
	coap_socket_address(&ours, &peer, &out.header);
	ck_assert_int_eq(sendmsg(ours.fd, &out.header, 0), 6);
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = client, .events = POLLIN }, 1, 5000), 1);
	ck_assert_int_eq(recv(client, heard, sizeof(heard), 0), 6);
	close(client);
	close(ours.fd);
}

START_TEST(the_answer_comes_from_the_address_that_was_asked)
{
	speak("127.0.0.1", AF_INET, "127.0.0.1");
	speak("0.0.0.0", AF_INET, "127.0.0.9");
	speak("::", AF_INET, "127.0.0.9");
	speak("::", AF_INET6, "::1");
}
END_TEST

/* Sends that many bytes to a socket of the same kind; what comes of it, and -errno where nothing does. */
static int send_far(size_t size)
{
	static char data[UINT16_MAX], heard[UINT16_MAX];
	struct coap_socket from, to;
	struct sockaddr_in name = { .sin_family = AF_INET };
	struct iovec vector = { data, size };
	struct mmsghdr message = {
		.msg_hdr = { .msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &vector, .msg_iovlen = 1 }
	};
	int way = 0;
	socklen_t way_size = sizeof(way);

	ck_assert_int_eq(coap_socket_open(&from, "127.0.0.1", 0, 65536), 0);
	ck_assert_int_eq(coap_socket_open(&to, "127.0.0.1", 0, 4 * 65536), 0);
	name.sin_port = htons(to.port);
	inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
	int result = coap_socket_send(&from, &message, 1) < 0 ? -errno : 0;
	ck_assert_int_eq(getsockopt(from.fd, IPPROTO_IP, IP_MTU_DISCOVER, &way, &way_size), 0);
	ck_assert_int_eq(way, IP_PMTUDISC_DO);
	if (result == 0) {
		struct pollfd arrival = { .fd = to.fd, .events = POLLIN };
		ck_assert_int_eq(poll(&arrival, 1, 60000), 1);
		result = (int)recv(to.fd, heard, sizeof(heard), 0);
	}
	close(from.fd);
	close(to.fd);
	return result;
}

/* A network of our own, whose loopback takes 600 bytes; false where this machine lets nobody have one. */
static bool make_narrow_network(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	bool ours = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	request.ifr_mtu = 600;
	ours = ours && ioctl(fd, SIOCSIFMTU, &request) == 0;
	request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	ours = ours && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return ours;
}

START_TEST(what_is_too_long_for_its_way_goes_in_fragments)
{
	ck_assert_int_eq(send_far(1200), 1200);
	ck_assert_int_eq(send_far(UINT16_MAX), -EMSGSIZE);
	if (!make_narrow_network()) {
		fprintf(stderr, "no network namespace here: fragments are not tested\n");
		return;
	}
	ck_assert_int_eq(send_far(500), 500);
	ck_assert_int_eq(send_far(1200), 1200);
	ck_assert_int_eq(send_far(UINT16_MAX), -EMSGSIZE);
}
END_TEST

START_TEST(a_name_is_no_address)
{
	struct coap_socket ours;

	ck_assert_int_eq(coap_socket_open(&ours, "localhost", 0, 65536), -EINVAL);
	ck_assert_int_eq(coap_socket_open(&ours, "", 0, 65536), -EINVAL);
}
END_TEST

START_TEST(a_taken_port_is_refused)
{
	struct coap_socket first, second;

	ck_assert_int_eq(coap_socket_open(&first, "127.0.0.1", 0, 65536), 0);
	ck_assert_int_eq(coap_socket_open(&second, "127.0.0.1", first.port, 65536), -EADDRINUSE);
	close(first.fd);
}
END_TEST

START_TEST(a_datagram_to_a_group_is_told_apart)
{
	struct coap_socket wildcard = { .family = AF_INET, .wildcard = true };
	struct in_pktinfo info = { 0 };
	struct envelope in;
	struct coap_peer peer;
	bool multicast;

	memset(&in, 0, sizeof(in));
	prepare(&in, sizeof(in.data));
	in.name.sin6_family = AF_INET;
	inet_pton(AF_INET, "224.0.1.187", &info.ipi_addr);
	struct cmsghdr *c = CMSG_FIRSTHDR(&in.header);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(info)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO };
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	in.header.msg_controllen = CMSG_SPACE(sizeof(info));
	coap_socket_peer(&wildcard, &in.header, &peer, &multicast);
	ck_assert(multicast);
}
END_TEST

START_TEST(a_peer_is_shown_as_people_write_it)
{
	struct coap_peer peer = { .address = { [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 7 },
		.port = 5683 };
	char text[64];

	coap_peer_text(&peer, text, sizeof(text));
	ck_assert_str_eq(text, "192.0.2.7:5683");
	memset(peer.address, 0, sizeof(peer.address));
	peer.address[15] = 1;
	coap_peer_text(&peer, text, sizeof(text));
	ck_assert_str_eq(text, "[::1]:5683");
}
END_TEST

TEST_SUITE(coap_socket, the_answer_comes_from_the_address_that_was_asked,
	what_is_too_long_for_its_way_goes_in_fragments, a_name_is_no_address, a_taken_port_is_refused,
	a_datagram_to_a_group_is_told_apart, a_peer_is_shown_as_people_write_it)
