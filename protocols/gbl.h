/*
 * gbl: the checksum of a Gecko bootloader file (Silicon Labs UG489), the usual content of a Zigbee upgrade file.
 */
#ifndef WAKEGATE_PROTOCOLS_GBL_H
#define WAKEGATE_PROTOCOLS_GBL_H

#include <stddef.h>

/* 0: a GBL file up to its end tag, and its CRC-32 holds; -EBADMSG: it does not; -ENOENT: not one whose tags can be
 * followed to the end, about which nothing can be said. */
int gbl_check(const void *data, size_t size);

#endif
