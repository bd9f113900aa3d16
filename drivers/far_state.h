/*
 * far_state: what drivers/far_gateway.c (hears the gateway), drivers/far_deliver.c (hands that on) and
 * drivers/far_host.c (speaks to it) share; private to these.
 */
#ifndef WAKEGATE_DRIVERS_FAR_STATE_H
#define WAKEGATE_DRIVERS_FAR_STATE_H

#include <uv.h>

#include "config/arena.h"
#include "drivers/driver_message.h"
#include "drivers/far_gateway.h"
#include "drivers/far_images.h"
#include "drivers/message_socket.h"
#include "drivers/record_shelf.h"

#define FAR_REPORTS_MAX 4096 /* not durable yet */
#define FAR_RECENT 64        /* answers about images that hold for FAR_RECENT_MS */
#define FAR_RECENT_MS 500

/* A message that waits for its turn. */
struct far_message {
	struct far_message *next;
	struct driver_message message;
	struct span data; /* behind it */
};

struct far_report {
	void (*done)(void *context, int result, uint32_t retry_s); /* NULL: free */
	void *context;
	uint32_t next_free; /* its number, 0: the last */
};

/* What the gateway said of an image and a node a moment ago. */
struct far_answer {
	char name[IMAGE_NAME_SIZE], node[NODE_ID_MAX + 1];
	struct image_source *image; /* a reference; NULL: it shall not have it */
	int64_t until_ms;
};

struct far_gateway {
	const struct driver_ops *ops;
	uv_loop_t *loop;
	struct message_context *context;
	struct message_socket *socket;
	uv_timer_t timer;
	uv_idle_t idle;
	unsigned handles; /* of the two above, those that the loop still knows */
	void (*ended)(void *context, int status);
	void *ended_context;
	bool over;
	bool mute; /* it let an answer wait too long: until it is heard again nobody waits for another */

	struct driver *driver; /* NULL: not open */
	struct driver_host host;
	void *settings;
	struct arena arenas[2]; /* texts of the settings, now and before */
	int64_t silence_ms, heard_ms, looked_ms;

	struct far_message *first, **last; /* that wait for their turn */
	uint32_t id;                       /* of the latest question */
	struct record_shelf records;
	struct far_images images;
	struct far_answer recent[FAR_RECENT];
	struct far_report *reports; /* by number from 1 */
	uint32_t report_room, report_free, report_count;
	char *text; /* DRIVER_DATA_MAX bytes for what is being written */
};

/* 0, or why it was not sent. */
int far_send(struct far_gateway *gateway, const struct driver_message *message, struct span data);

/* A message of that type and text alone. */
void far_say(struct far_gateway *gateway, enum driver_message_type type, const char *text);

/* Hands a message on to whom it is for; may open the driver, or end it all. */
void far_deliver(struct far_gateway *gateway, const struct driver_message *message, struct span data);

/* Reads until the answer to `id` is there. Whatever else comes waits for its turn. -ETIMEDOUT. */
int far_wait(struct far_gateway *gateway, enum driver_message_type type, uint32_t id, struct driver_message *out);

/* Hands on the offers, and those that are withdrawn, that wait for their turn. */
void far_take_offers(struct far_gateway *gateway);

/* The calls of a driver_host. */
void far_host_init(struct far_gateway *gateway);
void far_host_finish(struct far_gateway *gateway);

/* Something is durable, or not. */
void far_report_done(struct far_gateway *gateway, const struct driver_message *message);

/* Nothing will be durable any more. */
void far_refuse_reports(struct far_gateway *gateway);

#endif
