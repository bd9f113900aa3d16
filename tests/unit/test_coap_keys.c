#include "drivers/coap_keys.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/wakegate-keys-XXXXXX";

static void write_file(const char *text, size_t size)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
}

static int read_keys(struct coap_keys *keys, const char *text, char *why)
{
	write_file(text, strlen(text));
	int result = coap_keys_read(keys, path, why, 200);
	unlink(path);
	strcpy(path + strlen(path) - 6, "XXXXXX");
	return result;
}

START_TEST(keys_are_read_line_by_line)
{
	struct coap_keys keys;
	char why[200];

	coap_keys_init(&keys);
	ck_assert_int_eq(read_keys(&keys, "# keys\n\nn1:00112233\r\nurn:dev:n2:DEADbeef01", why), 0);
	ck_assert_uint_eq(keys.count, 2);
	ck_assert_uint_eq(coap_keys_find(&keys, "n1")->size, 4);
	ck_assert_mem_eq(coap_keys_find(&keys, "n1")->bytes, "\x00\x11\x22\x33", 4);
	ck_assert_mem_eq(coap_keys_find(&keys, "urn:dev:n2")->bytes, "\xde\xad\xbe\xef\x01", 5);
	ck_assert_ptr_null(coap_keys_find(&keys, "n3"));
	coap_keys_finish(&keys);
}
END_TEST

START_TEST(a_wrong_line_is_named_without_its_key_and_changes_nothing)
{
	static const char *const wrong[] = { "n2", "n2:", "n2:001122", "n2:0011223", "n2:0011223g", ":00112233",
		"a b:00112233", "n2:00112233\nn2:00112233" };
	struct coap_keys keys;
	char why[200];

	coap_keys_init(&keys);
	ck_assert_int_eq(read_keys(&keys, "n1:00112233", why), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_eq(read_keys(&keys, wrong[i], why), -EINVAL);
		ck_assert_ptr_null(strstr(why, "0011"));
		ck_assert_ptr_nonnull(coap_keys_find(&keys, "n1"));
	}
	ck_assert_int_eq(coap_keys_read(&keys, "/nowhere/keys", why, sizeof(why)), -ENOENT);
	coap_keys_finish(&keys);
}
END_TEST

START_TEST(a_line_without_end_is_refused)
{
	static char line[2000];
	struct coap_keys keys;
	char why[200];

	memset(line, 'x', sizeof(line) - 1);
	coap_keys_init(&keys);
	ck_assert_int_eq(read_keys(&keys, line, why), -EINVAL);
	coap_keys_finish(&keys);
}
END_TEST

START_TEST(a_node_file_has_names_only)
{
	struct coap_keys nodes;
	char why[200];

	coap_keys_init(&nodes);
	write_file("n1\n# none\nn2\n", 13);
	ck_assert_int_eq(coap_nodes_read(&nodes, path, why, sizeof(why)), 0);
	unlink(path);
	ck_assert_uint_eq(nodes.count, 2);
	ck_assert_ptr_nonnull(coap_keys_find(&nodes, "n2"));
	coap_keys_finish(&nodes);
}
END_TEST

TEST_SUITE(coap_keys, keys_are_read_line_by_line, a_wrong_line_is_named_without_its_key_and_changes_nothing,
	a_line_without_end_is_refused, a_node_file_has_names_only)
