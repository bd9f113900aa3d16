#include "gateway/feed_ledger.h"

#include <string.h>

static void remove_first(struct feed_ledger *ledger)
{
	ledger->count--;
	memmove(&ledger->parts[0], &ledger->parts[1], ledger->count * sizeof(ledger->parts[0]));
}

void feed_ledger_add(struct feed_ledger *ledger, uint64_t id, uint64_t bytes, uint64_t limit)
{
	struct feed_part *last = ledger->count > 0 ? &ledger->parts[ledger->count - 1] : NULL;

	ledger->bytes += bytes;
	if (last && last->bytes + bytes <= limit / FEED_PARTS) {
		last->bytes += bytes;
		return;
	}
	if (ledger->count == FEED_PARTS) {
		ledger->parts[1].first = ledger->parts[0].first;
		ledger->parts[1].bytes += ledger->parts[0].bytes;
		remove_first(ledger);
	}
	ledger->parts[ledger->count++] = (struct feed_part){ id, bytes };
}

void feed_ledger_drop(struct feed_ledger *ledger, uint64_t below)
{
	while (ledger->count > 1 && ledger->parts[1].first <= below) {
		ledger->bytes -= ledger->parts[0].bytes;
		remove_first(ledger);
	}
}

uint64_t feed_ledger_second(const struct feed_ledger *ledger)
{
	return ledger->count > 1 ? ledger->parts[1].first : 0;
}
