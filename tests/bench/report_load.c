/*
 * report_load: nodes that post reports of four readings over CoAP, each the next one when the last is acknowledged.
 *
 *     report_load --port N [--nodes N] [--seconds N] [--reports N] [--rate N] [--epoch MS]
 *                 [--linger N] [--ledger FILE]
 *
 * Node i is `node-i` at an address of its own in 127.4.0.0/16, behind one socket. A report is 109 bytes of SenML CBOR:
 * temperature, humidity, battery and RSSI. Report n of a node bears the time epoch + 16 n + noise, its values follow
 * from (i, n): whoever finds a reading upstream knows which one it is (tests/harness/report_load.py). A report that is
 * not acknowledged is sent again every 500 ms, byte for byte, as often as it takes.
 *
 * --rate is in reports per second of all nodes together; without it they go as fast as they are acknowledged. After
 * --seconds, --reports in all or a SIGTERM no node begins another report, and for --linger seconds those under way are
 * waited for.
 * Prints acknowledged reports per second, repetitions, refusals, and the milliseconds that half and 99 % of the answers
 * took. The ledger says for each node how many reports it made and how many of them were acknowledged.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/coap.h"
#include "tests/bench/load.h"

#define NODES_MAX 10000
#define BATCH 64
#define REQUEST_MAX 192
#define ANSWER_MAX 256
#define REPEAT_NS (500 * NS_PER_MS)
#define TICK_NS (20 * NS_PER_MS)
#define BUCKET_NS (NS_PER_MS / 10)
#define BUCKETS 100000
#define CONTROL_SIZE CMSG_SPACE(sizeof(struct in_pktinfo))

/* Where the numbers of a report stand in REPORT. */
enum { AT_TIME = 18, AT_TEMPERATURE = 49, AT_HUMIDITY = 72, AT_BATTERY = 92, AT_RSSI = 108 };

/* 109 bytes: [{bn, bt, n, u, v}, {n, u, v}, {n, u, v}, {n, u, v}]; the times and values are decimal fractions. */
static const uint8_t report_template[109] = "\x84"
					    "\xa5\x21\x69"
					    "sensor-1/"
					    "\x22\xc4\x82\x22\x1b\0\0\0\0\0\0\0\0"
					    "\x00\x6b"
					    "temperature\x01\x63"
					    "Cel\x02\xc4\x82\x21\x19\0\0"
					    "\xa3\x00\x68"
					    "humidity\x01\x63%RH\x02\xc4\x82\x20\x19\0\0"
					    "\xa3\x00\x67"
					    "battery\x01\x61V\x02\xc4\x82\x22\x19\0\0"
					    "\xa3\x00\x64rssi\x01\x63"
					    "dBm\x02\x38";

struct node {
	uint32_t made, acknowledged;
	int64_t first_ns, sent_ns; /* of the report under way */
	bool waits;                /* for an answer */
	size_t size, payload_at;
	uint8_t request[REQUEST_MAX];
	uint8_t control[CONTROL_SIZE]; /* its address */
};

struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	uint8_t data[BATCH][ANSWER_MAX];
};

struct load {
	int fd, signals;
	struct sockaddr_in server;
	unsigned node_count;
	double seconds, linger_s, rate, reports;
	int64_t epoch_ms;
	const char *ledger;
	struct node *nodes;
	unsigned *ready; /* a ring of nodes that may begin a report */
	unsigned ready_first, ready_count;
	double begun; /* reports */
	unsigned under_way;
	uint64_t acknowledged, repeats, refused;
	uint32_t buckets[BUCKETS];
	struct batch in, out;
	unsigned out_count;
};

static uint32_t noise(uint32_t node, uint32_t number, uint32_t salt)
{
	return ((number * 2654435761u) ^ ((node * 4 + salt) * 2246822519u)) >> 21;
}

static void put_be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_report(const struct load *load, uint32_t node, uint32_t number, uint8_t *payload)
{
	uint64_t time_ms = (uint64_t)load->epoch_ms + 16u * (uint64_t)number + (noise(node, number, 0) & 15);

	for (int i = 0; i < 8; i++)
		payload[AT_TIME + i] = (uint8_t)(time_ms >> (56 - 8 * i));
	put_be16(payload + AT_TEMPERATURE, 2000 + node % 500 + number / 8 % 64 + (noise(node, number, 0) >> 4 & 7));
	put_be16(payload + AT_HUMIDITY, 400 + node % 200 + number / 16 % 64 + (noise(node, number, 1) & 7));
	put_be16(payload + AT_BATTERY, 3600 - number / 64 % 512 + (noise(node, number, 2) & 7));
	payload[AT_RSSI] = (uint8_t)(59 + node % 20 + (noise(node, number, 3) & 7));
}

/* All of a request but what differs from report to report. */
static void prepare_node(struct load *load, unsigned index)
{
	struct node *node = &load->nodes[index];
	struct coap_message head = { COAP_CON, COAP_POST, 0, 4, { (uint8_t)(index >> 8), (uint8_t)index } };
	struct cmsghdr *control = (struct cmsghdr *)node->control;
	struct in_pktinfo from = { .ipi_spec_dst.s_addr = htonl(0x7f040001u + index) };
	struct coap_writer writer;
	char query[32];

	snprintf(query, sizeof(query), "ep=node-%u", index);
	coap_write_start(&writer, node->request, sizeof(node->request), &head);
	coap_write_text(&writer, COAP_URI_PATH, "t");
	coap_write_uint(&writer, COAP_CONTENT_FORMAT, COAP_FORMAT_SENML_CBOR);
	coap_write_text(&writer, COAP_URI_QUERY, query);
	int size = coap_write_payload(&writer, report_template, sizeof(report_template));
	if (size < 0)
		fail("a request is too long");
	node->size = (size_t)size;
	node->payload_at = node->size - sizeof(report_template);
	control->cmsg_level = IPPROTO_IP;
	control->cmsg_type = IP_PKTINFO;
	control->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(control), &from, sizeof(from));
}

static void flush(struct load *load)
{
	for (unsigned sent = 0; sent < load->out_count;) {
		int more = sendmmsg(load->fd, load->out.headers + sent, load->out_count - sent, 0);
		sent += more > 0 ? (unsigned)more : 1; /* one that is not taken is repeated later */
	}
	load->out_count = 0;
}

static void transmit(struct load *load, struct node *node, int64_t now)
{
	struct msghdr *header = &load->out.headers[load->out_count].msg_hdr;

	node->sent_ns = now;
	load->out.vectors[load->out_count] = (struct iovec){ node->request, node->size };
	header->msg_control = node->control;
	header->msg_controllen = CONTROL_SIZE;
	if (++load->out_count == BATCH)
		flush(load);
}

static void begin_report(struct load *load, unsigned index, int64_t now)
{
	struct node *node = &load->nodes[index];
	uint32_t number = node->made++;

	put_be16(node->request + 2, number);
	put_be16(node->request + 6, number);
	put_report(load, index, number, node->request + node->payload_at);
	node->first_ns = now;
	node->waits = true;
	load->under_way++;
	transmit(load, node, now);
}

static void make_ready(struct load *load, unsigned index)
{
	load->ready[(load->ready_first + load->ready_count++) % load->node_count] = index;
}

static void begin_reports(struct load *load, int64_t since_ns, int64_t now)
{
	double most = load->rate > 0 ? load->rate * (double)since_ns / NS_PER_S : load->reports;

	if (most > load->reports)
		most = load->reports;
	while (load->ready_count > 0 && load->begun < most) {
		unsigned index = load->ready[load->ready_first];
		load->ready_first = (load->ready_first + 1) % load->node_count;
		load->ready_count--;
		load->begun++;
		begin_report(load, index, now);
	}
}

static void take_answer(struct load *load, const uint8_t *data, size_t size, int64_t now)
{
	struct coap_message answer;

	if (coap_message_parse(&answer, data, size) < 0 || answer.token_size != 4 || answer.type != COAP_ACK)
		return;
	unsigned index = (unsigned)answer.token[0] << 8 | answer.token[1];
	struct node *node = index < load->node_count ? &load->nodes[index] : NULL;
	if (!node || !node->waits || memcmp(answer.token, node->request + 4, 4) != 0)
		return;
	if (COAP_CODE_CLASS(answer.code) != 2) {
		load->refused++;
		return;
	}
	int64_t bucket = (now - node->first_ns) / BUCKET_NS;
	load->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	node->waits = false;
	node->acknowledged++;
	load->acknowledged++;
	load->under_way--;
	make_ready(load, index);
}

static void receive(struct load *load)
{
	int count = recvmmsg(load->fd, load->in.headers, BATCH, MSG_WAITFORONE, NULL);
	int64_t now = now_ns();

	for (int i = 0; i < count; i++)
		take_answer(load, load->in.data[i], load->in.headers[i].msg_len, now);
}

static void repeat_lost(struct load *load, int64_t now)
{
	for (unsigned i = 0; i < load->node_count; i++) {
		struct node *node = &load->nodes[i];
		if (!node->waits || now - node->sent_ns < REPEAT_NS)
			continue;
		load->repeats++;
		transmit(load, node, now);
	}
}

static bool is_told_to_end(const struct load *load)
{
	struct signalfd_siginfo told;

	return read(load->signals, &told, sizeof(told)) == sizeof(told);
}

static double run(struct load *load)
{
	int64_t begun = now_ns(), until = begun + (int64_t)(load->seconds * NS_PER_S), now = begun, tick = begun;

	while (now < until && (load->begun < load->reports || load->under_way > 0)) {
		begin_reports(load, now - begun, now);
		flush(load);
		receive(load);
		now = now_ns();
		if (now - tick < TICK_NS)
			continue;
		tick = now;
		repeat_lost(load, now);
		if (is_told_to_end(load))
			break;
	}
	double rate = (double)load->acknowledged * NS_PER_S / (double)(now - begun);
	until = now + (int64_t)(load->linger_s * NS_PER_S);
	while (load->under_way > 0 && now < until) {
		repeat_lost(load, now);
		flush(load);
		receive(load);
		now = now_ns();
	}
	return rate;
}

/* Milliseconds within which this share of the answers came. */
static double quantile_ms(const struct load *load, double share)
{
	uint64_t wanted = (uint64_t)((double)load->acknowledged * share), seen = 0;
	unsigned bucket = 0;

	while (bucket < BUCKETS - 1 && seen + load->buckets[bucket] < wanted)
		seen += load->buckets[bucket++];
	return (double)(bucket + 1) * BUCKET_NS / NS_PER_MS;
}

static void write_ledger(const struct load *load)
{
	FILE *stream = load->ledger ? fopen(load->ledger, "w") : NULL;

	if (!load->ledger)
		return;
	if (!stream)
		fail("ledger");
	fprintf(stream, "epoch %lld\n", (long long)load->epoch_ms);
	for (unsigned i = 0; i < load->node_count; i++)
		fprintf(stream, "%u %u %u\n", i, load->nodes[i].made, load->nodes[i].acknowledged);
	if (fclose(stream) != 0)
		fail("ledger");
}

static void watch_signals(struct load *load)
{
	sigset_t watched;

	sigemptyset(&watched);
	sigaddset(&watched, SIGTERM);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	load->signals = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
	if (load->signals < 0)
		fail("signalfd");
}

static void open_load(struct load *load)
{
	const struct timeval patience = { .tv_usec = 2000 };
	int size = 4 * 1024 * 1024;

	load->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (load->fd < 0)
		fail("socket");
	setsockopt(load->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(load->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(load->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	load->server.sin_family = AF_INET;
	load->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = 0; i < BATCH; i++) {
		load->in.vectors[i] = (struct iovec){ load->in.data[i], ANSWER_MAX };
		load->in.headers[i].msg_hdr = (struct msghdr){ .msg_iov = &load->in.vectors[i], .msg_iovlen = 1 };
		load->out.headers[i].msg_hdr = (struct msghdr){ .msg_name = &load->server,
			.msg_namelen = sizeof(load->server),
			.msg_iov = &load->out.vectors[i],
			.msg_iovlen = 1 };
	}
	load->nodes = calloc(load->node_count, sizeof(*load->nodes));
	load->ready = calloc(load->node_count, sizeof(*load->ready));
	if (!load->nodes || !load->ready)
		fail("memory");
	for (unsigned i = 0; i < load->node_count; i++) {
		prepare_node(load, i);
		make_ready(load, i);
	}
}

static void parse_arguments(struct load *load, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' }, { "nodes", 1, NULL, 'n' },
		{ "seconds", 1, NULL, 's' }, { "rate", 1, NULL, 'r' }, { "reports", 1, NULL, 't' },
		{ "epoch", 1, NULL, 'e' }, { "linger", 1, NULL, 'l' }, { "ledger", 1, NULL, 'f' },
		{ NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			load->server.sin_port = htons((uint16_t)number_of(optarg, 1, UINT16_MAX));
		else if (option == 'n')
			load->node_count = number_of(optarg, 1, NODES_MAX);
		else if (option == 's')
			load->seconds = atof(optarg);
		else if (option == 'r')
			load->rate = atof(optarg);
		else if (option == 't')
			load->reports = atof(optarg);
		else if (option == 'e')
			load->epoch_ms = atoll(optarg);
		else if (option == 'l')
			load->linger_s = atof(optarg);
		else if (option == 'f')
			load->ledger = optarg;
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct load load = { .node_count = 1000, .seconds = 2, .reports = 1e18 };
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	load.epoch_ms = (int64_t)wall.tv_sec * 1000;
	parse_arguments(&load, argc, argv);
	watch_signals(&load);
	open_load(&load);
	double rate = run(&load);
	printf("%.0f %llu %llu %.1f %.1f\n", rate, (unsigned long long)load.repeats, (unsigned long long)load.refused,
		quantile_ms(&load, 0.5), quantile_ms(&load, 0.99));
	write_ledger(&load);
	return 0;
}
