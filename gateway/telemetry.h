/*
 * telemetry: takes the readings of the nodes and tells each node that they are durable when they are.
 *
 * Reports are packed into an open segment as they come; it is closed after the commit delay or when it is large. While
 * the uplink is fast it is offered to the broker first and goes to the store only where no PUBACK comes in time;
 * otherwise it goes to the store as one row, and then to `publish`. Whichever has it first, the broker or the disk,
 * every report in it is acknowledged. Each reading has a sequence number, given once and never again. A message that a
 * node repeats within EXCHANGE_LIFE_MS is kept once, also across a restart. What cannot be kept is refused, never
 * acknowledged.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_H
#define WAKEGATE_GATEWAY_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "gateway/telemetry_figures.h"

#define EXCHANGE_LIFE_MS (247 * 1000) /* RFC 7252 section 4.8.2, EXCHANGE_LIFETIME */
#define TELEMETRY_OBSERVERS_MAX 16

struct edge;
struct gaps;
struct governor;
struct publish;
struct reading;
struct reading_report;
struct span;
struct store;
struct telemetry;
struct telemetry_settings;

/* All outlive the telemetry. */
struct telemetry_parts {
	struct store *store;
	struct gaps *gaps;
	struct publish *publish; /* gets what is durable; NULL: it stays in the store */
	const struct telemetry_settings *settings;
	uint32_t boot;                 /* which start of the gateway this is */
	uint64_t journal_name;         /* for its journal, should it have none yet: any random number */
	const char *runtime_directory; /* see runtime_memory.h; NULL: none, and the disk alone acknowledges */
	struct governor *governor;     /* chooses the commit bound; NULL: it is commit_delay */
	struct edge *edge;             /* the rules; NULL: readings stay as they are */
};

/* Goes on after the last sequence number of the store. Blocks; for start-up. -ENOMEM, -EIO. After -EIO *out is there
 * for nothing but telemetry_close(), for the store may have replies for it. */
int telemetry_open(struct telemetry **out, const struct telemetry_parts *parts, struct moment now);

/*
 * Takes a report of a node that is accepted. Its `done` is called exactly once, see drivers/driver.h; readings without
 * a time get the gateway's.
 */
void telemetry_take(struct telemetry *telemetry, const struct reading_report *report, struct moment now);

/* The message of that fingerprint will be asked for soon: what that takes is fetched into the cache. */
void telemetry_expect(const struct telemetry *telemetry, uint64_t exchange);

/* Whether the message of that fingerprint was taken lately, and so is acknowledged, not kept, when it comes again. */
bool telemetry_knows(struct telemetry *telemetry, uint64_t exchange);

/* Closes the open segment when it is due, and goes on with what replies of the store brought. Call it after each
 * round of events; milliseconds until it wants to be called again. */
int64_t telemetry_tick(struct telemetry *telemetry, struct moment now);

/* Hands all that was taken to the store, at the end, and waits for what it says of that: replies of the store to
 * anybody may come from within. store_close() then calls what `done`s are left. */
void telemetry_flush(struct telemetry *telemetry, struct moment now);

/* Frees; after the store was closed. NULL is fine. */
void telemetry_close(struct telemetry *telemetry);

/*
 * For whoever stores segments beside those of telemetry: gives `count` numbers; telemetry_numbers_back() says what the
 * store made of them. -EAGAIN: not now, readings are waiting for room.
 */
int telemetry_lend_numbers(struct telemetry *telemetry, uint32_t count, uint64_t *first);
void telemetry_numbers_back(struct telemetry *telemetry, uint64_t first, uint32_t count, int result);

/* Someone who watches readings as they are taken; must not call back. */
struct telemetry_observer {
	void (*reading)(void *context, struct span node, int64_t received_ms, const struct reading *reading);
	void *context;
};

/* Both are kept until unobserved. -ENOBUFS over TELEMETRY_OBSERVERS_MAX. */
int telemetry_observe(struct telemetry *telemetry, const struct telemetry_observer *observer);
void telemetry_unobserve(struct telemetry *telemetry, const struct telemetry_observer *observer);

void telemetry_figures(const struct telemetry *telemetry, struct telemetry_figures *out);

#endif
