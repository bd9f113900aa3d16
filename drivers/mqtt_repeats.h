/*
 * mqtt_repeats: tells a reading that a broker delivers again from one that only looks the same.
 *
 * Where every reading bears its date the bytes alone name the report: whoever sends them again, under whatever packet
 * identifier, means the same readings. Without dates equal bytes may be different readings, and packet identifiers are
 * used again: then the report is named by node, identifier, bytes and how often that identifier began a message, since
 * DUP says whether it begins one or repeats it (MQTT 3.1.1 section 3.3.1.1). The count is this process's own: after a
 * restart a repetition is taken for that of an identifier's first use. docs/decisions/110 weighs this.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_REPEATS_H
#define WAKEGATE_DRIVERS_MQTT_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/mqtt_client.h"

/* By packet identifier, of which a broker has 65,535: no more than the latest message under each can come again. */
struct mqtt_repeats {
	uint16_t uses[65536]; /* messages begun under it */
	uint64_t kept[65536]; /* the exchange of the latest one once it is durable, else 0 */
};

/*
 * The fingerprint of an arrival for reading_report.exchange; to be asked once for each. 0: it cannot be told from
 * others, which is so for undated readings at quality 0.
 */
uint64_t mqtt_repeats_exchange(
	struct mqtt_repeats *repeats, const char *node, const struct mqtt_arrival *arrival, bool dated);

/* The message with this fingerprint is durable. `id` is its packet identifier, 0 at quality 0. */
void mqtt_repeats_keep(struct mqtt_repeats *repeats, uint16_t id, uint64_t exchange);

/*
 * Whether the broker delivers again what this process knows to be durable, however long ago: a session lasts as long as
 * the broker likes, longer than the host remembers a fingerprint. To be asked after mqtt_repeats_exchange().
 */
bool mqtt_repeats_is_kept(const struct mqtt_repeats *repeats, const struct mqtt_arrival *arrival, uint64_t exchange);

#endif
