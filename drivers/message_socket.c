#include "drivers/message_socket.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>
#include <zmq.h>

#include "drivers/message_socket_keys.h"

#define SOCKETS_MAX 16 /* of one context; libzmq makes room for them all at once */
#define MESSAGES_PER_TURN 32
#define IPC_PREFIX "ipc://"

struct message_context {
	void *zmq;
};

struct message_socket {
	void *zmq;
	zmq_msg_t frames[MESSAGE_FRAMES_MAX]; /* of the message lent out last */
	size_t frame_count;
	bool routes;
	bool closing;
	char path[MESSAGE_PATH_MAX + 1]; /* of the ipc file that is bound, "" otherwise */
	void (*arrived)(void *context, const struct message *message);
	void *arrived_context;
	uv_poll_t poll;
	uv_idle_t idle;
	unsigned handles; /* of the two above, those that the loop still knows */
};

struct message_context *message_context_open(void)
{
	struct message_context *context = calloc(1, sizeof(*context));

	if (context)
		context->zmq = zmq_ctx_new();
	if (!context || !context->zmq) {
		free(context);
		return NULL;
	}
	(void)zmq_ctx_set(context->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
	return context;
}

void message_context_close(struct message_context *context)
{
	if (!context)
		return;
	while (zmq_ctx_term(context->zmq) != 0 && errno == EINTR)
		;
	free(context);
}

/* The path of an ipc endpoint, or NULL. */
static const char *ipc_path(const char *endpoint)
{
	return strncmp(endpoint, IPC_PREFIX, strlen(IPC_PREFIX)) == 0 ? endpoint + strlen(IPC_PREFIX) : NULL;
}

static int set_number(void *zmq, int option, int value)
{
	return zmq_setsockopt(zmq, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static int set_text(void *zmq, int option, const char *text)
{
	return zmq_setsockopt(zmq, option, text, strlen(text)) == 0 ? 0 : -errno;
}

static int set_keys(const struct message_socket *socket, const struct message_keys *keys)
{
	int result = socket->routes ? set_number(socket->zmq, ZMQ_CURVE_SERVER, 1)
				    : set_text(socket->zmq, ZMQ_CURVE_SERVERKEY, keys->peer_public);

	/* A domain makes libzmq ask the gate. */
	if (result == 0 && socket->routes)
		result = set_text(socket->zmq, ZMQ_ZAP_DOMAIN, "wakegate");
	if (result == 0)
		result = set_text(socket->zmq, ZMQ_CURVE_PUBLICKEY, keys->own_public);
	if (result == 0)
		result = set_text(socket->zmq, ZMQ_CURVE_SECRETKEY, keys->own_secret);
	return result;
}

static int set_options(struct message_socket *socket, const struct message_options *options)
{
	int64_t frame_max = (int64_t)options->frame_max;
	int result = zmq_setsockopt(socket->zmq, ZMQ_MAXMSGSIZE, &frame_max, sizeof(frame_max)) == 0 ? 0 : -errno;

	if (result == 0)
		result =
			set_number(socket->zmq, ZMQ_SNDHWM, options->send_max ? options->send_max : options->queue_max);
	if (result == 0)
		result = set_number(socket->zmq, ZMQ_RCVHWM, options->queue_max);
	if (result == 0)
		result = set_number(socket->zmq, ZMQ_LINGER, options->linger_ms);
	/* Without it a message to a peer that left, or whose queue is full, vanishes unsaid. */
	if (result == 0 && socket->routes)
		result = set_number(socket->zmq, ZMQ_ROUTER_MANDATORY, 1);
	if (result == 0 && options->keys)
		result = set_keys(socket, options->keys);
	return result;
}

static int socket_open(
	struct message_socket **out, struct message_context *context, const struct message_options *options)
{
	struct message_socket *socket = calloc(1, sizeof(*socket));

	if (!socket)
		return -ENOMEM;
	socket->routes = options->role == MESSAGE_ROUTER;
	socket->zmq = zmq_socket(context->zmq, socket->routes ? ZMQ_ROUTER : ZMQ_DEALER);
	if (!socket->zmq) {
		int result = -errno;
		free(socket);
		return result;
	}
	int result = set_options(socket, options);
	if (result < 0) {
		message_socket_close(socket);
		return result;
	}
	*out = socket;
	return 0;
}

/* Whether somebody listens on the socket file: 0, or why not. */
static int probe_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) > MESSAGE_PATH_MAX)
		return -ENAMETOOLONG;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return -errno;
	memcpy(address.sun_path, path, strlen(path) + 1);
	int result = connect(probe, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
	close(probe);
	return result == -EAGAIN ? 0 : result; /* EAGAIN: it listens, with its backlog full */
}

int message_endpoint_probe(const char *endpoint)
{
	const char *path = ipc_path(endpoint);

	return path ? probe_path(path) : 0;
}

static int check_path(const char *path, char *why, size_t why_size)
{
	if (strlen(path) > MESSAGE_PATH_MAX) {
		snprintf(why, why_size, "the socket path %s has %zu bytes, the system allows %d", path, strlen(path),
			MESSAGE_PATH_MAX);
		return -ENAMETOOLONG;
	}
	/* '@' and '*' are libzmq's abstract and self-chosen names, which no file mode guards. */
	if (!*path || *path == '@' || *path == '*') {
		snprintf(why, why_size, "\"%s\" is not the path of a socket", path);
		return -EINVAL;
	}
	return 0;
}

/* Only a socket that nobody listens on may be replaced; libzmq would replace any file. */
static int check_vacant(const char *path, char *why, size_t why_size)
{
	struct stat found;

	if (lstat(path, &found) < 0)
		return 0;
	if (!S_ISSOCK(found.st_mode)) {
		snprintf(why, why_size, "%s exists and is not a socket", path);
		return -EEXIST;
	}
	if (probe_path(path) == 0) {
		snprintf(why, why_size, "another process listens on %s", path);
		return -EADDRINUSE;
	}
	return 0;
}

static int find_group(const char *name, gid_t *out, char *why, size_t why_size)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	*out = group ? group->gr_gid : (gid_t)-1;
	if (!name || group)
		return 0;
	snprintf(why, why_size, "there is no group \"%s\" for the socket", name);
	return -ENOENT;
}

static int bind_file(
	struct message_socket *socket, const struct message_options *options, const char *path, gid_t group)
{
	/* The mode must hold from the first moment, so it is the mask that makes it and not a later chmod(). */
	mode_t before = umask(~options->mode & 0777);
	int result = zmq_bind(socket->zmq, options->endpoint) == 0 ? 0 : -errno;

	(void)umask(before);
	if (result == 0)
		snprintf(socket->path, sizeof(socket->path), "%s", path);
	if (result == 0 && group != (gid_t)-1 && chown(path, (uid_t)-1, group) < 0)
		result = -errno;
	return result;
}

int message_socket_bind(struct message_socket **out, struct message_context *context,
	const struct message_options *options, char *why, size_t why_size)
{
	const char *path = ipc_path(options->endpoint);
	struct message_socket *socket = NULL;
	gid_t group = (gid_t)-1;
	int result = 0;

	if (path)
		result = check_path(path, why, why_size);
	if (result == 0 && path)
		result = check_vacant(path, why, why_size);
	if (result == 0 && path)
		result = find_group(options->group, &group, why, why_size);
	if (result < 0)
		return result;

	result = socket_open(&socket, context, options);
	if (result == 0 && path)
		result = bind_file(socket, options, path, group);
	else if (result == 0 && zmq_bind(socket->zmq, options->endpoint) != 0)
		result = -errno;
	if (result < 0) {
		snprintf(why, why_size, "cannot listen on %s: %s", options->endpoint, zmq_strerror(-result));
		message_socket_close(socket);
		return result;
	}
	*out = socket;
	return 0;
}

int message_socket_connect(struct message_socket **out, struct message_context *context,
	const struct message_options *options, char *why, size_t why_size)
{
	const char *path = ipc_path(options->endpoint);
	struct message_socket *socket = NULL;
	int result = 0;

	if (path)
		result = check_path(path, why, why_size);
	if (result < 0)
		return result;
	if (path)
		result = probe_path(path);
	if (result == 0)
		result = socket_open(&socket, context, options);
	if (result == 0 && zmq_connect(socket->zmq, options->endpoint) != 0)
		result = -errno;
	if (result < 0) {
		snprintf(why, why_size, "cannot connect to %s: %s", options->endpoint, zmq_strerror(-result));
		message_socket_close(socket);
		return result;
	}
	*out = socket;
	return 0;
}

/* zmq_send() may have eaten the edge that told of a message: look again before the loop sleeps. */
static void look_again(struct message_socket *socket);

int message_socket_send(struct message_socket *socket, const struct message *message)
{
	int result = 0;

	assert(message->count >= 1 && message->count <= MESSAGE_FRAMES_MAX);
	/* Only the first frame can fail for the peer's sake; libzmq takes the others with it. */
	for (size_t i = 0; i < message->count && result == 0; i++) {
		const struct message_frame *frame = &message->frames[i];
		int more = i + 1 < message->count ? ZMQ_SNDMORE : 0;
		int sent;
		do
			sent = zmq_send(socket->zmq, frame->data, frame->size, more | ZMQ_DONTWAIT);
		while (sent < 0 && errno == EINTR);
		if (sent < 0)
			result = -errno;
	}
	look_again(socket);
	return result;
}

static void give_back(struct message_socket *socket)
{
	while (socket->frame_count > 0)
		(void)zmq_msg_close(&socket->frames[--socket->frame_count]);
}

/* Takes one frame off the socket into `frame`; whether more of the same message follow goes to `more`. */
static int take_frame(struct message_socket *socket, zmq_msg_t *frame, bool *more)
{
	int taken;

	(void)zmq_msg_init(frame);
	do
		taken = zmq_msg_recv(frame, socket->zmq, ZMQ_DONTWAIT);
	while (taken < 0 && errno == EINTR);
	if (taken < 0) {
		int result = -errno;
		(void)zmq_msg_close(frame);
		return result;
	}
	*more = zmq_msg_more(frame);
	return 0;
}

/* Frames of a message arrive together, so that once its first is here the others are too. */
static void discard_rest(struct message_socket *socket)
{
	bool more = true;

	while (more) {
		zmq_msg_t frame;
		if (take_frame(socket, &frame, &more) < 0)
			return;
		(void)zmq_msg_close(&frame);
	}
}

/* libzmq has the credentials of an ipc peer at the end of its address, ":UID:GID:PID". */
static struct message_peer peer_of(zmq_msg_t *frame)
{
	const char *address = zmq_msg_gets(frame, "Peer-Address");
	const char *at = address ? strchr(address, ':') : NULL;
	struct message_peer peer = { 0 };
	unsigned uid, gid;
	int pid, end = 0;

	if (!at || sscanf(at, ":%u:%u:%d%n", &uid, &gid, &pid, &end) != 3 || at[end])
		return peer;
	return (struct message_peer){ .known = true, .uid = uid, .pid = pid };
}

int message_socket_receive(struct message_socket *socket, struct message *out)
{
	struct message message = { .count = 0 };
	bool more = true;

	give_back(socket);
	while (more && socket->frame_count < MESSAGE_FRAMES_MAX) {
		zmq_msg_t *frame = &socket->frames[socket->frame_count];
		int result = take_frame(socket, frame, &more);
		if (result < 0)
			return result;
		socket->frame_count++;
		/* The first frame, which the router makes, does not always have it. */
		if (socket->path[0] && !message.peer.known)
			message.peer = peer_of(frame);
		message.frames[message.count].data = zmq_msg_data(frame);
		message.frames[message.count++].size = zmq_msg_size(frame);
	}
	if (more) {
		discard_rest(socket);
		give_back(socket);
		return -EMSGSIZE;
	}
	*out = message;
	return 0;
}

/*
 * The descriptor of a libzmq socket tells of changes, not of states: one that is readable says "look at what is there",
 * and what is left unread is not told of again. So all that is there is taken, in portions that leave the loop room
 * for others, and an idle handle keeps it from sleeping until nothing is left.
 */
static void on_turn(uv_idle_t *idle)
{
	struct message_socket *socket = idle->data;
	struct message message;

	for (int i = 0; i < MESSAGES_PER_TURN; i++) {
		int result = message_socket_receive(socket, &message);
		if (result == -EMSGSIZE)
			continue;
		if (result < 0) {
			uv_idle_stop(idle);
			return;
		}
		socket->arrived(socket->arrived_context, &message);
		if (socket->closing)
			return;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct message_socket *socket = poll->data;

	look_again(socket);
}

static void look_again(struct message_socket *socket)
{
	if (socket->handles && !socket->closing)
		uv_idle_start(&socket->idle, on_turn);
}

int message_socket_watch(struct message_socket *socket, struct uv_loop_s *loop,
	void (*arrived)(void *context, const struct message *message), void *context)
{
	int fd = -1;
	size_t size = sizeof(fd);

	assert(!socket->handles);
	if (zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size) != 0)
		return -errno;
	int result = uv_poll_init(loop, &socket->poll, fd);
	if (result < 0)
		return result;
	uv_idle_init(loop, &socket->idle);
	socket->handles = 2;
	socket->poll.data = socket->idle.data = socket;
	socket->arrived = arrived;
	socket->arrived_context = context;
	uv_poll_start(&socket->poll, UV_READABLE, on_readable);
	look_again(socket);
	return 0;
}

int message_socket_wait(struct message_socket *socket, int other_fd, int timeout_ms)
{
	zmq_pollitem_t items[2] = {
		{ .socket = socket->zmq, .events = ZMQ_POLLIN },
		{ .fd = other_fd, .events = ZMQ_POLLIN },
	};

	if (zmq_poll(items, other_fd < 0 ? 1 : 2, timeout_ms) < 0)
		return -errno;
	return (items[0].revents ? MESSAGE_READY : 0) | (items[1].revents ? MESSAGE_OTHER : 0);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct message_socket *socket = handle->data;

	if (--socket->handles == 0)
		free(socket);
}

void message_socket_close(struct message_socket *socket)
{
	if (!socket)
		return;
	socket->closing = true;
	give_back(socket);
	if (socket->handles) {
		uv_close((uv_handle_t *)&socket->poll, on_handle_closed);
		uv_close((uv_handle_t *)&socket->idle, on_handle_closed);
	}
	/* libzmq leaves the file. Now, while we still listen, nobody else can have put one in its place. */
	if (*socket->path)
		(void)unlink(socket->path);
	(void)zmq_close(socket->zmq);
	if (!socket->handles)
		free(socket);
}
