#include "gateway/node_record.h"

#include <stdbool.h>

uint32_t node_record_missed(const struct node_record *record, int64_t interval_ms, struct moment now)
{
	int64_t period = rhythm_period_ms(&record->rhythm, interval_ms);
	int64_t late = now.wall_ms - record->next_contact_ms;

	if (record->next_contact_ms == 0 || late < period / 2)
		return 0;
	return (uint32_t)((late + period / 2) / period);
}

int64_t node_record_own_period_ms(const struct node_record *record)
{
	bool unscheduled = record->next_contact_ms == 0;

	return unscheduled || rhythm_is_own(&record->rhythm) ? record->rhythm.period_ms : 0;
}

int64_t node_record_wake_ms(const struct node_record *record, int64_t interval_ms)
{
	int64_t period_ms = node_record_own_period_ms(record);

	return period_ms > interval_ms ? period_ms : interval_ms;
}

int64_t node_record_likely_ms(const struct node_record *record, int64_t interval_ms, int64_t from_ms)
{
	int64_t own_ms = node_record_own_period_ms(record), period_ms = own_ms ? own_ms : interval_ms;
	int64_t next_ms = record->next_contact_ms ? record->next_contact_ms : record->last_seen_ms + own_ms;

	if (period_ms == 0 || (record->next_contact_ms == 0 && own_ms == 0))
		return from_ms;
	if (from_ms <= next_ms)
		return next_ms;
	return next_ms + (from_ms - next_ms + period_ms - 1) / period_ms * period_ms;
}
