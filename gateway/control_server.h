/*
 * control_server: the socket at which the operator's programs ask, a libzmq ROUTER on ipc://.
 *
 * A message is one frame of JSON and perhaps one of bytes; a reply is one frame of JSON. Who may connect is who may
 * write to the socket file. A client that holds a stream open sends something (a "ping") within every client_timeout,
 * or its requests are cancelled.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_SERVER_H
#define WAKEGATE_GATEWAY_CONTROL_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct control;
struct control_server;
struct settings_table;
struct uv_loop_s;

#define CONTROL_CLIENTS_MAX 32         /* that are being answered */
#define CONTROL_CLIENT_REQUESTS_MAX 16 /* being answered at once for one client */
#define CONTROL_QUEUE_MAX 64           /* messages waiting for a client that reads slowly, or from one */

struct control_settings {
	const char *socket; /* path */
	const char *mode;   /* octal digits */
	const char *group;  /* NULL: the group the daemon runs as */
	int64_t client_timeout_ms;
};

extern const struct settings_table control_settings_table; /* the group "control" */

/* Listens. `control` and the loop outlive the server. On failure `why` has a sentence, see message_socket_bind(). */
int control_server_open(struct control_server **out, struct uv_loop_s *loop, struct control *control,
	const struct control_settings *settings, char *why, size_t why_size);

/* Cancels what is being answered, removes the socket file and frees, the handles by the loop's next turn. NULL is fine.
 */
void control_server_close(struct control_server *server);

#endif
