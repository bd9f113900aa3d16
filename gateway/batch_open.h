/*
 * batch_open: a message that went upstream, opened again, for whoever recorded it: what it is, its bytes say.
 */
#ifndef WAKEGATE_GATEWAY_BATCH_OPEN_H
#define WAKEGATE_GATEWAY_BATCH_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

/*
 * What the zstd frame at the start of *data holds: 1, *out for free(), at most `most` bytes, and *data goes on behind
 * the frame. 0: it is no zstd. -EBADMSG, -ENOBUFS: it holds more, -ENOMEM.
 */
int batch_open_zstd(struct span *data, size_t most, uint8_t **out, size_t *size);

/* The columns (protocols/columns.h) in a columnar batch; `data` itself where it begins like columns. Empty: it is
 * neither. */
struct span batch_open_columns(struct span data);

#endif
