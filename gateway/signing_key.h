/*
 * signing_key: the private keys that sign firmware images, as PEM files.
 *
 * A key pair NAME is two files: NAME.key, private, readable by its owner only, and NAME.pem, public. They belong to
 * where images are signed: the command line has them, never the daemon. Blocks on files.
 */
#ifndef WAKEGATE_GATEWAY_SIGNING_KEY_H
#define WAKEGATE_GATEWAY_SIGNING_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/key_file.h"

struct signing_key;

/* Makes a new key pair; -ENOTSUP for RSA, -ENOMEM. */
int signing_key_create(struct signing_key **out, enum key_type type);

/* Reads a private key; as key_read_public(), and -EINVAL also if it is encrypted. */
int signing_key_read(struct signing_key **out, const char *path, char *why, size_t why_size);

/* Writes PKCS#8 with mode 0600, or SubjectPublicKeyInfo with mode 0644. Never over a file: -EEXIST. */
int signing_key_write_private(const struct signing_key *key, const char *path);
int signing_key_write_public(const struct signing_key *key, const char *path);

/* Its public half, borrowed. */
const struct key *signing_key_public(const struct signing_key *key);

/* Signs a message: Ed25519 as it is, ECDSA its SHA-256, in DER. *size is the room at `out` and then what is used of it.
 * -ENOTSUP: RSA. */
int signing_key_sign(const struct signing_key *key, struct bytes message, uint8_t *out, size_t *size);

void signing_key_close(struct signing_key *key);

#endif
