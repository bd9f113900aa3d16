/*
 * port: the serial line of the simulated stick, a pseudo terminal or one TCP connection, with what goes wrong on it.
 */
#ifndef WAKEGATE_TESTS_NCP_PORT_H
#define WAKEGATE_TESTS_NCP_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "protocols/cursor.h"

#define PORT_PATH_MAX 200
#define PORT_QUEUE_MAX 65536 /* bytes that wait for the host; more are lost, as on a line without flow control */

struct random;

/* Of a thousand frames so many, and so on; 0: it does not happen. */
struct port_faults {
	uint32_t garble, lose, duplicate; /* frames to the host */
	uint32_t lose_in;                 /* pieces from the host */
	uint32_t piece;                   /* bytes at a time, a millisecond apart; 0: all at once */
};

struct port {
	uv_loop_t *loop;
	struct random *random;
	struct port_faults faults;
	char path[PORT_PATH_MAX]; /* of the link to the terminal; "": TCP */
	uint16_t tcp_port;        /* 0: the system chose; then the one it chose */
	bool is_plugged;
	uv_tcp_t listener;
	uv_stream_t *stream; /* NULL: there is none */
	int slave;           /* kept open, so that a host may come and go */
	uv_timer_t pacer;
	uint8_t *queue;
	size_t queued;
	void *context;
	void (*received)(void *context, struct bytes in);
};

/*
 * "pty:PATH" makes a link to a new terminal at PATH; "tcp:PORT" listens on the loopback interface, 0: on any port. The
 * caller has set loop, random, context and received. -errno.
 */
int port_open(struct port *port, const char *where);

/* A frame to the host, with what goes wrong. Lost where there is no host. */
void port_send(struct port *port, struct bytes frame);

/* Out of the computer, and in again. */
void port_unplug(struct port *port);
int port_plug(struct port *port);

/* The loop gives back what it has. */
void port_close(struct port *port);

#endif
