#include "gateway/memory.h"

#include <malloc.h>

#define INTERVAL_MS 10000
#define KEPT_BYTES (64 * 1024) /* free at the end of the heap; a block of more has pages of its own */

void memory_set_up(void)
{
	/* Few threads allocate. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
}

int64_t memory_tick(void *context, struct moment now)
{
	(void)context;
	(void)now;
	(void)malloc_trim(KEPT_BYTES);
	return INTERVAL_MS;
}
