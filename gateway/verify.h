/*
 * verify: whether a key made a signature over these bytes.
 *
 * Each hashes the message, and loads libhogweed before and unloads it after: some milliseconds.
 */
#ifndef WAKEGATE_GATEWAY_VERIFY_H
#define WAKEGATE_GATEWAY_VERIFY_H

#include <stdbool.h>

#include "protocols/public_key.h"

/* 0: the numbers of a parsed key are a key, and it can be verified with. -EBADMSG: its point is not on the curve;
 * -ELIBACC: libhogweed cannot be used. */
int verify_key_is_sound(const struct public_key *key);

/*
 * ECDSA over the message's SHA-256, the signature in strict DER; RSA-PSS (RFC 8017 section 8.1.2) over its SHA-256 with
 * a salt of 32 bytes; Ed25519 (RFC 8032) over the message itself.
 * Without libhogweed no signature is good.
 */
bool verify_signature(const struct public_key *key, struct bytes message, struct bytes signature);

#endif
