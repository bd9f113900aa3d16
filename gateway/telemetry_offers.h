/*
 * telemetry_offers: commits that the broker may have before the store does, for telemetry and telemetry_intake alone.
 *
 * An offered commit has its numbers for good. One that neither the broker nor the store took in time is refused to its
 * nodes and held: the broker may have it all the same, so a node that repeats what is in it waits with it, and both are
 * asked again until one of them has it.
 */
#ifndef WAKEGATE_GATEWAY_TELEMETRY_OFFERS_H
#define WAKEGATE_GATEWAY_TELEMETRY_OFFERS_H

#include <stdbool.h>
#include <stdint.h>

struct commit;
struct telemetry;

/* How long a PUBACK is worth waiting for, in ms; 0: not at all. */
int64_t telemetry_patience_ms(const struct telemetry *telemetry);

/* Commits that are on their way to the broker and not to the store, and those held. */
unsigned telemetry_count_offered(const struct telemetry *telemetry);

/* Sends a closed commit to the broker first. False: it must go to the store. */
bool telemetry_offer(struct telemetry *telemetry, struct commit *commit);

/* The broker is too slow for one of them, and so for all: they go to the store. */
void telemetry_withdraw_late(struct telemetry *telemetry);

/* The store does not take a commit that has been offered. */
void telemetry_hold(struct telemetry *telemetry, struct commit *commit);

/* Offers a held commit again if publish has let go of it. True: it is time to try the store again, too. */
bool telemetry_retry(struct telemetry *telemetry, struct commit *commit);

/* Keeps the fingerprints of dated reports in held commits from being forgotten with their time; in less than
 * EXCHANGE_LIFE_MS each. */
void telemetry_keep_held_in_mind(struct telemetry *telemetry);

#endif
