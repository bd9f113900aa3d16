/*
 * paho_load: publishes to a broker at QoS 1 through Paho C, the client library of most gateways.
 *
 *     paho_load --port N [--window N] [--seconds N] [--bytes N]
 *
 * One client without persistence of its own keeps --window publishes without PUBACK. Prints PUBACKs per second.
 */
#include <MQTTAsync.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "tests/bench/load.h"

#define BYTES_MAX 1000
#define WINDOW_MAX 1000

struct load {
	unsigned port, window, bytes;
	double seconds;
	MQTTAsync client;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	unsigned in_flight;
	uint64_t acknowledged;
	atomic_bool connected;
	char payload[BYTES_MAX];
};

static void on_connected(void *context, MQTTAsync_successData *response)
{
	struct load *load = context;

	atomic_store(&load->connected, true);
}

static void on_acknowledged(void *context, MQTTAsync_successData *response)
{
	struct load *load = context;

	pthread_mutex_lock(&load->lock);
	load->in_flight--;
	load->acknowledged++;
	pthread_cond_signal(&load->landed);
	pthread_mutex_unlock(&load->lock);
}

static void connect_client(struct load *load)
{
	MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };
	char uri[64];

	snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%u", load->port);
	options.onSuccess = on_connected;
	options.context = load;
	options.maxInflight = (int)load->window;
	if (MQTTAsync_create(&load->client, uri, "paho-load", MQTTCLIENT_PERSISTENCE_NONE, NULL) != 0 ||
		MQTTAsync_connect(load->client, &options) != 0)
		fail("connect");
	while (!atomic_load(&load->connected))
		nanosleep(&pause, NULL);
}

static double run(struct load *load)
{
	MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
	int64_t begun = now_ns(), until = begun + (int64_t)(load->seconds * NS_PER_S), now = begun;

	options.onSuccess = on_acknowledged;
	options.context = load;
	for (; now < until; now = now_ns()) {
		pthread_mutex_lock(&load->lock);
		while (load->in_flight >= load->window)
			pthread_cond_wait(&load->landed, &load->lock);
		load->in_flight++;
		pthread_mutex_unlock(&load->lock);
		if (MQTTAsync_send(load->client, "telemetry/node-0", (int)load->bytes, load->payload, 1, 0, &options))
			fail("send");
	}
	pthread_mutex_lock(&load->lock);
	double rate = (double)load->acknowledged * NS_PER_S / (double)(now - begun);
	pthread_mutex_unlock(&load->lock);
	return rate;
}

static void parse_arguments(struct load *load, int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' }, { "window", 1, NULL, 'w' },
		{ "seconds", 1, NULL, 's' }, { "bytes", 1, NULL, 'b' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			load->port = number_of(optarg, 1, UINT16_MAX);
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
	static struct load load = { .window = 20,
		.seconds = 2,
		.bytes = 109,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.landed = PTHREAD_COND_INITIALIZER };

	memset(load.payload, 'x', sizeof(load.payload));
	parse_arguments(&load, argc, argv);
	connect_client(&load);
	printf("%.0f\n", run(&load));
	return 0;
}
