/*
 * coap_load: asks a CoAP server for blocks of 1024 bytes, from many peers that speak once and a few that never stop.
 *
 *     coap_load --port N --path A/B [--quiet N] [--hello PATH] [--clients N] [--blocks N] [--seconds N]
 *
 * First each of the quiet peers, every one with an address of its own in 127.1.0.0/16, sends one request (GET of the
 * path's first block, or an empty POST to --hello with ?ep=ID) and waits for its answer. Then the clients ask for
 * blocks 0 to --blocks - 1 in a circle, each with one request under way. Prints answers per second. A request without
 * an answer is sent again after 300 ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/coap.h"
#include "tests/bench/load.h"

#define CLIENTS_MAX 1000
#define QUIET_MAX 60000
#define REPEAT_NS INT64_C(300000000)
#define BLOCK_SIZE 1024

struct client {
	int fd;
	uint16_t id;
	uint32_t block;
	int64_t sent_ns;
};

struct load {
	uint16_t port;
	char path[128];
	const char *hello;
	unsigned quiet, client_count, blocks;
	double seconds;
	int epoll;
	struct client clients[CLIENTS_MAX];
	uint64_t answers, repeats;
};

static void write_path(struct coap_writer *writer, const char *path)
{
	char copy[128];
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *segment; (segment = strsep(&rest, "/"));)
		coap_write_text(writer, COAP_URI_PATH, segment);
}

static int write_get(const struct load *load, uint8_t *buffer, size_t size, uint16_t id, uint32_t block)
{
	struct coap_message head = { COAP_CON, COAP_GET, id, 2, { (uint8_t)(id >> 8), (uint8_t)id } };
	struct coap_writer writer;

	coap_write_start(&writer, buffer, size, &head);
	write_path(&writer, load->path);
	coap_write_block(&writer, COAP_BLOCK2, &(struct coap_block){ .number = block, .szx = 6 });
	return coap_write_payload(&writer, NULL, 0);
}

static int write_hello(const struct load *load, uint8_t *buffer, size_t size, unsigned number)
{
	struct coap_message head = { COAP_CON, COAP_POST, (uint16_t)number };
	struct coap_writer writer;
	char query[32];

	if (!load->hello)
		return write_get(load, buffer, size, (uint16_t)number, 0);
	snprintf(query, sizeof(query), "ep=quiet-%u", number);
	coap_write_start(&writer, buffer, size, &head);
	write_path(&writer, load->hello);
	coap_write_text(&writer, COAP_URI_QUERY, query);
	return coap_write_payload(&writer, NULL, 0);
}

static int open_socket(const struct load *load, uint32_t address)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(load->port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("socket");
	return fd;
}

/* One request, repeated until there is an answer. */
static void speak_once(const struct load *load, unsigned number)
{
	const struct timeval patience = { .tv_usec = 300000 };
	uint8_t request[256], answer[2048];
	int fd = open_socket(load, 0x7f010001u + number);
	int size = write_hello(load, request, sizeof(request), number);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int tries = 0;; tries++) {
		if (tries == 20)
			fail("a quiet peer gets no answer");
		if (send(fd, request, (size_t)size, 0) == size && recv(fd, answer, sizeof(answer), 0) > 0)
			break;
	}
	close(fd);
}

static void ask(const struct load *load, struct client *client)
{
	uint8_t request[256];
	int size = write_get(load, request, sizeof(request), client->id, client->block);

	client->sent_ns = now_ns();
	(void)!send(client->fd, request, (size_t)size, MSG_DONTWAIT);
}

/* Every answer must be the block that was asked for. */
static bool is_answer(const struct client *client, const uint8_t *data, ssize_t size)
{
	struct coap_message message;

	if (size < 0 || coap_message_parse(&message, data, (size_t)size) < 0)
		return false;
	if (message.type != COAP_ACK || message.id != client->id)
		return false;
	if (message.code != COAP_CONTENT || message.payload_size != BLOCK_SIZE) {
		fprintf(stderr, "coap_load: answer %u.%02u with %zu bytes\n", COAP_CODE_CLASS(message.code),
			COAP_CODE_DETAIL(message.code), message.payload_size);
		exit(1);
	}
	return true;
}

static void take_answer(struct load *load, struct client *client)
{
	uint8_t data[2048];
	ssize_t size = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);

	if (!is_answer(client, data, size))
		return;
	load->answers++;
	client->id++;
	client->block = (client->block + 1) % load->blocks;
	ask(load, client);
}

static void repeat_lost(struct load *load, int64_t now)
{
	for (unsigned i = 0; i < load->client_count; i++) {
		if (now - load->clients[i].sent_ns < REPEAT_NS)
			continue;
		load->repeats++;
		ask(load, &load->clients[i]);
	}
}

static void start_clients(struct load *load)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < load->client_count; i++) {
		struct client *client = &load->clients[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
		client->fd = open_socket(load, 0x7f020001u + i);
		client->block = i % load->blocks;
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
			fail("epoll_ctl");
		ask(load, client);
	}
}

static double run_clients(struct load *load)
{
	struct epoll_event events[CLIENTS_MAX];
	int64_t begun = now_ns(), until = begun + (int64_t)(load->seconds * 1e9), now = begun;

	while (now < until) {
		int count = epoll_wait(load->epoll, events, CLIENTS_MAX, 50);
		for (int i = 0; i < count; i++)
			take_answer(load, events[i].data.ptr);
		now = now_ns();
		repeat_lost(load, now);
	}
	return (double)load->answers / ((double)(now - begun) / 1e9);
}

static void parse_arguments(struct load *load, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' }, { "path", 1, NULL, 'a' },
		{ "quiet", 1, NULL, 'q' }, { "hello", 1, NULL, 'h' }, { "clients", 1, NULL, 'c' },
		{ "blocks", 1, NULL, 'b' }, { "seconds", 1, NULL, 's' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			load->port = (uint16_t)number_of(optarg, 0, UINT16_MAX);
		else if (option == 'a')
			snprintf(load->path, sizeof(load->path), "%s", optarg);
		else if (option == 'q')
			load->quiet = number_of(optarg, 0, QUIET_MAX);
		else if (option == 'h')
			load->hello = optarg;
		else if (option == 'c')
			load->client_count = number_of(optarg, 0, CLIENTS_MAX);
		else if (option == 'b')
			load->blocks = number_of(optarg, 0, COAP_BLOCK_NUMBER_MAX);
		else if (option == 's')
			load->seconds = atof(optarg);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct load load = { .client_count = 50, .blocks = 1, .seconds = 2 };

	parse_arguments(&load, argc, argv);
	for (unsigned i = 0; i < load.quiet; i++)
		speak_once(&load, i);
	if (load.client_count == 0)
		return 0;
	start_clients(&load);
	printf("%.0f", run_clients(&load));
	printf(" %llu\n", (unsigned long long)load.repeats);
	return 0;
}
