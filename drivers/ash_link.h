/*
 * ash_link: a connection over ASH as its host keeps it: resets, windows, acknowledgements, repetitions and their
 * timers.
 *
 * Silicon Labs UG101. A pure machine: bytes come in, bytes go out through `write`, and time is an argument. Six
 * time-outs in a row, an ERROR frame or a reset of the other side end the connection; ash_link_reset() begins another.
 */
#ifndef WAKEGATE_DRIVERS_ASH_LINK_H
#define WAKEGATE_DRIVERS_ASH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/ash.h"

#define ASH_LINK_WINDOW 3 /* frames sent and not acknowledged; network processors bear no more */
#define ASH_LINK_QUEUE 8

struct ash_link_host {
	void *context;
	/* Bytes for the line; must not call back. */
	void (*write)(void *context, const void *data, size_t size);
	/* The connection stands, after a reset of the network processor. */
	void (*up)(void *context);
	void (*received)(void *context, const uint8_t *data, size_t size);
	/* It is over: a sentence for a person. May begin another. */
	void (*failed)(void *context, const char *why);
};

struct ash_link {
	struct ash_link_host host;
	struct ash_parser parser;
	enum { ASH_LINK_IDLE, ASH_LINK_RESETTING, ASH_LINK_UP } state;
	uint8_t expected;  /* number of the next frame to come */
	uint8_t first;     /* number of the first frame in the queue */
	unsigned count;    /* frames in the queue, */
	unsigned sent;     /* those that were sent and are not acknowledged */
	unsigned start;    /* index of the first */
	unsigned silences; /* resets or time-outs in a row */
	bool owes;         /* a frame arrived that nothing sent since acknowledges */
	bool rejecting;    /* a NAK was sent for what is missing */
	bool repeated;     /* the first frame was: its acknowledgement says nothing about time */
	int64_t sent_ms;   /* when the first frame was sent */
	int64_t timeout_ms;
	int64_t deadline_ms;
	struct {
		size_t size;
		uint8_t data[ASH_DATA_MAX];
	} queue[ASH_LINK_QUEUE];
};

void ash_link_init(struct ash_link *link, const struct ash_link_host *host);

/* Drops all and resets the network processor. */
void ash_link_reset(struct ash_link *link, int64_t now_ms);

/* Nothing is sent and told any more, until ash_link_reset(). */
void ash_link_stop(struct ash_link *link);

void ash_link_take(struct ash_link *link, int64_t now_ms, const void *data, size_t size);

/* Copies the data: -ENOTCONN; -EMSGSIZE: fewer than ASH_DATA_MIN or more than ASH_DATA_MAX bytes; -ENOBUFS. */
int ash_link_send(struct ash_link *link, int64_t now_ms, const void *data, size_t size);

/* When to call ash_link_alarm(); INT64_MAX: never. */
int64_t ash_link_deadline(const struct ash_link *link);
void ash_link_alarm(struct ash_link *link, int64_t now_ms);

#endif
