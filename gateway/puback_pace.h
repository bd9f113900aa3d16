/*
 * puback_pace: how long the broker takes to acknowledge lately, and so whether a node's acknowledgement may wait for
 * it.
 */
#ifndef WAKEGATE_GATEWAY_PUBACK_PACE_H
#define WAKEGATE_GATEWAY_PUBACK_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PUBACK_PATIENCE_LEAST_MS 250
#define PUBACK_PATIENCE_MOST_MS 1000

struct puback_pace {
	int64_t expected_ms;
	bool known;
};

/* A session begins: nothing is known. */
void puback_pace_init(struct puback_pace *pace);

/* A message was acknowledged after so long. A slower one counts at once, faster ones bit by bit. */
void puback_pace_note(struct puback_pace *pace, int64_t took_ms);

/* A message was not acknowledged while one had patience: nobody waits again before several were in time. */
void puback_pace_miss(struct puback_pace *pace);

/* How long a PUBACK is worth waiting for; 0: it is not. */
int64_t puback_pace_patience_ms(const struct puback_pace *pace);

#endif
