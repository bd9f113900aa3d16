#include "tests/sim/ncp/port.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "gateway/random.h"

#define FRAME_MAX 1024
#define PIECE_MS 1
#define XON 0x11
#define XOFF 0x13

struct pending_write {
	uv_write_t request;
	uint8_t bytes[];
};

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void hang_up(struct port *port)
{
	if (port->stream)
		uv_close((uv_handle_t *)port->stream, on_closed);
	port->stream = NULL;
	port->queued = 0;
	if (port->slave >= 0)
		close(port->slave);
	port->slave = -1;
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	*buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct port *port = stream->data;

	if (size < 0 && stream == port->stream && !port->path[0])
		hang_up(port);
	if (size > 0 && random_below(port->random, 1000) >= port->faults.lose_in)
		port->received(port->context, (struct bytes){ (uint8_t *)buffer->base, (size_t)size });
	free(buffer->base);
}

static void attach(struct port *port, uv_stream_t *stream)
{
	port->stream = stream;
	stream->data = port;
	uv_read_start(stream, on_allocate, on_read);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct port *port = listener->data;
	uv_tcp_t *stream = malloc(sizeof(*stream));

	if (status < 0 || !stream) {
		free(stream);
		return;
	}
	hang_up(port);
	uv_tcp_init(port->loop, stream);
	if (uv_accept(listener, (uv_stream_t *)stream) < 0) {
		uv_close((uv_handle_t *)stream, on_closed);
		return;
	}
	uv_tcp_nodelay(stream, 1);
	attach(port, (uv_stream_t *)stream);
}

static int plug_tcp(struct port *port)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	uv_tcp_init(port->loop, &port->listener);
	port->listener.data = port;
	uv_ip4_addr("127.0.0.1", port->tcp_port, &address);
	int result = uv_tcp_bind(&port->listener, (struct sockaddr *)&address, 0);
	if (result == 0)
		result = uv_listen((uv_stream_t *)&port->listener, 1, on_connection);
	if (result == 0)
		result = uv_tcp_getsockname(&port->listener, (struct sockaddr *)&address, &size);
	if (result < 0) {
		uv_close((uv_handle_t *)&port->listener, NULL);
		return result;
	}
	port->tcp_port = ntohs(address.sin_port);
	return 0;
}

static int plug_terminal(struct port *port)
{
	struct termios raw = { 0 };
	char name[PORT_PATH_MAX];
	int master;

	cfmakeraw(&raw);
	raw.c_cflag |= CREAD | CLOCAL | B115200;
	if (openpty(&master, &port->slave, name, &raw, NULL) < 0)
		return -errno;
	(void)unlink(port->path);
	uv_pipe_t *stream = malloc(sizeof(*stream));
	if (!stream || symlink(name, port->path) < 0) {
		free(stream);
		close(master);
		return -EIO;
	}
	uv_pipe_init(port->loop, stream, 0);
	int result = uv_pipe_open(stream, master);
	if (result < 0) {
		uv_close((uv_handle_t *)stream, on_closed);
		close(master);
		return result;
	}
	attach(port, (uv_stream_t *)stream);
	return 0;
}

int port_plug(struct port *port)
{
	if (port->is_plugged)
		return 0;
	int result = port->path[0] ? plug_terminal(port) : plug_tcp(port);
	port->is_plugged = result == 0;
	return result;
}

void port_unplug(struct port *port)
{
	if (!port->is_plugged)
		return;
	port->is_plugged = false;
	hang_up(port);
	if (port->path[0])
		(void)unlink(port->path);
	else
		uv_close((uv_handle_t *)&port->listener, NULL);
}

static void on_written(uv_write_t *request, int status)
{
	(void)status;
	free(request);
}

static void write_out(struct port *port, const uint8_t *data, size_t size)
{
	struct pending_write *pending = malloc(sizeof(*pending) + size);

	if (!pending || !port->stream) {
		free(pending);
		return;
	}
	memcpy(pending->bytes, data, size);
	uv_buf_t buffer = uv_buf_init((char *)pending->bytes, (unsigned)size);
	if (uv_write(&pending->request, port->stream, &buffer, 1, on_written) < 0)
		free(pending);
}

static void on_piece(uv_timer_t *pacer)
{
	struct port *port = pacer->data;
	size_t size = port->faults.piece && port->faults.piece < port->queued ? port->faults.piece : port->queued;

	write_out(port, port->queue, size);
	port->queued -= size;
	memmove(port->queue, port->queue + size, port->queued);
	if (port->queued == 0)
		uv_timer_stop(pacer);
}

static void emit(struct port *port, const uint8_t *data, size_t size)
{
	if (port->faults.piece == 0 && port->queued == 0) {
		write_out(port, data, size);
		return;
	}
	if (size > PORT_QUEUE_MAX - port->queued)
		return;
	memcpy(port->queue + port->queued, data, size);
	port->queued += size;
	if (!uv_is_active((uv_handle_t *)&port->pacer))
		uv_timer_start(&port->pacer, on_piece, PIECE_MS, PIECE_MS);
}

/* Not into XON or XOFF, which a host's terminal may obey: nothing would undo that. */
static void alter(struct port *port, uint8_t *byte)
{
	uint8_t altered;

	do
		altered = *byte ^ (uint8_t)(1u << random_below(port->random, 8));
	while (altered == XON || altered == XOFF);
	*byte = altered;
}

void port_send(struct port *port, struct bytes frame)
{
	uint8_t copy[FRAME_MAX];

	if (!port->stream || frame.size == 0 || frame.size > sizeof(copy))
		return;
	if (random_below(port->random, 1000) < port->faults.lose)
		return;
	memcpy(copy, frame.data, frame.size);
	if (random_below(port->random, 1000) < port->faults.garble)
		alter(port, &copy[random_below(port->random, frame.size)]);
	emit(port, copy, frame.size);
	if (random_below(port->random, 1000) < port->faults.duplicate)
		emit(port, copy, frame.size);
}

int port_open(struct port *port, const char *where)
{
	port->slave = -1;
	port->queue = malloc(PORT_QUEUE_MAX);
	if (!port->queue)
		return -ENOMEM;
	uv_timer_init(port->loop, &port->pacer);
	port->pacer.data = port;
	if (strncmp(where, "pty:", 4) == 0)
		snprintf(port->path, sizeof(port->path), "%s", where + 4);
	else if (strncmp(where, "tcp:", 4) == 0)
		port->tcp_port = (uint16_t)atoi(where + 4);
	else
		return -EINVAL;
	return port_plug(port);
}

void port_close(struct port *port)
{
	port_unplug(port);
	uv_close((uv_handle_t *)&port->pacer, NULL);
	free(port->queue);
}
