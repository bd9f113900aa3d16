/*
 * mqtt_load: publishes to an MQTT 3.1.1 broker at QoS 1 as fast as it acknowledges.
 *
 *     mqtt_load --port N [--clients N] [--window N] [--seconds N] [--bytes N]
 *
 * Each client has a connection of its own, publishes to telemetry/node-i and keeps --window publishes without PUBACK.
 * All that a connection may send goes out in one write, all that came is read at once: the peer of a measurement is to
 * do its best. Prints PUBACKs per second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define CLIENTS_MAX 10000
#define WINDOW_MAX 1000
#define BYTES_MAX 1000
#define PACKET_MAX (BYTES_MAX + 64)
#define EVENTS 256
#define PUBACK 0x40
#define PUBACK_SIZE 4

struct client {
	int fd;
	uint16_t id;
	uint8_t part[PUBACK_SIZE]; /* of a PUBACK that has not come as a whole */
	size_t part_size;
	size_t packet_size, id_at;
	uint8_t packet[PACKET_MAX];
};

struct load {
	uint16_t port;
	unsigned client_count, window, bytes;
	double seconds;
	int epoll;
	struct client *clients;
	uint64_t acknowledged;
	uint8_t out[WINDOW_MAX * PACKET_MAX];
};

static void send_all(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			fail("send");
		data += sent;
		size -= (size_t)sent;
	}
}

static size_t put_text(uint8_t *at, const char *text)
{
	size_t size = strlen(text);

	at[0] = (uint8_t)(size >> 8);
	at[1] = (uint8_t)size;
	memcpy(at + 2, text, size);
	return size + 2;
}

/* CONNECT with a clean session, and its CONNACK. */
static void connect_client(const struct load *load, struct client *client, unsigned index)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(load->port) };
	uint8_t packet[64] = { 0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0 }, answer[4];
	char name[32];
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	snprintf(name, sizeof(name), "load-%u", index);
	size_t size = 12 + put_text(packet + 12, name);
	packet[1] = (uint8_t)(size - 2);
	send_all(client->fd, packet, size);
	if (recv(client->fd, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer) || answer[3] != 0)
		fail("CONNACK");
}

static void prepare_packet(const struct load *load, struct client *client, unsigned index)
{
	uint8_t *at = client->packet;
	char topic[32];

	snprintf(topic, sizeof(topic), "telemetry/node-%u", index);
	size_t size = 2 + strlen(topic) + 2 + load->bytes;
	*at++ = 0x32;
	*at++ = (uint8_t)(size >= 128 ? size % 128 | 128 : size);
	if (size >= 128)
		*at++ = (uint8_t)(size / 128);
	at += put_text(at, topic);
	client->id_at = (size_t)(at - client->packet);
	memset(at + 2, 'x', load->bytes);
	client->packet_size = client->id_at + 2 + load->bytes;
}

static void publish(struct load *load, struct client *client, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *packet = load->out + i * client->packet_size;
		client->id = (uint16_t)(client->id == UINT16_MAX ? 1 : client->id + 1);
		memcpy(packet, client->packet, client->packet_size);
		packet[client->id_at] = (uint8_t)(client->id >> 8);
		packet[client->id_at + 1] = (uint8_t)client->id;
	}
	send_all(client->fd, load->out, count * client->packet_size);
}

static void on_readable(struct load *load, struct client *client)
{
	uint8_t data[PUBACK_SIZE * (WINDOW_MAX + 1)];
	unsigned count = 0;

	memcpy(data, client->part, client->part_size);
	ssize_t got = recv(client->fd, data + client->part_size, sizeof(data) - client->part_size, MSG_DONTWAIT);
	if (got <= 0)
		fail("recv");
	size_t size = client->part_size + (size_t)got, at = 0;
	for (; at + PUBACK_SIZE <= size; at += PUBACK_SIZE, count++)
		if (data[at] != PUBACK)
			fail("not a PUBACK");
	client->part_size = size - at;
	memcpy(client->part, data + at, client->part_size);
	load->acknowledged += count;
	publish(load, client, count);
}

static double run(struct load *load)
{
	struct epoll_event events[EVENTS];
	int64_t begun = now_ns(), until = begun + (int64_t)(load->seconds * NS_PER_S), now = begun;

	while (now < until) {
		int count = epoll_wait(load->epoll, events, EVENTS, 50);
		for (int i = 0; i < count; i++)
			on_readable(load, events[i].data.ptr);
		now = now_ns();
	}
	return (double)load->acknowledged * NS_PER_S / (double)(now - begun);
}

static void start_clients(struct load *load)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->clients = calloc(load->client_count, sizeof(*load->clients));
	if (!load->clients)
		fail("memory");
	for (unsigned i = 0; i < load->client_count; i++) {
		struct client *client = &load->clients[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
		connect_client(load, client, i);
		prepare_packet(load, client, i);
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
			fail("epoll_ctl");
	}
	for (unsigned i = 0; i < load->client_count; i++)
		publish(load, &load->clients[i], load->window);
}

static void parse_arguments(struct load *load, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' }, { "clients", 1, NULL, 'c' },
		{ "window", 1, NULL, 'w' }, { "seconds", 1, NULL, 's' }, { "bytes", 1, NULL, 'b' },
		{ NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			load->port = (uint16_t)number_of(optarg, 1, UINT16_MAX);
		else if (option == 'c')
			load->client_count = number_of(optarg, 1, CLIENTS_MAX);
		else if (option == 'w')
			load->window = number_of(optarg, 1, WINDOW_MAX);
		else if (option == 's')
			load->seconds = atof(optarg);
		else if (option == 'b')
			load->bytes = number_of(optarg, 0, BYTES_MAX);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct load load = { .client_count = 1, .window = 20, .seconds = 2, .bytes = 109 };

	parse_arguments(&load, argc, argv);
	start_clients(&load);
	printf("%.0f\n", run(&load));
	return 0;
}
