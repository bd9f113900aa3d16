/*
 * fuzz_update_window: any text as the hours in which nodes may be updated; what is accepted opens and closes.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/update_window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[UPDATE_WINDOW_TEXT_MAX + 2] = "", why[160] = "";
	struct update_window window;

	memcpy(text, data, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
	if (update_window_parse(&window, text, why, sizeof(why)) < 0) {
		if (!*why)
			abort();
		return 0;
	}
	struct window_set set = { .list = { { &window, NULL } }, .count = 1 };
	int64_t opens_s = window_set_opens(&set, 1790000000), closes_s = window_set_closes(&set, opens_s);
	if (opens_s - 1790000000 > 7 * 86400 || closes_s <= opens_s || !window_set_at(&set, opens_s).is_open)
		abort();
	return 0;
}
