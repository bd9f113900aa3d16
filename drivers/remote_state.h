/*
 * remote_state: what drivers/remote.c (tells), drivers/remote_take.c (is told) and drivers/remote_session.c (whether
 * somebody is there) share; private to these.
 */
#ifndef WAKEGATE_DRIVERS_REMOTE_STATE_H
#define WAKEGATE_DRIVERS_REMOTE_STATE_H

#include <uv.h>

#include "drivers/driver_message.h"
#include "drivers/message_gate.h"
#include "drivers/message_socket.h"
#include "drivers/offers.h"
#include "drivers/reconnect.h"
#include "drivers/remote.h"

#define REMOTE_READS_MAX 256    /* of images, that wait for the disk */
#define REMOTE_REPORTS_MAX 4096 /* not durable yet */
#define REMOTE_QUESTIONS_MAX 64 /* not answered yet */
#define REMOTE_COUNTERS_MAX 128
#define REMOTE_COUNTER_NAME_MAX 47
#define REMOTE_EVENTS_PER_S 100 /* lines of log */

struct remote_process;

enum remote_state {
	REMOTE_WAITING,  /* until it is started again, or comes by itself */
	REMOTE_STARTING, /* no word that its network is open yet */
	REMOTE_RUNNING,
};

struct remote_question {
	struct remote_question *next;
	uint32_t id;
	struct driver_question question; /* its texts are not kept */
};

/* Bytes of an image that were asked for and are not in memory yet. */
struct remote_read {
	char name[IMAGE_NAME_SIZE];
	uint32_t offset, size;
};

struct remote_counters {
	struct driver_counter list[REMOTE_COUNTERS_MAX];
	char names[REMOTE_COUNTERS_MAX][REMOTE_COUNTER_NAME_MAX + 1];
	uint64_t values[REMOTE_COUNTERS_MAX];
	size_t count;
};

struct driver {
	const struct remote_settings *settings;
	const struct driver_host *host;
	uv_loop_t *loop;
	struct message_context *context;
	struct message_gate *gate; /* NULL: plain */
	struct message_socket *socket;
	struct remote_process *process;       /* NULL: none runs, or it is not ours */
	uv_timer_t beat_timer, restart_timer; /* the latter also looks how a process ends that was cut off */
	unsigned cut_looks;                   /* that are left, at a process whose connection broke; 0: none did */
	unsigned handles;                     /* timers that the loop still knows */

	enum remote_state state;
	uint8_t peer[ROUTER_PEER_MAX];
	size_t peer_size; /* 0: nobody is there */
	size_t cut_size;  /* of the peer whose connection broke, while it is looked how its process ends */
	uint32_t session; /* which one it is */
	bool takes_commands, takes_questions;
	struct remote_guard guard;
	struct reconnect pause;
	int64_t ready_ms; /* when it was last */
	uint64_t restarts;
	char trouble[256]; /* why it was ended last */

	struct offers offers;
	struct remote_question *questions;
	size_t question_count;
	uint32_t question_id;
	size_t report_count;
	struct remote_read reads[REMOTE_READS_MAX];
	size_t read_count;
	struct remote_counters counters;
	int64_t event_second_ms;
	unsigned event_count;
};

/* All that it is to know before it starts: its settings and its records. */
void remote_greet(struct driver *driver);

/* Name, size, digest and the like into an offer or an answer. */
void remote_describe_image(struct driver_message *message, const struct image_source *image);

/* The network is open. */
void remote_on_ready(struct driver *driver);

/* A message of the driver's that is no hello. */
void remote_take(struct driver *driver, const struct driver_message *message, struct span data);

/* Bytes that had to wait may be there. */
void remote_read_again(struct driver *driver);

#endif
