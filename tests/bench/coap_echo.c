/*
 * coap_echo: the least that a server can do: recvmmsg, turn the header into an ACK, sendmmsg.
 *
 *     coap_echo PORT BYTES        answers a datagram with its own header and token, and BYTES of payload
 *
 * The measure for how much a real server may cost: no check, no table, no option is read.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define SIZE 2048

struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in names[BATCH];
	uint8_t data[BATCH][SIZE];
};

static int open_socket(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 * 1024 * 1024;

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		perror("bind");
		exit(1);
	}
	return fd;
}

/* 2.05 as an ACK with the request's id and token, a marker and whatever was in the buffer. */
static void turn_round(struct batch *batch, int count, size_t payload)
{
	for (int i = 0; i < count; i++) {
		uint8_t *data = batch->data[i];
		size_t head = 4u + (data[0] & 15);
		data[0] = (uint8_t)(0x60 | (data[0] & 15));
		data[1] = 0x45;
		data[head] = 0xff;
		batch->vectors[i].iov_len = head + 1 + payload;
	}
}

static void serve(int fd, struct batch *batch, size_t payload)
{
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			batch->vectors[i].iov_len = SIZE;
			batch->headers[i].msg_hdr.msg_namelen = sizeof(batch->names[i]);
		}
		int count = recvmmsg(fd, batch->headers, BATCH, MSG_WAITFORONE, NULL);
		if (count <= 0)
			continue;
		turn_round(batch, count, payload);
		for (int sent = 0; sent < count;) {
			int more = sendmmsg(fd, batch->headers + sent, (unsigned)(count - sent), 0);
			sent += more > 0 ? more : 1;
		}
	}
}

int main(int argc, char **argv)
{
	static struct batch batch;
	size_t payload = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (argc != 3 || payload > SIZE - 16)
		return 2;
	for (int i = 0; i < BATCH; i++) {
		batch.vectors[i].iov_base = batch.data[i];
		batch.headers[i].msg_hdr = (struct msghdr){
			.msg_name = &batch.names[i],
			.msg_iov = &batch.vectors[i],
			.msg_iovlen = 1,
		};
	}
	serve(open_socket((uint16_t)strtoul(argv[1], NULL, 10)), &batch, payload);
	return 0;
}
