/*
 * batch: one message upstream: readings of many nodes as SenML (RFC 8428) or columns, perhaps compressed.
 *
 * It names the gateway, its boot and the sequence numbers of its readings, which are without a hole. Gaps have messages
 * of their own, in SenML whatever the format. docs/telemetry.md shows every byte.
 */
#ifndef WAKEGATE_GATEWAY_BATCH_H
#define WAKEGATE_GATEWAY_BATCH_H

#include <stddef.h>
#include <stdint.h>

struct batch;
struct gap;
struct segment_entry;
struct sparkplug_edge;
struct uplink_message;

struct batch_options {
	const char *gateway;         /* its id; outlives the batch */
	int format;                  /* enum batch_format */
	int compression;             /* enum batch_compression */
	size_t bytes;                /* before compression */
	struct sparkplug_edge *edge; /* of BATCH_SPARKPLUG only; outlives the batch */
};

/* A reusable builder. -ENOMEM. */
int batch_open(struct batch **out, const struct batch_options *options);
void batch_close(struct batch *batch);

/* Begins a batch; what was built before is gone. */
void batch_begin(struct batch *batch);

/* The readings of the batch that was begun are backlog; for formats that say so. */
void batch_mark_historical(struct batch *batch);

/* Adds a reading; its texts are copied. -ENOBUFS: it does not fit, or not with the others; the batch is as it was. */
int batch_add(struct batch *batch, const struct segment_entry *entry);

/* Readings added. */
size_t batch_count(const struct batch *batch);

/* What it says of itself, beside the gateway. */
struct batch_label {
	uint32_t boot;
	uint64_t first; /* sequence number of the first reading; the others follow without a hole */
};

/* Sends what has to go before the batch, by its format; before batch_finish(). As uplink_ops.publish. */
int batch_announce(struct batch *batch);

/* Completes the batch: payload, size and content type of `out`, borrowed until the next batch_begin(); its topic and
 * QoS too if the format has its own, else they are left alone. */
void batch_finish(struct batch *batch, const struct batch_label *label, struct uplink_message *out);

/* The message was sent, as it was finished. */
void batch_sent(struct batch *batch);

/* Likewise a message of `count` gaps, at most GAPS_MAX. */
void batch_write_gaps(struct batch *batch, const struct gap *gaps, size_t count, struct uplink_message *out);

#endif
