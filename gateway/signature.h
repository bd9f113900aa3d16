/*
 * signature: verifies who signed a firmware image, and signs images.
 *
 * MCUboot images carry their signature; any other file has a detached one beside it: Ed25519, the raw 64 bytes over the
 * file, or ECDSA P-256 in DER over the file's SHA-256. Pure functions over bytes; none blocks, but each hashes the
 * image.
 */
#ifndef WAKEGATE_GATEWAY_SIGNATURE_H
#define WAKEGATE_GATEWAY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/mcuboot.h"

struct key;
struct key_ring;
struct named_key;

#define SIGNATURE_MAX 512 /* bytes */

/* Bytes that somebody else owns. */
struct image_bytes {
	const uint8_t *data;
	size_t size;
};

/* What a check found: the key, borrowed from the ring, or on failure a clause (a constant) that says what is wrong. */
struct signature_finding {
	const struct named_key *signer;
	const char *fault;
};

/*
 * Verifies the digest and the signature that a parsed MCUboot image carries: ECDSA P-256, RSA-PSS with 2048 or 3072
 * bits, or Ed25519 over the digest or, where TLV 0x25 says so, over the bytes. The key is the one whose hash (TLV 0x01)
 * or bytes (0x02) it names, else any that fits.
 * 0; -EBADMSG: damaged or contradictory; -ENODATA: carries no signature, or is encrypted so that it cannot be checked
 * here; -EKEYREJECTED: by no key of the ring, or the signature is wrong.
 */
int signature_verify_mcuboot(const struct mcuboot_image *image, const uint8_t *data, const struct key_ring *ring,
	struct signature_finding *out);

/* Verifies a detached signature over the whole file. -EKEYREJECTED: no key of the ring made it. */
int signature_verify_detached(struct image_bytes file, struct image_bytes signature, const struct key_ring *ring,
	struct signature_finding *out);

/* Makes a detached signature of at most SIGNATURE_MAX bytes. -ENOTSUP: the key is RSA or has no private half. */
int signature_make_detached(const struct key *key, struct image_bytes file, uint8_t *out, size_t *out_size);

/* How a payload becomes a MCUboot image. */
struct mcuboot_wrapping {
	struct mcuboot_version version;
	const char *hardware; /* into the protected area, at most 32 bytes; NULL: nothing */
	uint16_t header_size;
	bool in_place;      /* the payload begins with that many zero bytes, for the header; else it is put before */
	uint32_t slot_size; /* the image, with its trailer where padded, must fit; 0: any */
	bool pad;           /* fill the slot and end it with the trailer's magic */
	bool confirm;       /* and mark it as confirmed */
};

/* Wraps and signs; *out is the caller's to free(). -EINVAL, -EFBIG with a clause in `fault`; -ENOTSUP as above;
 * -ENOMEM. */
int signature_wrap_mcuboot(const struct key *key, const struct mcuboot_wrapping *wrapping, struct image_bytes payload,
	struct image_bytes *out, const char **fault);

#endif
