/*
 * utf8: whether a text is UTF-8 (RFC 3629).
 */
#ifndef WAKEGATE_PROTOCOLS_UTF8_H
#define WAKEGATE_PROTOCOLS_UTF8_H

#include <stdbool.h>

#include "protocols/reading.h"

/* No overlong form, no surrogate, nothing above U+10FFFF; an empty text is fine. */
bool utf8_valid(struct span text);

#endif
