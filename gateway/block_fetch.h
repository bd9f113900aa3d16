/*
 * block_fetch: fetches of images in blocks over the MQTT connection, for sites that open no second channel.
 *
 * The gateway asks on ota/GATEWAY/get, {"sha256": HEX, "offset": N, "size": M}, and takes the bytes from
 * ota/GATEWAY/block/HEAD/OFFSET, HEAD being the first 16 digits of the SHA-256. A few requests are under way at once;
 * one without an answer is made again. docs/mqtt.md describes the server's side.
 */
#ifndef WAKEGATE_GATEWAY_BLOCK_FETCH_H
#define WAKEGATE_GATEWAY_BLOCK_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/fetch.h"
#include "gateway/moment.h"

#define BLOCK_WINDOW_MAX 16
#define BLOCK_SIZE_MAX 262144
#define BLOCK_REPEATS_MAX 5 /* of a request without an answer */

struct settings_table;
struct topics;
struct uplink_message;

/* The settings group "blocks". */
struct block_settings {
	int64_t size_bytes;       /* of a block */
	int64_t window;           /* requests under way at once */
	int64_t timeout_ms;       /* until a request is made again */
	int64_t rate_bytes_per_s; /* of each fetch; 0: no cap */
};
extern const struct settings_table block_settings_table;

/* All outlive the source. */
struct block_source_parts {
	const struct block_settings *settings;
	const struct topics *topics;
	/* uplink_ops.publish without a ticket: a request is made at QoS 0, for it is repeated anyway. */
	int (*publish)(void *context, const struct uplink_message *message);
	void *context;
};

extern const struct fetch_ops block_fetch;

/* -ENOMEM. */
int block_source_open(struct fetch_source **out, const struct block_source_parts *parts);

/* The session began, or ended: then all fetches end with -ENOTCONN. */
void block_source_on_session(struct fetch_source *source, bool stands, struct moment now);

/* A message on a topic below `blocks`. Those that nobody asked for are passed over. */
void block_source_on_message(struct fetch_source *source, const struct uplink_message *message, struct moment now);

/* Makes the requests that are due; for the ticker, eager. Milliseconds until it wants to be called again. */
int64_t block_source_tick(struct fetch_source *source, struct moment now);

/* Cancels all fetches. NULL is fine. */
void block_source_close(struct fetch_source *source);

#endif
