/*
 * chance: random bits that only the length of a pause hangs on.
 */
#ifndef WAKEGATE_DRIVERS_CHANCE_H
#define WAKEGATE_DRIVERS_CHANCE_H

#include <stdint.h>

/* Any 32 bits from the system, never waited for; 0 where it has none, so that pauses are at their least. */
uint32_t chance_bits(void);

#endif
