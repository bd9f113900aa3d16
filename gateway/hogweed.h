/*
 * hogweed: the functions of libhogweed that verify signatures, loaded for one verification and unloaded after it.
 *
 * With the GMP behind it it is 0.7 MB in memory, which a gateway needs for milliseconds a week (docs/decisions/141). A
 * function is called as nettle's manual has it, through the table and without the "nettle_" of its name.
 */
#ifndef WAKEGATE_GATEWAY_HOGWEED_H
#define WAKEGATE_GATEWAY_HOGWEED_H

#include <gmp.h>
#include <nettle/bignum.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/rsa.h>

struct hogweed {
	void *library;
	__typeof__(nettle_dsa_signature_clear) *dsa_signature_clear;
	__typeof__(nettle_dsa_signature_init) *dsa_signature_init;
	__typeof__(nettle_ecc_point_clear) *ecc_point_clear;
	__typeof__(nettle_ecc_point_init) *ecc_point_init;
	__typeof__(nettle_ecc_point_set) *ecc_point_set;
	__typeof__(nettle_ecdsa_verify) *ecdsa_verify;
	__typeof__(nettle_ed25519_sha512_verify) *ed25519_sha512_verify;
	__typeof__(nettle_get_secp_256r1) *get_secp_256r1;
	__typeof__(nettle_mpz_init_set_str_256_u) *mpz_init_set_str_256_u;
	__typeof__(nettle_mpz_set_str_256_u) *mpz_set_str_256_u;
	__typeof__(nettle_rsa_pss_sha256_verify_digest) *rsa_pss_sha256_verify_digest;
	__typeof__(nettle_rsa_public_key_clear) *rsa_public_key_clear;
	__typeof__(nettle_rsa_public_key_init) *rsa_public_key_init;
	__typeof__(nettle_rsa_public_key_prepare) *rsa_public_key_prepare;
	__typeof__(__gmpz_clear) *number_clear; /* mpz_clear() */
};

/* 0, or -ELIBACC: it is not installed or lacks a function. Blocks for a millisecond. */
int hogweed_load(struct hogweed *out);

/* After it was loaded, once, when all that its functions made is cleared. */
void hogweed_unload(struct hogweed *hogweed);

#endif
