#include "drivers/coap_udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/coap_server.h"
#include "drivers/coap_socket.h"

#define ROUNDS_PER_WAKE 16 /* batches read before other handles of the loop get their turn */
#define RECEIVE_SIZE 1280  /* COAP_DATAGRAM_MAX and room to see options of what is too long */
#define SEND_SIZE 1280
#define HANDLES 3
#define UNWATCH_LEAST 16 /* datagrams at once */

/* A batch of datagrams on their way in or out. */
struct batch {
	struct mmsghdr headers[COAP_UDP_BATCH];
	struct iovec vectors[COAP_UDP_BATCH];
	struct sockaddr_in6 names[COAP_UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[COAP_UDP_BATCH][COAP_CONTROL_SIZE];
	uint8_t data[COAP_UDP_BATCH][RECEIVE_SIZE];
};

struct coap_udp {
	uv_poll_t poll;
	uv_timer_t timer;
	uv_idle_t flusher;
	unsigned open_handles;
	bool blocked;   /* the kernel takes no more: wait until it does */
	bool unwatched; /* until the loop waits again, see unwatch() */
	struct coap_socket socket;
	struct coap_server *server;
	struct siphash_key peer_key;
	struct coap_udp_counters counters;
	struct batch in, out;
	struct coap_arrival arrivals[COAP_UDP_BATCH]; /* what is in `in` */
	unsigned out_first, out_end;                  /* of `out`, what is yet to be sent */
};

static void init_batch(struct batch *batch)
{
	for (size_t i = 0; i < COAP_UDP_BATCH; i++) {
		batch->vectors[i] = (struct iovec){ batch->data[i], sizeof(batch->data[i]) };
		batch->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->names[i],
			.msg_iov = &batch->vectors[i],
			.msg_iovlen = 1,
			.msg_control = batch->control[i],
		};
	}
}

static void on_poll(uv_poll_t *handle, int status, int events);
static void on_flush(uv_idle_t *handle);

static void set_blocked(struct coap_udp *udp, bool blocked)
{
	udp->blocked = blocked;
	udp->unwatched = false;
	(void)uv_poll_start(&udp->poll, blocked ? UV_WRITABLE : UV_READABLE, on_poll);
}

/*
 * For each datagram that leaves the kernel looks whether the one who polls the socket waits for room to send. With many
 * to send that costs more than not being there to be looked at.
 */
static void unwatch(struct coap_udp *udp)
{
	if (udp->blocked || udp->unwatched || udp->out_end - udp->out_first < UNWATCH_LEAST)
		return;
	udp->unwatched = true;
	(void)uv_poll_stop(&udp->poll);
	(void)uv_idle_start(&udp->flusher, on_flush);
}

/* Sends what waits; a datagram that the kernel refuses for good is skipped. */
static void flush(struct coap_udp *udp)
{
	unwatch(udp);
	while (udp->out_first < udp->out_end) {
		int sent = coap_socket_send(
			&udp->socket, udp->out.headers + udp->out_first, udp->out_end - udp->out_first);
		if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
			set_blocked(udp, true);
			return;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			udp->counters.send_errors++;
		udp->out_first += sent < 0 ? 1 : (unsigned)sent;
	}
	udp->out_first = udp->out_end = 0;
	if (udp->blocked)
		set_blocked(udp, false);
}

static void on_flush(uv_idle_t *handle)
{
	struct coap_udp *udp = handle->data;

	(void)uv_idle_stop(handle);
	if (!udp->blocked)
		flush(udp);
	if (udp->unwatched && !udp->blocked)
		set_blocked(udp, false);
}

/*
 * Queues a datagram; the batch goes out when it is full, after a batch was read, or before the loop waits again: an
 * idle handle keeps it from waiting also where something was said just before, by whoever is called then.
 */
static void send_datagram(void *context, const struct coap_peer *peer, const void *data, size_t size)
{
	struct coap_udp *udp = context;

	if (udp->out_end == COAP_UDP_BATCH && !udp->blocked)
		flush(udp);
	if (udp->out_end == COAP_UDP_BATCH) {
		udp->counters.send_dropped++;
		return;
	}
	if (udp->out_end == udp->out_first)
		(void)uv_idle_start(&udp->flusher, on_flush);
	unsigned index = udp->out_end++;
	memcpy(udp->out.data[index], data, size);
	udp->out.vectors[index].iov_len = size;
	coap_socket_address(&udp->socket, peer, &udp->out.headers[index].msg_hdr);
}

static int64_t now_ms(void *context)
{
	const struct coap_udp *udp = context;

	return (int64_t)uv_now(udp->poll.loop);
}

static void on_tick(uv_timer_t *handle)
{
	struct coap_udp *udp = handle->data;

	coap_server_tick(udp->server);
	if (!coap_server_is_waiting(udp->server))
		(void)uv_timer_stop(handle);
}

static void watch_time(struct coap_udp *udp)
{
	if (coap_server_is_waiting(udp->server) && !uv_is_active((uv_handle_t *)&udp->timer))
		(void)uv_timer_start(&udp->timer, on_tick, COAP_TICK_MS, COAP_TICK_MS);
}

static int receive_batch(struct coap_udp *udp)
{
	for (size_t i = 0; i < COAP_UDP_BATCH; i++) {
		udp->in.headers[i].msg_hdr.msg_namelen = sizeof(udp->in.names[i]);
		udp->in.headers[i].msg_hdr.msg_controllen = udp->socket.wildcard ? COAP_CONTROL_SIZE : 0;
	}
	int count = recvmmsg(udp->socket.fd, udp->in.headers, COAP_UDP_BATCH, MSG_DONTWAIT, NULL);
	if (count < 0 && errno != EAGAIN && errno != EINTR)
		udp->counters.receive_errors++;
	return count;
}

static void describe_arrival(struct coap_udp *udp, int index)
{
	const struct mmsghdr *header = &udp->in.headers[index];
	struct coap_arrival *arrival = &udp->arrivals[index];

	*arrival = (struct coap_arrival){
		.data = udp->in.data[index],
		.size = header->msg_len,
		.cut = header->msg_hdr.msg_flags & MSG_TRUNC,
	};
	coap_socket_peer(&udp->socket, &header->msg_hdr, &arrival->peer, &arrival->multicast);
	coap_peer_seal(&arrival->peer, &udp->peer_key);
}

static void take_batch(struct coap_udp *udp, int count)
{
	for (int i = 0; i < count; i++) {
		describe_arrival(udp, i);
		coap_server_expect(udp->server, &udp->arrivals[i]);
	}
	for (int i = 0; i < count; i++)
		coap_server_receive(udp->server, &udp->arrivals[i]);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct coap_udp *udp = handle->data;

	if (events & UV_WRITABLE)
		flush(udp);
	for (int round = 0; round < ROUNDS_PER_WAKE && !udp->blocked; round++) {
		int count = receive_batch(udp);
		if (count <= 0)
			break;
		take_batch(udp, count);
		flush(udp);
		if (count < COAP_UDP_BATCH)
			break;
	}
	watch_time(udp);
}

static int start(struct coap_udp *udp, struct uv_loop_s *loop)
{
	int result = uv_poll_init(loop, &udp->poll, udp->socket.fd);

	if (result < 0)
		return result;
	(void)uv_timer_init(loop, &udp->timer);
	(void)uv_idle_init(loop, &udp->flusher);
	udp->open_handles = HANDLES;
	udp->poll.data = udp->timer.data = udp->flusher.data = udp;
	return uv_poll_start(&udp->poll, UV_READABLE, on_poll);
}

int coap_udp_open(struct coap_udp **out, struct uv_loop_s *loop, const struct coap_udp_config *config,
	const struct coap_resources *resources, char *why, size_t why_size)
{
	struct coap_udp *udp = calloc(1, sizeof(*udp));

	if (!udp)
		return -ENOMEM;
	const struct coap_transport transport = { .context = udp, .send = send_datagram, .now_ms = now_ms };
	udp->socket.fd = -1;
	init_batch(&udp->in);
	init_batch(&udp->out);
	int result = coap_server_open(&udp->server, config->exchanges, &transport, resources);
	if (result == 0 && getrandom(&udp->peer_key, sizeof(udp->peer_key), 0) < 0)
		result = -errno;
	if (result == 0)
		result = coap_socket_open(&udp->socket, config->address, config->port, config->buffer_bytes);
	if (result == 0)
		result = start(udp, loop);
	if (result < 0) {
		(void)snprintf(why, why_size, "cannot listen on UDP %s port %u: %s", config->address, config->port,
			strerror(-result));
		coap_udp_close(udp);
		return result;
	}
	*out = udp;
	return 0;
}

uint16_t coap_udp_port(const struct coap_udp *udp)
{
	return udp->socket.port;
}

int coap_udp_buffer_bytes(const struct coap_udp *udp)
{
	return udp->socket.buffer_bytes;
}

void coap_udp_retry(struct coap_udp *udp)
{
	coap_server_retry(udp->server);
	watch_time(udp);
}

const struct coap_server_counters *coap_udp_server_counters(const struct coap_udp *udp)
{
	return coap_server_counters(udp->server);
}

const struct coap_udp_counters *coap_udp_counters(const struct coap_udp *udp)
{
	return &udp->counters;
}

static void on_closed(uv_handle_t *handle)
{
	struct coap_udp *udp = handle->data;

	if (--udp->open_handles == 0)
		free(udp);
}

void coap_udp_close(struct coap_udp *udp)
{
	if (!udp)
		return;
	coap_server_close(udp->server);
	if (udp->open_handles > 0) {
		flush(udp);
		(void)uv_poll_stop(&udp->poll);
		uv_close((uv_handle_t *)&udp->poll, on_closed);
		uv_close((uv_handle_t *)&udp->timer, on_closed);
		uv_close((uv_handle_t *)&udp->flusher, on_closed);
	}
	if (udp->socket.fd >= 0)
		(void)close(udp->socket.fd);
	if (udp->open_handles == 0)
		free(udp);
}
