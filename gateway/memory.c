#include "gateway/memory.h"

#include "drivers/lean.h"

#define INTERVAL_MS 10000

int64_t memory_tick(void *context, struct moment now)
{
	(void)context;
	(void)now;
	lean_out();
	return INTERVAL_MS;
}
