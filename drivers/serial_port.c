#include "drivers/serial_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/chance.h"
#include "drivers/reconnect.h"
#include "drivers/serial_device.h"

#define TCP "tcp://"
#define HOST_MAX 256
#define READ_SIZE 1024
#define READS_AT_ONCE 8 /* then others have their turn */
#define CONNECT_MS 10000

/* One attempt and what comes of it; lives until libuv has closed its handle. */
struct connection {
	struct serial_port *port; /* NULL: abandoned */
	uv_poll_t poll;
	int fd;
	bool open;
};

/* A name being resolved. */
struct lookup {
	struct serial_port *port; /* NULL: abandoned */
	uv_getaddrinfo_t request;
};

struct serial_port {
	uv_loop_t *loop;
	struct serial_port_config config;
	struct serial_port_host host;
	char host_name[HOST_MAX], host_port[8]; /* of a TCP port; "": a device */
	unsigned attempts;                      /* of a TCP port: which of the host's addresses is next */
	struct reconnect reconnect;
	uv_timer_t timer; /* of the pause, or of connecting */
	struct lookup *lookup;
	struct connection *connection;
	int64_t opened_ms;
	size_t waiting_size;
	uint8_t waiting[SERIAL_PORT_WAITING];
};

static void start_attempt(struct serial_port *port);

/* ---- ends ---- */

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	close(connection->fd);
	free(connection);
}

static void abandon(struct serial_port *port)
{
	if (port->lookup)
		port->lookup->port = NULL;
	port->lookup = NULL;
	if (port->connection) {
		port->connection->port = NULL;
		uv_poll_stop(&port->connection->poll);
		uv_close((uv_handle_t *)&port->connection->poll, on_connection_closed);
	}
	port->connection = NULL;
	port->waiting_size = 0;
}

static void on_pause_over(uv_timer_t *timer)
{
	start_attempt(timer->data);
}

static void go_down(struct serial_port *port, const char *why)
{
	bool stood = port->connection && port->connection->open;
	int64_t lasted_ms = (int64_t)uv_now(port->loop) - port->opened_ms;

	abandon(port);
	int64_t pause_ms = stood ? reconnect_after_session(&port->reconnect, lasted_ms, chance_bits())
				 : reconnect_after_failure(&port->reconnect, false, chance_bits());
	uv_timer_start(&port->timer, on_pause_over, (uint64_t)pause_ms, 0);
	port->host.closed(port->host.context, why);
}

static void fail(struct serial_port *port, const char *what, int error)
{
	char why[SERIAL_PORT_WHY_MAX];

	snprintf(why, sizeof(why), "%s %s: %s", port->config.path, what, strerror(error));
	go_down(port, why);
}

static void lose(struct serial_port *port, int error)
{
	char why[SERIAL_PORT_WHY_MAX];

	if (error && error != EIO && error != ENXIO && error != ENODEV) {
		fail(port, "failed", error);
		return;
	}
	snprintf(why, sizeof(why), "%s is gone: %s", port->config.path,
		*port->host_name ? "the other side closed the connection" : "unplugged, or without power");
	go_down(port, why);
}

/* ---- bytes ---- */

static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(struct connection *connection)
{
	int events = UV_READABLE | (connection->port->waiting_size || !connection->open ? UV_WRITABLE : 0);

	uv_poll_start(&connection->poll, events, on_ready);
}

/* The rest of what may not leave yet stays. */
static int send_waiting(struct serial_port *port)
{
	ssize_t wrote = write(port->connection->fd, port->waiting, port->waiting_size);

	if (wrote < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	port->waiting_size -= (size_t)wrote;
	memmove(port->waiting, port->waiting + wrote, port->waiting_size);
	return 0;
}

static void on_turn_to_fail(uv_timer_t *timer)
{
	fail(timer->data, "does not take what is sent", EPIPE);
}

/* Not from within a write: who writes does not expect to be told meanwhile. */
static void fail_soon(struct serial_port *port)
{
	uv_timer_start(&port->timer, on_turn_to_fail, 0, 0);
}

void serial_port_write(struct serial_port *port, const void *data, size_t size)
{
	if (!port->connection || !port->connection->open)
		return;
	if (size > sizeof(port->waiting) - port->waiting_size) {
		fail_soon(port);
		return;
	}
	memcpy(port->waiting + port->waiting_size, data, size);
	port->waiting_size += size;
	if (send_waiting(port) < 0)
		fail_soon(port);
	else
		watch(port->connection);
}

static void take_input(struct connection *connection)
{
	uint8_t buffer[READ_SIZE];

	for (int i = 0; i < READS_AT_ONCE && connection->port; i++) {
		ssize_t size = read(connection->fd, buffer, sizeof(buffer));
		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size <= 0) {
			lose(connection->port, size < 0 ? errno : 0);
			return;
		}
		connection->port->host.received(connection->port->host.context, buffer, (size_t)size);
	}
}

static void come_up(struct connection *connection)
{
	struct serial_port *port = connection->port;

	uv_timer_stop(&port->timer);
	connection->open = true;
	port->opened_ms = (int64_t)uv_now(port->loop);
	watch(connection);
	port->host.opened(port->host.context);
}

static void finish_connecting(struct connection *connection)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error)
		fail(connection->port, "cannot be reached", error);
	else
		come_up(connection);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct connection *connection = poll->data;
	struct serial_port *port = connection->port;

	if (!port)
		return;
	if (!connection->open) {
		finish_connecting(connection);
		return;
	}
	/* An error is told by the read, with its number. */
	if (status < 0 || events & UV_READABLE)
		take_input(connection);
	if (!connection->port || !(events & UV_WRITABLE))
		return;
	int result = send_waiting(port);
	if (result < 0)
		lose(port, -result);
	else
		watch(connection);
}

/* ---- opening ---- */

/* Takes the descriptor. */
static struct connection *make_connection(struct serial_port *port, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection || uv_poll_init(port->loop, &connection->poll, fd) < 0) {
		free(connection);
		close(fd);
		return NULL;
	}
	connection->poll.data = connection;
	connection->port = port;
	connection->fd = fd;
	port->connection = connection;
	return connection;
}

static void open_device(struct serial_port *port)
{
	char why[SERIAL_PORT_WHY_MAX];
	int fd = serial_device_open(&port->config, why, sizeof(why));

	if (fd < 0) {
		go_down(port, why);
		return;
	}
	struct connection *connection = make_connection(port, fd);
	if (connection)
		come_up(connection);
	else
		fail(port, "cannot be opened", ENOMEM);
}

static void on_connect_late(uv_timer_t *timer)
{
	fail(timer->data, "cannot be reached", ETIMEDOUT);
}

static void connect_to(struct serial_port *port, const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0) {
		fail(port, "cannot be reached", errno);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	int result = connect(fd, address->ai_addr, address->ai_addrlen) < 0 ? errno : 0;
	struct connection *connection = make_connection(port, fd);
	if (!connection || (result && result != EINPROGRESS)) {
		fail(port, "cannot be reached", connection ? result : ENOMEM);
		return;
	}
	uv_timer_start(&port->timer, on_connect_late, CONNECT_MS, 0);
	watch(connection);
}

/* A host may have several, as of IPv6 and IPv4, and listen at one. */
static const struct addrinfo *address_of_turn(const struct addrinfo *addresses, unsigned turn)
{
	const struct addrinfo *address = addresses;

	for (; turn > 0; turn--)
		address = address->ai_next ? address->ai_next : addresses;
	return address;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct lookup *lookup = request->data;
	struct serial_port *port = lookup->port;
	char why[SERIAL_PORT_WHY_MAX];

	free(lookup);
	if (port) {
		port->lookup = NULL;
		if (status < 0) {
			snprintf(why, sizeof(why), "nobody knows the host of %s: %s", port->config.path,
				uv_strerror(status));
			go_down(port, why);
		} else {
			connect_to(port, address_of_turn(addresses, port->attempts++));
		}
	}
	uv_freeaddrinfo(addresses);
}

static void look_up(struct serial_port *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup) {
		fail(port, "cannot be reached", ENOMEM);
		return;
	}
	lookup->port = port;
	lookup->request.data = lookup;
	int result =
		uv_getaddrinfo(port->loop, &lookup->request, on_resolved, port->host_name, port->host_port, &hints);
	if (result < 0) {
		free(lookup);
		fail(port, "cannot be reached", -result);
		return;
	}
	port->lookup = lookup;
}

static void start_attempt(struct serial_port *port)
{
	if (*port->host_name)
		look_up(port);
	else
		open_device(port);
}

/* HOST:PORT or [HOST]:PORT */
static int split_address(struct serial_port *port, const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t size = colon ? (size_t)(colon - address) : 0;

	if (size > 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		size -= 2;
	}
	if (size == 0 || size >= sizeof(port->host_name))
		return -EINVAL;
	char *end;
	unsigned long number = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || number == 0 || number > 65535)
		return -EINVAL;
	memcpy(port->host_name, address, size);
	snprintf(port->host_port, sizeof(port->host_port), "%lu", number);
	return 0;
}

static int check_config(struct serial_port *port, char *why, size_t size)
{
	const char *path = port->config.path;

	if (strncmp(path, TCP, strlen(TCP)) == 0) {
		if (split_address(port, path + strlen(TCP)) == 0)
			return 0;
		snprintf(why, size, "%s is no address: tcp://HOST:PORT is", path);
		return -EINVAL;
	}
	if (serial_device_has_baud(port->config.baud))
		return 0;
	snprintf(why, size, "no serial port has a speed of %d baud; 115200 is usual", port->config.baud);
	return -EINVAL;
}

int serial_port_open(struct serial_port **out, struct uv_loop_s *loop, const struct serial_port_config *config,
	const struct serial_port_host *host, char *why, size_t why_size)
{
	struct serial_port *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	port->loop = loop;
	port->config = *config;
	port->host = *host;
	int result = check_config(port, why, why_size);
	if (result < 0) {
		free(port);
		return result;
	}
	reconnect_init(&port->reconnect, SERIAL_PORT_PAUSE_MS, SERIAL_PORT_PAUSES_MS, 1);
	uv_timer_init(loop, &port->timer);
	port->timer.data = port;
	uv_timer_start(&port->timer, on_pause_over, 0, 0);
	*out = port;
	return 0;
}

void serial_port_reopen(struct serial_port *port, const char *why)
{
	go_down(port, why);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void serial_port_close(struct serial_port *port)
{
	if (!port)
		return;
	abandon(port);
	uv_close((uv_handle_t *)&port->timer, on_timer_closed);
}
