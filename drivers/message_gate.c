#include "drivers/message_gate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/message_socket.h"
#include "drivers/message_socket_keys.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define QUESTIONS_MAX 64

/* Frames of a question, RFC 27: after the router's and an empty one. */
enum { PEER, EMPTY, VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, FRAMES };

struct message_gate {
	struct message_socket *socket;
	uint8_t key[MESSAGE_KEY_BYTES];
	uint64_t refused;
};

static bool is_text(const struct message_frame *frame, const char *text)
{
	return frame->size == strlen(text) && memcmp(frame->data, text, frame->size) == 0;
}

static struct message_frame frame_of(const char *text)
{
	return (struct message_frame){ text, strlen(text) };
}

static void on_question(void *context, const struct message *question)
{
	struct message_gate *gate = context;
	const struct message_frame *frames = question->frames;

	if (question->count != FRAMES || !is_text(&frames[VERSION], "1.0"))
		return;
	bool known = is_text(&frames[MECHANISM], "CURVE") && frames[KEY].size == sizeof(gate->key) &&
		     memcmp(frames[KEY].data, gate->key, sizeof(gate->key)) == 0;
	const struct message answer = {
		.count = 8,
		.frames = { frames[PEER], frame_of(""), frame_of("1.0"), frames[REQUEST],
			frame_of(known ? "200" : "400"), frame_of(known ? "OK" : "not the key that is expected"),
			frame_of(""), frame_of("") },
	};

	gate->refused += !known;
	(void)message_socket_send(gate->socket, &answer);
}

int message_gate_open(struct message_gate **out, struct message_context *context, struct uv_loop_s *loop,
	const uint8_t *key, char *why, size_t why_size)
{
	const struct message_options options = {
		.role = MESSAGE_ROUTER,
		.endpoint = ENDPOINT,
		.frame_max = 1024,
		.queue_max = QUESTIONS_MAX,
	};
	struct message_gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	memcpy(gate->key, key, sizeof(gate->key));
	int error = message_socket_bind(&gate->socket, context, &options, why, why_size);
	if (!error)
		error = message_socket_watch(gate->socket, loop, on_question, gate);
	if (error) {
		message_gate_close(gate);
		return error;
	}
	*out = gate;
	return 0;
}

uint64_t message_gate_refused(const struct message_gate *gate)
{
	return gate->refused;
}

void message_gate_close(struct message_gate *gate)
{
	if (!gate)
		return;
	message_socket_close(gate->socket);
	free(gate);
}
