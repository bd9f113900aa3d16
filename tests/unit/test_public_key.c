#include "protocols/public_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/base64.h"
#include "tests/unit/suite.h"

static char text[4096];

/* The keys that OpenSSL wrote for imgtool's images. */
static const char *read_golden(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), TESTS_FOLDER "/golden/keys/%s.pem", name);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

START_TEST(keys_of_every_type_are_read)
{
	static const struct {
		const char *name;
		enum key_type type;
		size_t point, modulus, hashed;
	} cases[] = {
		{ "p256", KEY_P256, 64, 0, 91 },
		{ "ed25519", KEY_ED25519, 32, 0, 44 },
		{ "rsa2048", KEY_RSA2048, 0, 256, 270 },
		{ "rsa3072", KEY_RSA3072, 0, 384, 398 },
	};
	uint8_t der[PUBLIC_KEY_DER_MAX];
	struct public_key key;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int size = public_key_from_pem(der, read_golden(cases[i].name));
		ck_assert_int_gt(size, 0);
		ck_assert_int_eq(public_key_parse(&key, der, (size_t)size), 0);
		ck_assert_int_eq(key.type, cases[i].type);
		ck_assert_uint_eq(key.point.size, cases[i].point);
		ck_assert_uint_eq(key.modulus.size, cases[i].modulus);
		ck_assert_uint_eq(key.exponent.size, cases[i].modulus ? 3 : 0);
		ck_assert_uint_eq(key.hashed.size, cases[i].hashed);
	}
}
END_TEST

START_TEST(a_key_cut_at_any_length_is_refused)
{
	static const char *const names[] = { "p256", "ed25519", "rsa2048" };
	uint8_t der[PUBLIC_KEY_DER_MAX];
	struct public_key key;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int size = public_key_from_pem(der, read_golden(names[i]));
		for (int cut = 0; cut < size; cut++)
			ck_assert_int_eq(public_key_parse(&key, der, (size_t)cut), -EBADMSG);
		der[size] = 0;
		ck_assert_int_eq(public_key_parse(&key, der, (size_t)size + 1), -EBADMSG);
	}
}
END_TEST

/* Keys that openssl made: genpkey -algorithm X25519; EC with secp384r1; EC with P-256 and a compressed point. */
START_TEST(keys_of_other_types_are_told_from_rubbish)
{
	static const char secp384r1[] =
		"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAED18KFdpsg1WlsUBT/ccQxkm5XhAAnFjr+k6yQ2ifxI7TZfc/"
		"PyVK5VZ6vzPWDnEmhqQy7nTmfYw1xu/+T61+g4fMmJwDCkSuDya1r/o0loNV8ryc9+eE3ebRyPQBJrqT";
	static const char *const others[] = {
		"MCowBQYDK2VuAyEANTtU8NPwlZueCTaYpkiVYFY08Pt8S+zF+eehBo7Ip3k=",
		secp384r1,
		"MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD20vgJq2APyQddP606c0ZHZcRA6E1dRTQKU2J12FOzFg=",
	};
	uint8_t der[PUBLIC_KEY_DER_MAX];
	struct public_key key;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int size = base64_parse(der, sizeof(der), others[i], strlen(others[i]));
		ck_assert_int_gt(size, 0);
		ck_assert_int_eq(public_key_parse(&key, der, (size_t)size), -ENOTSUP);
	}
	memset(der, 0, sizeof(der));
	ck_assert_int_eq(public_key_parse(&key, der, sizeof(der)), -EBADMSG);
}
END_TEST

START_TEST(a_text_around_the_key_is_passed_over)
{
	char around[8192];
	uint8_t der[PUBLIC_KEY_DER_MAX];
	uint8_t plain[PUBLIC_KEY_DER_MAX];

	int size = public_key_from_pem(plain, read_golden("p256"));
	snprintf(around, sizeof(around), "made by Ann\r\n%s\nkeep it\n", text);
	ck_assert_int_eq(public_key_from_pem(der, around), size);
	ck_assert_mem_eq(der, plain, (size_t)size);
}
END_TEST

START_TEST(a_text_without_a_whole_key_is_refused)
{
	char longest[2048] = "-----BEGIN PUBLIC KEY-----\n";
	uint8_t der[PUBLIC_KEY_DER_MAX];

	ck_assert_int_eq(public_key_from_pem(der, ""), -EBADMSG);
	ck_assert_int_eq(public_key_from_pem(der, "-----BEGIN PUBLIC KEY-----\nAAAA\n"), -EBADMSG);
	ck_assert_int_eq(
		public_key_from_pem(der, "-----BEGIN PUBLIC KEY-----\nA?AA\n-----END PUBLIC KEY-----\n"), -EBADMSG);
	memset(longest + strlen(longest), 'A', 1024);
	strcat(longest, "\n-----END PUBLIC KEY-----\n");
	ck_assert_int_eq(public_key_from_pem(der, longest), -ENOBUFS);
}
END_TEST

START_TEST(a_signatures_numbers_are_strict_der)
{
	static const uint8_t good[] = { 0x30, 7, 2, 1, 5, 2, 2, 0, 0x90 };
	static const uint8_t padded[] = { 0x30, 7, 2, 2, 0, 5, 2, 1, 6 };
	static const uint8_t negative[] = { 0x30, 6, 2, 1, 0x85, 2, 1, 6 };
	static const uint8_t more[] = { 0x30, 6, 2, 1, 5, 2, 1, 6, 0 };
	static const uint8_t inside[] = { 0x30, 8, 2, 1, 5, 2, 1, 6, 5, 0 };
	struct ecdsa_numbers numbers;

	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, good, sizeof(good)), 0);
	ck_assert_ptr_eq(numbers.r.data, good + 4);
	ck_assert_uint_eq(numbers.r.size, 1);
	ck_assert_ptr_eq(numbers.s.data, good + 8);
	ck_assert_uint_eq(numbers.s.size, 1);
	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, padded, sizeof(padded)), -EBADMSG);
	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, negative, sizeof(negative)), -EBADMSG);
	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, more, sizeof(more)), -EBADMSG);
	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, inside, sizeof(inside)), -EBADMSG);
	ck_assert_int_eq(ecdsa_numbers_parse(&numbers, NULL, 0), -EBADMSG);
}
END_TEST

TEST_SUITE(public_key, keys_of_every_type_are_read, a_key_cut_at_any_length_is_refused,
	keys_of_other_types_are_told_from_rubbish, a_text_around_the_key_is_passed_over,
	a_text_without_a_whole_key_is_refused, a_signatures_numbers_are_strict_der)
