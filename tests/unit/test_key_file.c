#include "gateway/key_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/key_folder.h"
#include "tests/unit/suite.h"

START_TEST(a_private_key_is_not_trusted_as_a_public_one)
{
	struct key *read = NULL;

	make_folder();
	write_text(in_folder("a.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	ck_assert_int_eq(key_read_public(&read, in_folder("a.key"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is a private key"));
	ck_assert_ptr_null(read);
	remove_folder();
}
END_TEST

START_TEST(what_is_no_key_is_refused_with_its_name)
{
	struct key *read = NULL;

	make_folder();
	ck_assert_int_eq(key_read_public(&read, in_folder("none.pem"), why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "none.pem"));
	write_text(in_folder("text.pem"), "hello\n");
	ck_assert_int_eq(key_read_public(&read, in_folder("text.pem"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "text.pem is not a public key"));
	remove_folder();
}
END_TEST

START_TEST(a_curve_that_images_are_not_signed_with_is_refused)
{
	/* openssl genpkey -algorithm X25519 | openssl pkey -pubout */
	static const char x25519[] = "-----BEGIN PUBLIC KEY-----\n"
				     "MCowBQYDK2VuAyEANTtU8NPwlZueCTaYpkiVYFY08Pt8S+zF+eehBo7Ip3k=\n"
				     "-----END PUBLIC KEY-----\n";
	struct key *read = NULL;

	make_folder();
	write_text(in_folder("x.pem"), x25519);
	ck_assert_int_eq(key_read_public(&read, in_folder("x.pem"), why, sizeof(why)), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(why, "x.pem is of a type that images are not signed with"));
	remove_folder();
}
END_TEST

START_TEST(a_ring_names_keys_after_their_files)
{
	static const char *const paths[] = { TESTS_FOLDER "/golden/keys/p256.pem",
		TESTS_FOLDER "/golden/keys/rsa3072.pem" };
	static const char *const twice[] = { TESTS_FOLDER "/golden/keys/p256.pem",
		TESTS_FOLDER "/golden/../golden/keys/p256.pem" };
	struct key_ring ring;

	ck_assert_int_eq(key_ring_read(&ring, paths, 2, why, sizeof(why)), 0);
	ck_assert_uint_eq(ring.count, 2);
	ck_assert_str_eq(ring.keys[0].name, "p256");
	ck_assert_int_eq(key_type_of(ring.keys[1].key), KEY_RSA3072);
	key_ring_finish(&ring);
	ck_assert_int_eq(key_ring_read(&ring, twice, 2, why, sizeof(why)), -EEXIST);
	ck_assert_str_eq(why, "two trusted keys have the name p256");
	ck_assert_int_eq(key_ring_read(&ring, NULL, 0, why, sizeof(why)), 0);
	key_ring_finish(&ring);
}
END_TEST

START_TEST(types_have_names)
{
	ck_assert_int_eq(key_type_parse("ecdsa-p256"), KEY_P256);
	ck_assert_int_eq(key_type_parse("rsa-2048"), KEY_RSA2048);
	ck_assert_int_eq(key_type_parse("dsa"), -EINVAL);
	ck_assert_str_eq(key_type_name(KEY_ED25519), "ed25519");
}
END_TEST

TEST_SUITE(key_file, a_private_key_is_not_trusted_as_a_public_one, what_is_no_key_is_refused_with_its_name,
	a_curve_that_images_are_not_signed_with_is_refused, a_ring_names_keys_after_their_files, types_have_names)
