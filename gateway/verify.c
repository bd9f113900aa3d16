#include "gateway/verify.h"

#include <errno.h>

#include "gateway/digest.h"
#include "gateway/hogweed.h"

#define PSS_SALT_SIZE 32

/* False if it is not on the curve. The caller clears `out` either way. */
static bool load_point(const struct hogweed *hogweed, struct ecc_point *out, const struct public_key *key)
{
	mpz_t x, y;

	hogweed->ecc_point_init(out, hogweed->get_secp_256r1());
	hogweed->mpz_init_set_str_256_u(x, P256_NUMBER_SIZE, key->point.data);
	hogweed->mpz_init_set_str_256_u(y, P256_NUMBER_SIZE, key->point.data + P256_NUMBER_SIZE);
	bool good = hogweed->ecc_point_set(out, x, y);
	hogweed->number_clear(x);
	hogweed->number_clear(y);
	return good;
}

int verify_key_is_sound(const struct public_key *key)
{
	struct hogweed hogweed;
	struct ecc_point point;
	int result = hogweed_load(&hogweed);

	if (result < 0)
		return result;
	if (key->type == KEY_P256) {
		result = load_point(&hogweed, &point, key) ? 0 : -EBADMSG;
		hogweed.ecc_point_clear(&point);
	}
	hogweed_unload(&hogweed);
	return result;
}

static bool verify_p256(
	const struct hogweed *hogweed, const struct public_key *key, const uint8_t digest[32], struct bytes signature)
{
	struct ecdsa_numbers numbers;
	struct dsa_signature loaded;
	struct ecc_point point;

	if (ecdsa_numbers_parse(&numbers, signature.data, signature.size) < 0)
		return false;
	hogweed->dsa_signature_init(&loaded);
	hogweed->mpz_set_str_256_u(loaded.r, numbers.r.size, numbers.r.data);
	hogweed->mpz_set_str_256_u(loaded.s, numbers.s.size, numbers.s.data);
	bool good = load_point(hogweed, &point, key) && hogweed->ecdsa_verify(&point, 32, digest, &loaded);
	hogweed->ecc_point_clear(&point);
	hogweed->dsa_signature_clear(&loaded);
	return good;
}

static bool verify_rsa(
	const struct hogweed *hogweed, const struct public_key *key, const uint8_t digest[32], struct bytes signature)
{
	struct rsa_public_key loaded;
	mpz_t number;

	if (signature.size != key->modulus.size)
		return false;
	hogweed->rsa_public_key_init(&loaded);
	hogweed->mpz_set_str_256_u(loaded.n, key->modulus.size, key->modulus.data);
	hogweed->mpz_set_str_256_u(loaded.e, key->exponent.size, key->exponent.data);
	hogweed->mpz_init_set_str_256_u(number, signature.size, signature.data);
	bool good = hogweed->rsa_public_key_prepare(&loaded) &&
		    hogweed->rsa_pss_sha256_verify_digest(&loaded, PSS_SALT_SIZE, digest, number);
	hogweed->number_clear(number);
	hogweed->rsa_public_key_clear(&loaded);
	return good;
}

static bool verify_with(
	const struct hogweed *hogweed, const struct public_key *key, struct bytes message, struct bytes signature)
{
	uint8_t digest[32];

	if (key->type == KEY_ED25519)
		return signature.size == ED25519_SIGNATURE_SIZE &&
		       hogweed->ed25519_sha512_verify(key->point.data, message.size, message.data, signature.data);
	digest_compute(DIGEST_SHA256, message.data, message.size, digest);
	return key->type == KEY_P256 ? verify_p256(hogweed, key, digest, signature)
				     : verify_rsa(hogweed, key, digest, signature);
}

bool verify_signature(const struct public_key *key, struct bytes message, struct bytes signature)
{
	struct hogweed hogweed;

	if (hogweed_load(&hogweed) < 0)
		return false;
	bool good = verify_with(&hogweed, key, message, signature);
	hogweed_unload(&hogweed);
	return good;
}
