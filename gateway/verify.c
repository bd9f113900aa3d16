#include "gateway/verify.h"

#include <nettle/bignum.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/rsa.h>

#include "gateway/digest.h"

#define PSS_SALT_SIZE 32

/* False if it is not on the curve. The caller clears `out` either way. */
static bool load_point(struct ecc_point *out, const struct public_key *key)
{
	mpz_t x, y;

	ecc_point_init(out, nettle_get_secp_256r1());
	nettle_mpz_init_set_str_256_u(x, P256_NUMBER_SIZE, key->point.data);
	nettle_mpz_init_set_str_256_u(y, P256_NUMBER_SIZE, key->point.data + P256_NUMBER_SIZE);
	bool good = ecc_point_set(out, x, y);
	mpz_clear(x);
	mpz_clear(y);
	return good;
}

bool verify_key_is_sound(const struct public_key *key)
{
	struct ecc_point point;

	if (key->type != KEY_P256)
		return true;
	bool good = load_point(&point, key);
	ecc_point_clear(&point);
	return good;
}

static bool verify_p256(const struct public_key *key, const uint8_t digest[32], struct bytes signature)
{
	struct ecdsa_numbers numbers;
	struct dsa_signature loaded;
	struct ecc_point point;

	if (ecdsa_numbers_parse(&numbers, signature.data, signature.size) < 0)
		return false;
	dsa_signature_init(&loaded);
	nettle_mpz_set_str_256_u(loaded.r, numbers.r.size, numbers.r.data);
	nettle_mpz_set_str_256_u(loaded.s, numbers.s.size, numbers.s.data);
	bool good = load_point(&point, key) && ecdsa_verify(&point, 32, digest, &loaded);
	ecc_point_clear(&point);
	dsa_signature_clear(&loaded);
	return good;
}

static bool verify_rsa(const struct public_key *key, const uint8_t digest[32], struct bytes signature)
{
	struct rsa_public_key loaded;
	mpz_t number;

	if (signature.size != key->modulus.size)
		return false;
	rsa_public_key_init(&loaded);
	nettle_mpz_set_str_256_u(loaded.n, key->modulus.size, key->modulus.data);
	nettle_mpz_set_str_256_u(loaded.e, key->exponent.size, key->exponent.data);
	nettle_mpz_init_set_str_256_u(number, signature.size, signature.data);
	bool good =
		rsa_public_key_prepare(&loaded) && rsa_pss_sha256_verify_digest(&loaded, PSS_SALT_SIZE, digest, number);
	mpz_clear(number);
	rsa_public_key_clear(&loaded);
	return good;
}

bool verify_signature(const struct public_key *key, struct bytes message, struct bytes signature)
{
	uint8_t digest[32];

	if (key->type == KEY_ED25519)
		return signature.size == ED25519_SIGNATURE_SIZE &&
		       ed25519_sha512_verify(key->point.data, message.size, message.data, signature.data);
	digest_compute(DIGEST_SHA256, message.data, message.size, digest);
	return key->type == KEY_P256 ? verify_p256(key, digest, signature) : verify_rsa(key, digest, signature);
}
