/*
 * machine_boot: which start of the machine this is.
 */
#ifndef WAKEGATE_GATEWAY_MACHINE_BOOT_H
#define WAKEGATE_GATEWAY_MACHINE_BOOT_H

#include <stdint.h>

/* The same until the machine starts again; 0: it cannot be told (a sandbox may hide it). */
uint32_t machine_boot(void);

#endif
