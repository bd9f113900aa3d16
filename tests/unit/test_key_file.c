#include "gateway/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char folder[64];
static char why[512];

static const char *in_folder(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *out = path[next++ % 4];

	snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
	return out;
}

static void make_folder(void)
{
	strcpy(folder, "/tmp/wakegate-keys-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(a_new_key_is_read_back_from_both_files)
{
	static const enum key_type types[] = { KEY_P256, KEY_ED25519 };
	uint8_t prints[3][32];

	for (size_t i = 0; i < 2; i++) {
		struct key *keys[3] = { NULL };
		struct stat status;
		make_folder();
		ck_assert_int_eq(key_create(&keys[0], types[i]), 0);
		ck_assert_int_eq(key_write_private(keys[0], in_folder("a.key")), 0);
		ck_assert_int_eq(key_write_public(keys[0], in_folder("a.pem")), 0);
		ck_assert_int_eq(stat(in_folder("a.key"), &status), 0);
		ck_assert_int_eq(status.st_mode & 0777, 0600);
		ck_assert_int_eq(key_read_private(&keys[1], in_folder("a.key"), why, sizeof(why)), 0);
		ck_assert_int_eq(key_read_public(&keys[2], in_folder("a.pem"), why, sizeof(why)), 0);
		for (size_t j = 0; j < 3; j++) {
			ck_assert_int_eq(key_type_of(keys[j]), types[i]);
			key_fingerprint(keys[j], prints[j]);
			ck_assert_mem_eq(prints[j], prints[0], 32);
			key_close(keys[j]);
		}
		remove_folder();
	}
}
END_TEST

START_TEST(an_existing_file_is_never_written_over)
{
	struct key *key = NULL;

	make_folder();
	ck_assert_int_eq(key_create(&key, KEY_ED25519), 0);
	ck_assert_int_eq(key_write_private(key, in_folder("a.key")), 0);
	ck_assert_int_eq(key_write_private(key, in_folder("a.key")), -EEXIST);
	ck_assert_int_eq(key_write_public(key, in_folder("a.key")), -EEXIST);
	key_close(key);
	remove_folder();
}
END_TEST

START_TEST(a_private_key_is_not_trusted_as_a_public_one)
{
	struct key *key = NULL;
	struct key *read = NULL;

	make_folder();
	ck_assert_int_eq(key_create(&key, KEY_P256), 0);
	ck_assert_int_eq(key_write_private(key, in_folder("a.key")), 0);
	ck_assert_int_eq(key_read_public(&read, in_folder("a.key"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is a private key"));
	ck_assert_ptr_null(read);
	key_close(key);
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
	ck_assert_int_eq(key_read_private(&read, in_folder("text.pem"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "text.pem is not a private key"));
	write_text(in_folder("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
					    "KEY-----\n");
	ck_assert_int_eq(key_read_private(&read, in_folder("locked.key"), why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is encrypted"));
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
	ck_assert_int_eq(key_create(&read, KEY_RSA2048), -ENOTSUP);
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

TEST_SUITE(key_file, a_new_key_is_read_back_from_both_files, an_existing_file_is_never_written_over,
	a_private_key_is_not_trusted_as_a_public_one, what_is_no_key_is_refused_with_its_name,
	a_curve_that_images_are_not_signed_with_is_refused, a_ring_names_keys_after_their_files, types_have_names)
