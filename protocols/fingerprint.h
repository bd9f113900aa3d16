/*
 * fingerprint: tells a report from others, so that it is known when its node repeats it.
 *
 * Where every reading bears its own date, by the readings: whoever sends the same ones of the same node again, whenever
 * and however written, means the same report. docs/segment-format.md describes every byte that goes into it, because
 * fingerprints outlive versions. It guards against accidents, not against somebody who wants two reports to look the
 * same.
 */
#ifndef WAKEGATE_PROTOCOLS_FINGERPRINT_H
#define WAKEGATE_PROTOCOLS_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"
#include "protocols/siphash.h"

/* Odd: of the readings; 0: they do not tell the report from others. */
uint64_t fingerprint_of_report(struct span node, const struct reading *readings, size_t count);

/* Even: where readings do not tell a report, what else tells its message from others, a hash or a count. */
uint64_t fingerprint_of_message(uint64_t hash);

/* Whether it means the same report at any later time, since it is that of dated readings. */
bool fingerprint_lasts(uint64_t fingerprint);

/* The same as fingerprint_of_report(), reading by reading. */
struct fingerprint {
	struct siphash_words state;
	bool has_readings;
	bool failed; /* one of them bears no date, or is larger than a reading may be */
};

void fingerprint_begin(struct fingerprint *fingerprint, struct span node);

/* The report's readings, in their order. */
void fingerprint_add(struct fingerprint *fingerprint, const struct reading *reading);

uint64_t fingerprint_end(const struct fingerprint *fingerprint);

#endif
