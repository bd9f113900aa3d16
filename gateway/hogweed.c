#include "gateway/hogweed.h"

#include <errno.h>
#include <stddef.h>

#include "drivers/library.h"

#define NETTLE(name)                                            \
	{                                                       \
		"nettle_" #name, offsetof(struct hogweed, name) \
	}

static const struct library_function functions[] = {
	NETTLE(dsa_signature_clear),
	NETTLE(dsa_signature_init),
	NETTLE(ecc_point_clear),
	NETTLE(ecc_point_init),
	NETTLE(ecc_point_set),
	NETTLE(ecdsa_verify),
	NETTLE(ed25519_sha512_verify),
	NETTLE(get_secp_256r1),
	NETTLE(mpz_init_set_str_256_u),
	NETTLE(mpz_set_str_256_u),
	NETTLE(rsa_pss_sha256_verify_digest),
	NETTLE(rsa_public_key_clear),
	NETTLE(rsa_public_key_init),
	NETTLE(rsa_public_key_prepare),
	{ "__gmpz_clear", offsetof(struct hogweed, number_clear) },
};

int hogweed_load(struct hogweed *out)
{
	size_t count = sizeof(functions) / sizeof(functions[0]);

	return library_borrow(&out->library, out, "libhogweed.so.6", functions, count) < 0 ? -ELIBACC : 0;
}

void hogweed_unload(struct hogweed *hogweed)
{
	library_give_back(hogweed->library);
}
