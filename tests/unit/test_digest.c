#include "gateway/digest.h"

#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

/* FIPS 180-4's example message "abc", as NIST publishes its digests. */
START_TEST(the_standards_example_comes_out)
{
	static const struct {
		enum digest_type type;
		const char *hex;
	} cases[] = {
		{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
				 "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	uint8_t digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		digest_compute(cases[i].type, "abc", 3, digest);
		hex_print(hex, digest, digest_size(cases[i].type));
		ck_assert_str_eq(hex, cases[i].hex);
	}
}
END_TEST

START_TEST(pieces_give_the_digest_of_the_whole)
{
	uint8_t whole[DIGEST_MAX];
	uint8_t pieces[DIGEST_MAX];
	struct digest *digest = NULL;

	digest_compute(DIGEST_SHA256, "one two", 7, whole);
	ck_assert_int_eq(digest_open(&digest, DIGEST_SHA256), 0);
	digest_add(digest, "one", 3);
	digest_add(digest, "", 0);
	digest_add(digest, " two", 4);
	digest_finish(digest, pieces);
	digest_close(digest);
	digest_close(NULL);
	ck_assert_mem_eq(whole, pieces, 32);
}
END_TEST

TEST_SUITE(digest, the_standards_example_comes_out, pieces_give_the_digest_of_the_whole)
