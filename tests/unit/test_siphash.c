#include "protocols/siphash.h"
#include "tests/unit/suite.h"

/* Appendix A of the SipHash paper: key 00 01 … 0f, message 00 01 … 0e. */
START_TEST(the_vector_of_the_paper_holds)
{
	const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t message[15];

	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	ck_assert_uint_eq(siphash(&key, message, sizeof(message)), 0xa129ca6149be45e5);
}
END_TEST

/* The first of the reference implementation's vectors, 31 0e 0e dd 47 db 6f 72. */
START_TEST(nothing_has_a_hash_too)
{
	const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	ck_assert_uint_eq(siphash(&key, NULL, 0), 0x726fdb47dd0e0e31);
}
END_TEST

/* As `openssl mac … -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH` says: dcc40f055801acab and 93ca577df39bf4c9. */
START_TEST(the_shorter_hash_of_tables_is_siphash_1_3)
{
	const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	const uint8_t zero[1] = { 0 };

	ck_assert_uint_eq(siphash_for_table(&key, NULL, 0), 0xabac0158050fc4dc);
	ck_assert_uint_eq(siphash_for_table(&key, zero, 1), 0xc9f49bf37d57ca93);
}
END_TEST

/* Words in pieces, and their bytes, in the order of little-endian ones. */
START_TEST(words_have_the_hash_of_their_bytes)
{
	const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	const uint64_t words[] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110 };
	uint8_t bytes[24];
	struct siphash_words state;

	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	siphash_words_begin(&state, &key);
	ck_assert_uint_eq(siphash_words_end(&state), siphash_for_table(&key, NULL, 0));
	siphash_words_add(&state, words, 1);
	ck_assert_uint_eq(siphash_words_end(&state), siphash_for_table(&key, bytes, 8));
	siphash_words_add(&state, words + 1, 2);
	ck_assert_uint_eq(siphash_words_end(&state), siphash_for_table(&key, bytes, 24));
	siphash_words_add(&state, words, 0);
	ck_assert_uint_eq(siphash_words_end(&state), 0xf464aeb267349c8c);
}
END_TEST

TEST_SUITE(siphash, the_vector_of_the_paper_holds, nothing_has_a_hash_too, the_shorter_hash_of_tables_is_siphash_1_3,
	words_have_the_hash_of_their_bytes)
