/*
 * reconnect: which broker to try next, in which version of the protocol, and when.
 *
 * A round goes over all brokers in their order without delay; after a round without success comes a pause that doubles
 * from `least` to `most`, drawn at random between half and all of it so that a site's gateways do not come back in
 * step. A session that stood for `most` or longer makes the next pause short again. A plain value; knows no clock.
 */
#ifndef WAKEGATE_DRIVERS_RECONNECT_H
#define WAKEGATE_DRIVERS_RECONNECT_H

#include <stdbool.h>
#include <stdint.h>

struct reconnect {
	int64_t least_ms;
	int64_t most_ms;
	unsigned broker_count;
	bool falls_back; /* try version 3.1.1 where 5 is refused */
	unsigned broker; /* to try now: 0 to broker_count - 1 */
	bool fallen_back;
	int64_t pause_ms; /* the last one, 0: none yet */
};

/* At least one broker; 0 < least_ms <= most_ms. */
void reconnect_init(struct reconnect *reconnect, int64_t least_ms, int64_t most_ms, unsigned broker_count);

/*
 * The attempt failed; milliseconds until the next one. `version_doubt`: perhaps only because of the protocol's
 * version, so that the same broker is tried in the older one at once. `chance` is any 32 random bits.
 */
int64_t reconnect_after_failure(struct reconnect *reconnect, bool version_doubt, uint32_t chance);

/* A session that stood for `lasted_ms` has ended; milliseconds until the next attempt, which goes to the first broker.
 */
int64_t reconnect_after_session(struct reconnect *reconnect, int64_t lasted_ms, uint32_t chance);

#endif
