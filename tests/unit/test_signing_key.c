#include "gateway/signing_key.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/key_folder.h"
#include "tests/unit/suite.h"

START_TEST(a_new_key_is_read_back_from_both_files)
{
	static const enum key_type types[] = { KEY_P256, KEY_ED25519 };
	uint8_t prints[3][32];

	for (size_t i = 0; i < 2; i++) {
		struct signing_key *keys[2] = { NULL };
		struct key *read = NULL;
		struct stat status;
		make_folder();
		ck_assert_int_eq(signing_key_create(&keys[0], types[i]), 0);
		ck_assert_int_eq(signing_key_write_private(keys[0], in_folder("a.key")), 0);
		ck_assert_int_eq(signing_key_write_public(keys[0], in_folder("a.pem")), 0);
		ck_assert_int_eq(stat(in_folder("a.key"), &status), 0);
		ck_assert_int_eq(status.st_mode & 0777, 0600);
		ck_assert_int_eq(signing_key_read(&keys[1], in_folder("a.key"), why, sizeof(why)), 0);
		ck_assert_int_eq(key_read_public(&read, in_folder("a.pem"), why, sizeof(why)), 0);
		const struct key *halves[] = { signing_key_public(keys[0]), signing_key_public(keys[1]), read };
		for (size_t j = 0; j < 3; j++) {
			ck_assert_int_eq(key_type_of(halves[j]), types[i]);
			key_fingerprint(halves[j], prints[j]);
			ck_assert_mem_eq(prints[j], prints[0], 32);
		}
		signing_key_close(keys[0]);
		signing_key_close(keys[1]);
		key_close(read);
		remove_folder();
	}
}
END_TEST

START_TEST(an_existing_file_is_never_written_over)
{
	struct signing_key *key = NULL;

	make_folder();
	ck_assert_int_eq(signing_key_create(&key, KEY_ED25519), 0);
	ck_assert_int_eq(signing_key_write_private(key, in_folder("a.key")), 0);
	ck_assert_int_eq(signing_key_write_private(key, in_folder("a.key")), -EEXIST);
	ck_assert_int_eq(signing_key_write_public(key, in_folder("a.key")), -EEXIST);
	signing_key_close(key);
	remove_folder();
}
END_TEST

START_TEST(what_is_no_private_key_is_refused_with_its_name)
{
	struct signing_key *read = NULL;

	make_folder();
	write_text(in_folder("text.pem"), "hello\n");
	ck_assert_int_eq(signing_key_read(&read, in_folder("text.pem"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "text.pem is not a private key"));
	write_text(in_folder("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
					    "KEY-----\n");
	ck_assert_int_eq(signing_key_read(&read, in_folder("locked.key"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is encrypted"));
	ck_assert_int_eq(signing_key_create(&read, KEY_RSA2048), -ENOTSUP);
	remove_folder();
}
END_TEST

TEST_SUITE(signing_key, a_new_key_is_read_back_from_both_files, an_existing_file_is_never_written_over,
	what_is_no_private_key_is_refused_with_its_name)
