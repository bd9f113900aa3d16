/*
 * checksum: CRC-32C (Castagnoli; RFC 3720 appendix B.4), which tells a damaged byte from a good one.
 */
#ifndef WAKEGATE_STORE_CHECKSUM_H
#define WAKEGATE_STORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what `so_far` is the checksum of, followed by `data`; start with 0. */
uint32_t crc32c(uint32_t so_far, const void *data, size_t size);

/* The same of numbers, each as eight bytes, the lowest first. */
uint32_t crc32c_numbers(uint32_t so_far, const int64_t *numbers, size_t count);

#endif
