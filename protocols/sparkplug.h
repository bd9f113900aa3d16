/*
 * sparkplug: Sparkplug B payloads (Eclipse Sparkplug 3.0, section 6): metrics of an edge node, written and read.
 *
 * As far as a gateway of measured values needs them: no data sets, templates, arrays or metadata; the properties are
 * the unit and SenML's sum. What the reader does not know it passes over. Nothing allocates.
 */
#ifndef WAKEGATE_PROTOCOLS_SPARKPLUG_H
#define WAKEGATE_PROTOCOLS_SPARKPLUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define SPARKPLUG_NAMESPACE "spBv1.0"
#define SPARKPLUG_UNIT "engUnit" /* the property that hosts show as a metric's unit */
#define SPARKPLUG_SUM "sum"      /* a property of wakegate's own */
#define SPARKPLUG_STATE_MAX 1024 /* bytes of a host's STATE */

/* Section 6.4.16; those that are written here. */
enum sparkplug_type {
	SPARKPLUG_INT64 = 4,
	SPARKPLUG_DOUBLE = 10,
	SPARKPLUG_BOOLEAN = 11,
	SPARKPLUG_STRING = 12,
	SPARKPLUG_BYTES = 17,
};

enum sparkplug_kind {
	SPARKPLUG_NO_VALUE,
	SPARKPLUG_AN_INTEGER,
	SPARKPLUG_A_REAL,
	SPARKPLUG_A_TRUTH,
	SPARKPLUG_A_TEXT,
	SPARKPLUG_SOME_BYTES,
};

/* Section 6.4.6. Written as far as it is set; texts are borrowed. */
struct sparkplug_metric {
	struct span name;      /* empty: only the alias is said */
	uint64_t alias;        /* 0: none; wakegate's begin at 1 */
	uint64_t timestamp_ms; /* since 1970-01-01 UTC; 0: none */
	uint32_t datatype;     /* enum sparkplug_type; 0: not said */
	bool is_historical;
	bool is_null;
	struct span unit; /* empty: none */
	bool has_sum;
	double sum;
	enum sparkplug_kind kind;
	uint64_t integer; /* two's complement */
	double real;
	bool truth;
	struct span text; /* or bytes */
};

/* Begins a payload that is published at `timestamp_ms`. */
void sparkplug_begin(struct writer *writer, uint64_t timestamp_ms);
void sparkplug_write_metric(struct writer *writer, const struct sparkplug_metric *metric);
/* Section 6.4.3: in all but deaths of edge nodes; 0 to 255. */
void sparkplug_write_seq(struct writer *writer, uint8_t seq);
/* Bytes of one's own, which others pass over. */
void sparkplug_write_body(struct writer *writer, struct span body);

struct sparkplug_payload {
	uint64_t timestamp_ms; /* 0: not said */
	bool has_seq;
	uint64_t seq;
	struct span body;
	size_t metrics;
};

/* Goes over the whole payload once. -EBADMSG. */
int sparkplug_parse(struct sparkplug_payload *out, const void *data, size_t size);

/* The next metric of a payload that was parsed: 1, 0 at the end. `rest` begins as the whole payload. */
int sparkplug_next(struct reader *rest, struct sparkplug_metric *out);

/* What a host application says of itself on spBv1.0/STATE/ID (section 6.4.27). */
struct sparkplug_state {
	bool online;
	int64_t timestamp_ms;
};

/* -EBADMSG. */
int sparkplug_state_parse(struct sparkplug_state *out, const void *data, size_t size);

#endif
