/*
 * message_socket: messages of a few frames between processes, over libzmq; the only file that knows zmq.h.
 *
 * A router serves many peers: the first frame of what it receives names the peer (ROUTER_PEER_MAX bytes at most), and
 * the first frame of what it sends says which peer is meant. A dealer has one peer and no such frame. Endpoints are
 * "ipc://PATH" (guarded by the file's mode and group) and "tcp://HOST:PORT". A context may be used by sockets of one
 * thread only. All errors are negative errnos.
 */
#ifndef WAKEGATE_DRIVERS_MESSAGE_SOCKET_H
#define WAKEGATE_DRIVERS_MESSAGE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_FRAMES_MAX 9
#define MESSAGE_PATH_MAX 107 /* bytes of an ipc path: sockaddr_un(7) less its terminator */
#define ROUTER_PEER_MAX 255

struct message_context;
struct message_keys;
struct message_socket;
struct uv_loop_s;

struct message_frame {
	const void *data;
	size_t size;
};

/* The process at the other end of an ipc connection, as the kernel knew it when it connected (SO_PEERCRED). */
struct message_peer {
	bool known;
	uint32_t uid;
	int32_t pid;
};

struct message {
	struct message_frame frames[MESSAGE_FRAMES_MAX];
	size_t count;
	struct message_peer peer; /* of one that was received */
};

enum message_role { MESSAGE_ROUTER, MESSAGE_DEALER };

struct message_options {
	enum message_role role;
	const char *endpoint;
	unsigned mode;                   /* of the ipc file that is bound, e.g. 0660 */
	const char *group;               /* owner group of that file; NULL: the process's own */
	size_t frame_max;                /* bytes; a peer that sends more is cut off */
	int queue_max;                   /* messages waiting per peer and direction */
	int send_max;                    /* the same of those to be sent; 0: as queue_max */
	const struct message_keys *keys; /* CURVE; for a router see also drivers/message_gate.h; NULL: plain */
	int linger_ms;                   /* how long close() may wait for what was sent; 0: not at all */
};

/* One input/output thread of libzmq. Opens and closes around its sockets. NULL if there is no memory. */
struct message_context *message_context_open(void);
void message_context_close(struct message_context *context);

/*
 * A router that listens. A socket file that nobody listens on any more is replaced. On failure `why` has a sentence:
 * -EADDRINUSE another process listens; -ENAMETOOLONG; -ENOENT no such folder or group; -EACCES; -EINVAL, ….
 */
int message_socket_bind(struct message_socket **out, struct message_context *context,
	const struct message_options *options, char *why, size_t why_size);

/*
 * A dealer that connects, and connects again when the connection is lost; does not wait for it. For ipc it is an error
 * if nobody listens now: -ENOENT no such file; -ECONNREFUSED nobody listens on it; -EACCES.
 */
int message_socket_connect(struct message_socket **out, struct message_context *context,
	const struct message_options *options, char *why, size_t why_size);

/* Whether somebody listens at an ipc endpoint right now: 0, or as message_socket_connect(). 0 for any other endpoint.
 */
int message_endpoint_probe(const char *endpoint);

/* Sends; copies. Never blocks. -EAGAIN: the queue is full; -EHOSTUNREACH: the router knows no such peer (any more). */
int message_socket_send(struct message_socket *socket, const struct message *message);

/*
 * The next message; its frames are borrowed until the next call with this socket. -EAGAIN: none now; -EMSGSIZE: one of
 * more than MESSAGE_FRAMES_MAX frames was discarded.
 */
int message_socket_receive(struct message_socket *socket, struct message *out);

/*
 * Calls `arrived` for every message from now on, on the loop's thread, a bounded number per turn of the loop; messages
 * of too many frames are discarded. The socket may be closed from within.
 */
int message_socket_watch(struct message_socket *socket, struct uv_loop_s *loop,
	void (*arrived)(void *context, const struct message *message), void *context);

/*
 * Without a loop: blocks until a message is there (MESSAGE_READY), `other_fd` is readable (MESSAGE_OTHER; -1: none) or
 * the time is over (0). -EINTR: a signal.
 */
enum { MESSAGE_READY = 1, MESSAGE_OTHER = 2 };
int message_socket_wait(struct message_socket *socket, int other_fd, int timeout_ms);

/* Removes the ipc file if it was bound. A watched socket is freed by the loop's next turn. NULL is fine. */
void message_socket_close(struct message_socket *socket);

#endif
