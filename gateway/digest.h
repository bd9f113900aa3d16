/*
 * digest: SHA digests of bytes, at once or as they come.
 */
#ifndef WAKEGATE_GATEWAY_DIGEST_H
#define WAKEGATE_GATEWAY_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX 64

enum digest_type { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

struct digest;

/* Bytes of a digest of that type. */
size_t digest_size(enum digest_type type);

/* The digest of `size` bytes into `out`, of digest_size() bytes. */
void digest_compute(enum digest_type type, const void *data, size_t size, uint8_t *out);

/* Begins a digest of bytes as they come. -ENOMEM. */
int digest_open(struct digest **out, enum digest_type type);
void digest_add(struct digest *digest, const void *data, size_t size);
/* The digest of all bytes added, once. */
void digest_finish(struct digest *digest, uint8_t *out);
/* Frees; NULL is fine. */
void digest_close(struct digest *digest);

#endif
