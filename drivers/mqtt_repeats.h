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

struct mqtt_repeats {
	uint16_t uses[65536]; /* by packet identifier: messages begun under it */
};

/*
 * The fingerprint of an arrival for reading_report.exchange; to be asked once for each. 0: it cannot be told from
 * others, which is so for undated readings at quality 0.
 */
uint64_t mqtt_repeats_exchange(
	struct mqtt_repeats *repeats, const char *node, const struct mqtt_arrival *arrival, bool dated);

#endif
