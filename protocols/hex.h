/*
 * hex: bytes as pairs of hexadecimal digits and back.
 */
#ifndef WAKEGATE_PROTOCOLS_HEX_H
#define WAKEGATE_PROTOCOLS_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Writes 2 * size lower-case digits and a terminator to `out`. */
void hex_print(char *out, const void *bytes, size_t size);

/* Reads exactly `digits` digits of either case (an even number) into digits / 2 bytes. -EINVAL; then `out` is as
 * before. */
int hex_parse(void *out, const char *text, size_t digits);

#endif
