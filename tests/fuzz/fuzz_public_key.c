/*
 * fuzz_public_key: any bytes as a key in PEM, a key in DER and a signature; what is accepted lies within what was
 * given.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct bytes part, const uint8_t *data, size_t size)
{
	if (part.size > 0 && (part.data < data || part.data + part.size > data + size))
		abort();
}

static void try_der(const uint8_t *data, size_t size)
{
	const struct bytes all = { data, size };
	struct public_key key;
	struct ecdsa_numbers numbers;

	if (ecdsa_numbers_parse(&numbers, data, size) == 0) {
		check_within(numbers.r, data, size);
		check_within(numbers.s, data, size);
	}
	if (public_key_parse(&key, data, size) < 0)
		return;
	check_within(key.point, data, size);
	check_within(key.modulus, data, size);
	check_within(key.exponent, data, size);
	check_within(key.hashed, data, size);
	if (verify_key_is_sound(&key) == 0 && verify_signature(&key, all, all))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t der[PUBLIC_KEY_DER_MAX];
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	int der_size = public_key_from_pem(der, text);
	if (der_size >= 0)
		try_der(der, (size_t)der_size);
	try_der(data, size);
	free(text);
	return 0;
}
