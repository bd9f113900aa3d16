/*
 * fuzz_tzif: any bytes as a time zone file; whatever time is asked for lies in the piece that is told.
 */
#include <stdlib.h>

#include "protocols/tzif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct tzif *zone, int64_t at_s)
{
	struct utc_offset offset = tzif_at(zone, at_s);

	if (offset.from_s > at_s || (offset.until_s <= at_s && at_s != INT64_MAX))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tzif zone;

	if (tzif_parse(&zone, data, size) < 0)
		return 0;
	for (int64_t at_s = -1; at_s > INT64_MIN / 4; at_s *= 3) {
		ask(&zone, at_s);
		ask(&zone, -at_s);
	}
	ask(&zone, INT64_MIN);
	ask(&zone, INT64_MAX);
	return 0;
}
