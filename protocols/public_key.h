/*
 * public_key: the public keys that firmware images are signed with, as bytes.
 *
 * SubjectPublicKeyInfo (RFC 5280 section 4.1) of ECDSA P-256 (RFC 5480, uncompressed), Ed25519 (RFC 8410), RSA-2048 and
 * RSA-3072 (RFC 3279), in DER or, as files have it, in PEM (RFC 7468).
 */
#ifndef WAKEGATE_PROTOCOLS_PUBLIC_KEY_H
#define WAKEGATE_PROTOCOLS_PUBLIC_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define PUBLIC_KEY_DER_MAX 600 /* bytes of a key in DER */
#define P256_NUMBER_SIZE 32

enum key_type { KEY_P256, KEY_ED25519, KEY_RSA2048, KEY_RSA3072 };

/* All borrowed; numbers are big-endian, without leading zeros unless their size is said. */
struct public_key {
	enum key_type type;
	struct bytes point;             /* P-256: x and y, P256_NUMBER_SIZE each; Ed25519: the key */
	struct bytes modulus, exponent; /* RSA */
	struct bytes hashed;            /* what MCUboot hashes: all of it, for RSA the PKCS#1 key inside */
};

/* Parses a key, which borrows `der`. -EBADMSG: none in DER; -ENOTSUP: of another type. */
int public_key_parse(struct public_key *out, const uint8_t *der, size_t size);

/* Finds the first "PUBLIC KEY" in a text and writes its DER to `der`, of PUBLIC_KEY_DER_MAX bytes. Returns its size;
 * -EBADMSG: there is none, or it is malformed; -ENOBUFS: it is longer. */
int public_key_from_pem(uint8_t *der, const char *text);

/* The numbers of an ECDSA signature (RFC 3279 section 2.2.3), which borrow `der`. -EBADMSG: not in strict DER. */
struct ecdsa_numbers {
	struct bytes r, s;
};
int ecdsa_numbers_parse(struct ecdsa_numbers *out, const uint8_t *der, size_t size);

#endif
