/*
 * rhythm: when a node calls, learned from its contacts: how its clock runs, and its own period if it keeps to no slots.
 *
 * A node that keeps to its slots is told them by its own clock: one that comes 2 % late is told 2 % less. A node that
 * disregards them (it polls as it likes, or never hears what it is told) is predicted instead. Functions of what is
 * known and one visit; eight bytes a node.
 */
#ifndef WAKEGATE_GATEWAY_RHYTHM_H
#define WAKEGATE_GATEWAY_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#define RHYTHM_UNHEEDED 4      /* so many slots disregarded, less those kept: it comes as it likes */
#define RHYTHM_DRIFT_PPM 4     /* the unit of `drift` */
#define RHYTHM_SPREAD_MOST 255 /* nothing is known of its period yet */

struct rhythm {
	uint32_t period_ms; /* from one visit to the next where it keeps to no slots; 0: not learned */
	int16_t drift;      /* how much later than told it comes, by its share of the wait; negative: earlier */
	uint8_t spread;     /* how far its visits are from the period, in 256ths of it */
	uint8_t unheeded : 4;
	uint8_t samples : 2;  /* of the drift; later ones weigh less */
	uint8_t promised : 1; /* it was refused and told when to come: that holds */
	uint8_t idle : 1; /* its next visit teaches nothing: it was not told a slot by the last answer that it got */
};

/* The beginning of a visit, in ms. */
struct rhythm_visit {
	int64_t slept_ms;    /* since it was heard of last */
	int64_t expected_ms; /* what that was to be */
	int64_t interval_ms; /* of its slots */
	bool in_slot;        /* by the clock on the wall it is the time of its slot */
};

void rhythm_learn(struct rhythm *rhythm, const struct rhythm_visit *visit);

/* The same of a node that is told no slots: it has no drift, but a period. */
void rhythm_learn_period(struct rhythm *rhythm, int64_t slept_ms);

/* Whether it comes as it likes. */
bool rhythm_is_own(const struct rhythm *rhythm);

/* From one visit to the next: its own period if it comes as it likes and that is known, else the interval. */
int64_t rhythm_period_ms(const struct rhythm *rhythm, int64_t interval_ms);

/* How sure its next visit is, in percent: 100 less the mean deviation from its period. 0: nothing is known. */
int rhythm_confidence_percent(const struct rhythm *rhythm);

/* What to tell the node so that it waits for `wait_ms`, in s, at least 1; and for how long it will wait then, in ms. */
uint32_t rhythm_tell_s(const struct rhythm *rhythm, int64_t wait_ms);
int64_t rhythm_waits_ms(const struct rhythm *rhythm, uint32_t told_s);

/* As one number for the store, and back. */
int64_t rhythm_packed(const struct rhythm *rhythm);
struct rhythm rhythm_unpacked(int64_t packed);

#endif
