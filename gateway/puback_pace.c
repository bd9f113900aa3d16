#include "gateway/puback_pace.h"

#define MARGIN 3 /* an acknowledgement may take so many times what is expected */
#define FALL 4   /* the expectation falls by this part of what it is too high */

void puback_pace_init(struct puback_pace *pace)
{
	*pace = (struct puback_pace){ 0 };
}

void puback_pace_note(struct puback_pace *pace, int64_t took_ms)
{
	if (!pace->known || took_ms > pace->expected_ms)
		pace->expected_ms = took_ms;
	else
		pace->expected_ms -= (pace->expected_ms - took_ms) / FALL;
	pace->known = true;
}

void puback_pace_miss(struct puback_pace *pace)
{
	puback_pace_note(pace, 2 * PUBACK_PATIENCE_MOST_MS);
}

int64_t puback_pace_patience_ms(const struct puback_pace *pace)
{
	int64_t patience_ms = MARGIN * pace->expected_ms;

	if (!pace->known || patience_ms > PUBACK_PATIENCE_MOST_MS)
		return 0;
	return patience_ms > PUBACK_PATIENCE_LEAST_MS ? patience_ms : PUBACK_PATIENCE_LEAST_MS;
}
