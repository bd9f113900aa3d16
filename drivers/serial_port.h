/*
 * serial_port: a stream of bytes to a device at a serial port, a pseudo-terminal or a TCP port, opened again by itself.
 *
 * 8 data bits, no parity, one stop bit; nobody else may open the port meanwhile. A port that is not there, is refused
 * or goes away is told in words and tried again after a pause that doubles up to 10 s, for as long as the owner keeps
 * it. Runs on the loop, blocks nowhere.
 */
#ifndef WAKEGATE_DRIVERS_SERIAL_PORT_H
#define WAKEGATE_DRIVERS_SERIAL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORT_WHY_MAX 400     /* bytes of a sentence with its terminator */
#define SERIAL_PORT_WAITING 8192    /* bytes that may wait to leave */
#define SERIAL_PORT_PAUSE_MS 500    /* before the first attempt to open it again, */
#define SERIAL_PORT_PAUSES_MS 10000 /* and before later ones at most */

struct serial_port;
struct uv_loop_s;

/* Strings are borrowed for the life of the port. */
struct serial_port_config {
	const char *path; /* a device, or "tcp://HOST:PORT" */
	int baud;         /* for a device: one that termios knows */
	bool hardware_flow, software_flow;
};

/* May call serial_port_write() and serial_port_reopen(), but not close. */
struct serial_port_host {
	void *context;
	void (*opened)(void *context);
	/* It could not be opened, or is no longer: a sentence for a person. It is tried again. */
	void (*closed)(void *context, const char *why);
	void (*received)(void *context, const void *data, size_t size);
};

/* Starts to open it, from the loop. -ENOMEM; -EINVAL with a sentence: a speed or an address that nobody has. */
int serial_port_open(struct serial_port **out, struct uv_loop_s *loop, const struct serial_port_config *config,
	const struct serial_port_host *host, char *why, size_t why_size);

/*
 * Copies the bytes. What cannot leave waits, SERIAL_PORT_WAITING bytes at most; beyond, the port counts as gone. While
 * it is not open they are dropped.
 */
void serial_port_write(struct serial_port *port, const void *data, size_t size);

/* Closes it, says so with `why`, and opens it again after a pause. */
void serial_port_reopen(struct serial_port *port, const char *why);

/* Says nothing any more; its memory goes when the loop has closed its handles. NULL is fine. */
void serial_port_close(struct serial_port *port);

#endif
