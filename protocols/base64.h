/*
 * base64: bytes as text (RFC 4648), in the standard and in the URL-safe alphabet.
 */
#ifndef WAKEGATE_PROTOCOLS_BASE64_H
#define WAKEGATE_PROTOCOLS_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Room for the text of `size` bytes, with its terminator. */
#define BASE64_TEXT_SIZE(size) (((size) + 2) / 3 * 4 + 1)

/*
 * Reads `text_size` characters of either alphabet (section 4 or 5), padded or not, into `out`, which has `room` bytes.
 * Returns the bytes written; -EBADMSG on any other character, a wrong length or bits left over that are not zero;
 * -ENOBUFS if they do not fit.
 */
int base64_parse(uint8_t *out, size_t room, const char *text, size_t text_size);

/* Writes `size` bytes as padded text of the standard alphabet; `out` has BASE64_TEXT_SIZE(size) bytes. */
void base64_write(char *out, const uint8_t *data, size_t size);

#endif
