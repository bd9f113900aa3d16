/*
 * connection: the way from the command line to the daemon: requests out, replies in, over the control socket.
 *
 * Blocks, with a limit to every wait; several requests may be outstanding. All errors are negative errnos.
 */
#ifndef WAKEGATE_GATEWAY_CLI_CONNECTION_H
#define WAKEGATE_GATEWAY_CLI_CONNECTION_H

#include <jansson.h>
#include <stddef.h>

struct connection;
struct control_bytes;

/* -ENOENT, -ECONNREFUSED: no daemon there; -EACCES; …; `why` gets a sentence. */
int connection_open(struct connection **out, const char *socket, char *why, size_t why_size);

/* Sends {"command": …}, giving it an id that goes to *id; `bytes` may be NULL. -EAGAIN: too much is outstanding. */
int connection_send(struct connection *connection, json_t *request, const struct control_bytes *bytes, int *id);

/*
 * The next reply, whichever request it answers (*id, 0: none in particular); yours to release. -ETIMEDOUT: none within
 * `timeout_ms`; -ECONNRESET: the daemon is gone; -EINTR: a signal; -EAGAIN: `other_fd` (-1: none) is readable.
 */
int connection_receive(struct connection *connection, int other_fd, int timeout_ms, json_t **reply, int *id);

/* NULL is fine. */
void connection_close(struct connection *connection);

#endif
