/*
 * tzif: what the local clocks of a place said and will say, from a time zone file (TZif, RFC 9636).
 *
 * Reads the 64-bit data of versions 2 and later, and the footer for the time after the last change in the file. Files
 * that count leap seconds ("right/…") do not speak of the clock that computers have, and are refused.
 */
#ifndef WAKEGATE_PROTOCOLS_TZIF_H
#define WAKEGATE_PROTOCOLS_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/posix_tz.h"

#define TZIF_SIZE_MAX 65536 /* bytes of a file; the longest there is has 4 KB */

/* Borrows the file's bytes. */
struct tzif {
	const uint8_t *times; /* of the changes: 64 bits each, most significant byte first, rising */
	const uint8_t *kinds; /* the local time type that begins with each */
	const uint8_t *types; /* 6 bytes each, the first 4 the offset */
	uint32_t count;       /* of changes */
	bool has_rule;
	struct posix_tz rule; /* after the last change */
};

/* `data` outlives the zone. -EMSGSIZE over TZIF_SIZE_MAX; -ENOTSUP version 1, or leap seconds; -EBADMSG malformed. */
int tzif_parse(struct tzif *out, const void *data, size_t size);

/* In force at `at_s`, seconds since 1970. Before the first change the file's first type is (section 3.2). */
struct utc_offset tzif_at(const struct tzif *zone, int64_t at_s);

#endif
