/*
 * memory: gives back to the system what the daemon needed for a while (drivers/lean.h).
 *
 * A gateway shares a small machine for months. What was free after a burst glibc would keep; what a start touched of
 * programs and libraries would stay mapped.
 */
#ifndef WAKEGATE_GATEWAY_MEMORY_H
#define WAKEGATE_GATEWAY_MEMORY_H

#include <stdint.h>

#include "gateway/moment.h"

/* A tick. The pages it gives back come again by themselves: some hundred faults, a few microseconds each. */
int64_t memory_tick(void *context, struct moment now);

#endif
