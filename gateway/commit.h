/*
 * commit: reports of nodes that become durable together: one segment from its first report to the store's reply.
 */
#ifndef WAKEGATE_GATEWAY_COMMIT_H
#define WAKEGATE_GATEWAY_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/commit_exchanges.h"
#include "gateway/moment.h"

#define COMMIT_REPORTS_MAX 65536 /* as many fingerprints as a stored segment takes */

struct feed;
struct reading_report;
struct segment_writer;
struct stored_segment;
struct telemetry;

enum commit_state {
	COMMIT_OPEN,
	COMMIT_CLOSED,    /* waits for the store to take it */
	COMMIT_OFFERED,   /* on its way to the broker, who may have it before the store needs to */
	COMMIT_SUBMITTED, /* in the store's hands */
	COMMIT_NO_ROOM,   /* came back: the quota or the disk is full */
	COMMIT_HELD,      /* came back and is tried again later, because the broker may have it */
};

/* Who waits for it. */
struct commit_waiter {
	void (*done)(void *context, int result, uint32_t retry_s);
	void *context;
};

struct commit {
	struct commit *next;
	struct telemetry *owner;
	enum commit_state state;
	uint32_t serial;   /* never EXCHANGE_DURABLE */
	int64_t opened_ms; /* monotonic */
	int64_t due_ms;    /* to be closed; while offered: to be stored */
	bool urgent;       /* not to be kept from the store by an offer */
	bool numbered;     /* the broker may know its numbers, so that they stay what they are */
	bool recovered;    /* a former process offered it */
	bool delivered;    /* the broker has it */
	bool refused;      /* its nodes were told to come again, but it is held or was tried again since */
	bool acknowledged; /* its nodes have been told */
	bool reworked;     /* not all readings are those of the reports: rules made some, or it is not known */
	uint64_t first;    /* sequence number, while submitted or numbered */
	uint32_t count;    /* readings */
	uint32_t boot;     /* which start of the gateway took them */
	int64_t oldest_us, newest_us;
	uint8_t *data;
	size_t size, room;
	uint32_t unheard; /* reports that were answered before they were durable */
	struct commit_waiter *waiters;
	size_t waiter_count, waiter_room;
	struct commit_exchanges exchanges;
	struct feed *feed; /* for windows, see gateway/edge.h; NULL: nothing */
};

/* An open commit whose segment `writer` will write, or NULL: no memory. */
struct commit *commit_new(struct segment_writer *writer);
/* A closed one that was offered before the process was killed; its data is checked and copied. -EBADMSG, -ENOMEM. */
int commit_recover(struct commit **out, const struct stored_segment *segment);
void commit_free(struct commit *commit);

/* Adds the report, perhaps of no readings, and unless it is fast its waiter. -ENOBUFS: the commit is full, -ENOMEM;
 * then it is as it was. */
int commit_add(
	struct commit *commit, struct segment_writer *writer, const struct reading_report *report, struct moment now);

/* Adds readings for which nobody waits, in the same way; none are fine. */
int commit_put(
	struct commit *commit, struct segment_writer *writer, const struct reading_report *report, struct moment now);

/* Nothing was added, and nobody waits. */
bool commit_is_empty(const struct commit *commit);

/* One more waiter. -ENOMEM. */
int commit_attach(struct commit *commit, const struct commit_waiter *waiter);

#endif
