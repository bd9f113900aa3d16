/*
 * signature: verifies who signed a firmware image.
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
#include "protocols/public_key.h"

struct key_ring;
struct named_key;

#define SIGNATURE_MAX 512 /* bytes */

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
int signature_verify_detached(
	struct bytes file, struct bytes signature, const struct key_ring *ring, struct signature_finding *out);

#endif
