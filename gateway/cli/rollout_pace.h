/*
 * rollout_pace: how fast a rollout goes, and how long it takes still, from what rollout.show answers.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ROLLOUT_PACE_H
#define WAKEGATE_GATEWAY_CLI_ROLLOUT_PACE_H

#include <jansson.h>
#include <stdint.h>

#define ROLLOUT_PACE_SIZE 96

struct rollout_pace {
	double nodes_per_hour; /* confirmed since its wave began; negative: not known */
	int64_t wave_left_ms;  /* until no node of it is open, at that rate; -1: not known */
	int64_t least_left_ms; /* until all is complete: this wave and the soaks, later waves not counted; -1: not known
				*/
};

void rollout_pace_of(struct rollout_pace *out, const json_t *rollout, int64_t now_ms);

/* "4 nodes an hour, this wave in about 2 h, all in 3 d at least"; "" where nothing is known. */
const char *rollout_pace_text(char out[ROLLOUT_PACE_SIZE], const struct rollout_pace *pace);

#endif
