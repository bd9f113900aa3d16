/*
 * key_file: the public keys that firmware images are verified with, as PEM files.
 *
 * P-256, Ed25519, RSA-2048 and RSA-3072. Blocks on files.
 */
#ifndef WAKEGATE_GATEWAY_KEY_FILE_H
#define WAKEGATE_GATEWAY_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/public_key.h"

#define KEY_FILE_MAX 16384 /* bytes */
#define KEY_NAME_MAX 64

struct key;

/* "ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072". */
const char *key_type_name(enum key_type type);

/* The type of that name, or -EINVAL. */
int key_type_parse(const char *name);

/* A key from SubjectPublicKeyInfo in DER, which it copies. As public_key_parse(); -ENOMEM; -ELIBACC: libhogweed cannot
 * be used. */
int key_open(struct key **out, const uint8_t *der, size_t size);
void key_close(struct key *key);

/*
 * Reads a public key. `why` has a sentence that names the file: -ENOENT, -EACCES, -EIO; -EINVAL not such a key, or a
 * private one; -ENOTSUP a type that images are not signed with; -ELIBACC libhogweed cannot be used.
 */
int key_read_public(struct key **out, const char *path, char *why, size_t why_size);

/* For whoever reads a key of his own kind: the text of the file, of KEY_FILE_MAX + 2 bytes, terminated, and the
 * sentences for what is no such key. As key_read_public(). */
int key_file_read(char *text, const char *path, char *why, size_t why_size);
int key_file_refuse(int result, const char *path, const char *text, bool want_private, char *why, size_t why_size);

enum key_type key_type_of(const struct key *key);

/* Its numbers, borrowed. */
const struct public_key *key_numbers(const struct key *key);

/* The public key as MCUboot hashes it, borrowed: DER, SubjectPublicKeyInfo, for RSA PKCS#1. Its SHA-256 is the key's
 * fingerprint, and what an image's key hash TLV has. */
const uint8_t *key_public_bytes(const struct key *key, size_t *size);
void key_fingerprint(const struct key *key, uint8_t out[32]);

/* Keys under the names of their files without folder and ".pem". */
struct named_key {
	char name[KEY_NAME_MAX + 1];
	struct key *key;
};
struct key_ring {
	struct named_key *keys;
	size_t count;
};

/* Reads the public keys of `count` files. -EEXIST: two have one name. As key_read_public() otherwise. */
int key_ring_read(struct key_ring *out, const char *const *paths, size_t count, char *why, size_t why_size);
void key_ring_finish(struct key_ring *ring);

#endif
