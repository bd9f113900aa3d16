#include "gateway/node_record.h"

uint32_t node_record_missed(const struct node_record *record, int64_t interval_ms, struct moment now)
{
	int64_t period = rhythm_period_ms(&record->rhythm, interval_ms);
	int64_t late = now.wall_ms - record->next_contact_ms;

	if (record->next_contact_ms == 0 || late < period / 2)
		return 0;
	return (uint32_t)((late + period / 2) / period);
}
