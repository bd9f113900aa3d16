#include "gateway/admission.h"

uint32_t admission_count(struct admission *admission, int64_t contact_ms, int64_t now_ms)
{
	int64_t part_ms = (contact_ms + ADMISSION_PARTS - 2) / (ADMISSION_PARTS - 1);
	int64_t part = now_ms / part_ms;

	if (part_ms != admission->part_ms || part - admission->part >= ADMISSION_PARTS || part < admission->part) {
		*admission = (struct admission){ .part = part, .part_ms = part_ms };
		return 0;
	}
	while (admission->part < part) {
		uint32_t *oldest = &admission->begun[++admission->part % ADMISSION_PARTS];
		admission->count -= *oldest;
		*oldest = 0;
	}
	return admission->count;
}

void admission_begin(struct admission *admission)
{
	admission->begun[admission->part % ADMISSION_PARTS]++;
	admission->count++;
}
