/*
 * key_file: keys that sign and verify firmware images, as PEM files.
 *
 * P-256, Ed25519, RSA-2048 and RSA-3072. wakegate makes and signs with the first two and verifies with all of them. A
 * key pair NAME is two files: NAME.key, private, readable by its owner only, and NAME.pem, public. Blocks on files.
 */
#ifndef WAKEGATE_GATEWAY_KEY_FILE_H
#define WAKEGATE_GATEWAY_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

#define KEY_FILE_MAX 16384 /* bytes */
#define KEY_NAME_MAX 64
#define KEY_PUBLIC_MAX 600 /* bytes of a public key in DER */

struct evp_pkey_st;
struct key;

enum key_type { KEY_P256, KEY_ED25519, KEY_RSA2048, KEY_RSA3072 };

/* "ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072". */
const char *key_type_name(enum key_type type);

/* The type of that name, or -EINVAL. */
int key_type_parse(const char *name);

/* Makes a new key pair; -ENOTSUP for RSA, -ENOMEM. */
int key_create(struct key **out, enum key_type type);

/*
 * Reads a public key, or a private one. `why` has a sentence that names the file: -ENOENT, -EACCES, -EIO; -EINVAL not
 * such a key, encrypted, or a private key where a public one is wanted; -ENOTSUP a type that images are not signed
 * with.
 */
int key_read_public(struct key **out, const char *path, char *why, size_t why_size);
int key_read_private(struct key **out, const char *path, char *why, size_t why_size);

/* Writes PKCS#8 with mode 0600, or SubjectPublicKeyInfo with mode 0644. Never over a file: -EEXIST. */
int key_write_private(const struct key *key, const char *path);
int key_write_public(const struct key *key, const char *path);

void key_close(struct key *key);

enum key_type key_type_of(const struct key *key);

/* The public key as MCUboot hashes it, borrowed: DER, SubjectPublicKeyInfo, for RSA PKCS#1. Its SHA-256 is the key's
 * fingerprint, and what an image's key hash TLV has. */
const uint8_t *key_public_bytes(const struct key *key, size_t *size);
void key_fingerprint(const struct key *key, uint8_t out[32]);

/* OpenSSL's handle, borrowed; for signature.c. */
struct evp_pkey_st *key_handle(const struct key *key);

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
