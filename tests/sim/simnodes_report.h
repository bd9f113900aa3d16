/*
 * simnodes_report: what the simulated nodes did, for those who check: a ledger of readings, a status, a result.
 *
 * The ledger has a line an event: "made NODE TIME_MS NAME VALUE" when a reading was taken, "kept NODE TIME_MS" when the
 * gateway acknowledged it. Status and result are JSON files that are replaced whole.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODES_REPORT_H
#define WAKEGATE_TESTS_SIM_SIMNODES_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sim_reading;
struct simnode;
struct simnodes_link;

struct simnodes_totals {
	size_t on_target; /* nodes that run the wanted image and have said so */
	size_t reverted;  /* nodes that went back to their former image and have said so */
	size_t bricked;
	uint64_t made, acknowledged, pending;
	uint64_t restarts, resumes, blocks;
	uint64_t bytes_wanted, bytes_fetched; /* of downloads under way */
};

/* `target` may be NULL: no image is wanted. */
void report_count(const struct simnode *nodes, size_t count, const uint8_t *target, struct simnodes_totals *out);

void report_made(FILE *ledger, const struct simnode *node, const struct sim_reading *reading);
void report_kept(FILE *ledger, const struct simnode *node, const struct sim_reading *readings, size_t count);

/* Replaces `path` by the totals; `full`: and every node, with digests read from the flash files. 0 or -errno. */
struct simnodes_outcome {
	const struct simnode *nodes;
	size_t count;
	const struct simnodes_link *link;
	struct simnodes_totals totals;
	uint64_t seed;
	double seconds;
	bool complete;
};
int report_write(const char *path, const struct simnodes_outcome *outcome, bool full);

#endif
