#include "gateway/verify.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

static struct bytes from_hex(uint8_t *out, size_t room, const char *hex)
{
	size_t size = strlen(hex) / 2;

	ck_assert_uint_le(size, room);
	ck_assert_int_eq(hex_parse(out, hex, 2 * size), 0);
	return (struct bytes){ out, size };
}

/* RFC 6979 section A.2.5: P-256, SHA-256, message "sample". */
START_TEST(the_standards_ecdsa_signature_holds)
{
	static const char point_hex[] = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
					"7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
	static const char signature_hex[] = "3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
					    "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
	uint8_t point[64];
	uint8_t signature[80];
	const struct public_key key = { .type = KEY_P256, .point = from_hex(point, sizeof(point), point_hex) };
	const struct bytes made = from_hex(signature, sizeof(signature), signature_hex);
	const struct bytes message = { (const uint8_t *)"sample", 6 };
	const struct bytes other = { (const uint8_t *)"sampla", 6 };

	ck_assert_int_eq(verify_key_is_sound(&key), 0);
	ck_assert(verify_signature(&key, message, made));
	ck_assert(!verify_signature(&key, other, made));
	ck_assert(!verify_signature(&key, message, (struct bytes){ signature, made.size - 1 }));
	point[63] ^= 1;
	ck_assert_int_eq(verify_key_is_sound(&key), -EBADMSG);
	ck_assert(!verify_signature(&key, message, made));
}
END_TEST

/* RFC 8032 section 7.1, test 3. */
START_TEST(the_standards_ed25519_signature_holds)
{
	uint8_t point[32];
	uint8_t signature[64];
	uint8_t text[2];
	const struct public_key key = { .type = KEY_ED25519,
		.point = from_hex(
			point, sizeof(point), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025") };
	const struct bytes made = from_hex(signature, sizeof(signature),
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
	const struct bytes message = from_hex(text, sizeof(text), "af82");

	ck_assert_int_eq(verify_key_is_sound(&key), 0);
	ck_assert(verify_signature(&key, message, made));
	ck_assert(!verify_signature(&key, message, (struct bytes){ signature, 63 }));
	text[1] ^= 1;
	ck_assert(!verify_signature(&key, message, made));
}
END_TEST

/* A modulus of even or odd rubbish: no crash, no acceptance. */
START_TEST(rsa_numbers_that_are_no_key_verify_nothing)
{
	uint8_t modulus[256];
	uint8_t signature[256];
	static const uint8_t exponents[][3] = { { 1, 0, 1 }, { 1, 0, 0 } };
	const struct bytes message = { (const uint8_t *)"m", 1 };

	for (int odd = 0; odd < 2; odd++) {
		for (size_t i = 0; i < 2; i++) {
			memset(modulus, 0xfe + odd, sizeof(modulus));
			memset(signature, 0x11, sizeof(signature));
			const struct public_key key = { .type = KEY_RSA2048,
				.modulus = { modulus, sizeof(modulus) },
				.exponent = { exponents[i], 3 } };
			ck_assert(!verify_signature(&key, message, (struct bytes){ signature, sizeof(signature) }));
			ck_assert(!verify_signature(&key, message, (struct bytes){ signature, 255 }));
		}
	}
}
END_TEST

TEST_SUITE(verify, the_standards_ecdsa_signature_holds, the_standards_ed25519_signature_holds,
	rsa_numbers_that_are_no_key_verify_nothing)
