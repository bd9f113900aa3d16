/*
 * memory: the allocator is told to give back to the system what a burst took.
 *
 * A gateway shares a small machine for months; glibc would keep the most that it ever needed.
 */
#ifndef WAKEGATE_GATEWAY_MEMORY_H
#define WAKEGATE_GATEWAY_MEMORY_H

#include <stdint.h>

#include "gateway/moment.h"

/* Before the first thread is started. */
void memory_set_up(void);

/* A tick: gives back what lies free between what is used. */
int64_t memory_tick(void *context, struct moment now);

#endif
