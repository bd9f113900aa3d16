#include "config/config.h"

#include <malloc.h>
#include <math.h>

#include "tests/unit/config_fixture.h"
#include "tests/unit/suite.h"

static struct fixture f;

/* Loads a main file of this text and expects exactly one fault, which begins with "FOLDER/main.cfg:". */
static void expect_fault(const char *text, const char *fault)
{
	char expected[600];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", text);
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	snprintf(expected, sizeof(expected), "main.cfg:%s", fault);
	fixture_expect(&f, 0, expected);
	ck_assert_uint_eq(f.faults.count, 1);
	fixture_close(&f);
}

START_TEST(an_empty_file_yields_all_defaults)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct radio_values *radio = fixture_radio(&f);
	ck_assert(radio->open);
	ck_assert_int_eq(radio->port, 5683);
	ck_assert_int_eq(radio->timeout_ms, 900000);
	ck_assert_int_eq(radio->quota_bytes, 64 << 20);
	ck_assert_ptr_null(radio->name);
	ck_assert_str_eq(radio->folder, "/var/lib/radio");
	ck_assert_int_eq(radio->mode, 1);
	ck_assert_uint_eq(radio->addresses.count, 2);
	ck_assert_str_eq(radio->addresses.items[1], "10.0.0.1");
	ck_assert_uint_eq(radio->rules.count, 0);
	ck_assert(!config_has(f.config, &radio_settings));
	fixture_close(&f);
}
END_TEST

START_TEST(every_type_is_read)
{
	fixture_open(&f);
	fixture_write(&f, "secret", "x");
	char secret[128];
	fixture_path(&f, secret, sizeof(secret), "secret");
	ck_assert_int_eq(chmod(secret, 0600), 0);
	fixture_write(&f, "main.cfg",
		"radio: { open = false; port = 0x10; timeout = \"90s\"; quota = \"1 GB\"; name = \"lab\"; folder = "
		"\"d\";\n"
		"password = \"secret\"; mode = \"off\"; addresses = ( \"::\" );\n"
		"rules = ( { match = \"t*\"; }, { match = \"h*\"; band = 7; } ); };\n");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct radio_values *radio = fixture_radio(&f);
	ck_assert(!radio->open);
	ck_assert_int_eq(radio->port, 16);
	ck_assert_int_eq(radio->timeout_ms, 90000);
	ck_assert_int_eq(radio->quota_bytes, 1 << 30);
	ck_assert_str_eq(radio->name, "lab");
	ck_assert_int_eq(radio->mode, 2);
	ck_assert_str_eq(radio->password, secret);
	ck_assert_uint_eq(radio->addresses.count, 1);
	const struct rule_values *rules = radio->rules.items;
	ck_assert_uint_eq(radio->rules.count, 2);
	ck_assert_str_eq(rules[0].match, "t*");
	ck_assert_int_eq(rules[0].band, 5);
	ck_assert_int_eq(rules[1].band, 7);
	ck_assert(config_has(f.config, &radio_settings));
	ck_assert(!config_has(f.config, &link_settings));
	fixture_close(&f);
}
END_TEST

START_TEST(a_number_may_have_a_fraction)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "link: { broker = \"b\"; share = 0.1; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert(((const struct link_values *)config_values(f.config, &link_settings))->share == 0.1);
	fixture_write(&f, "main.cfg", "link: { broker = \"b\"; share = -1; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert(((const struct link_values *)config_values(f.config, &link_settings))->share == -1);
	fixture_write(&f, "main.cfg", "");
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert(isnan(((const struct link_values *)config_values(f.config, &link_settings))->share));
	fixture_close(&f);
	expect_fault("link: { broker = \"b\";\n share = 1.5; };",
		"2: link.share: found 1.5, allowed is a number from -1 to 1");
	expect_fault("link: { broker = \"b\";\n share = \"1\"; };",
		"2: link.share: found \"1\", allowed is a number from -1 to 1");
}
END_TEST

START_TEST(a_group_is_checked_beside_another)
{
	expect_fault("radio: { open = false; };\nlink: { broker = \"b\"; share = 0.5; };",
		"2: link: a closed radio has no share");
	/* What is wrong by itself is told alone. */
	expect_fault("radio: { open = false; };\nlink: { share = 0.5; };", "2: link: broker must be set");
}
END_TEST

START_TEST(a_relative_path_belongs_to_the_config_folder)
{
	char expected[128];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	fixture_write(&f, "conf.d/a.cfg", "radio: { folder = \"here\"; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	fixture_path(&f, expected, sizeof(expected), "here");
	ck_assert_str_eq(fixture_radio(&f)->folder, expected);
	fixture_close(&f);
}
END_TEST

START_TEST(a_list_of_paths_belongs_to_the_config_folder)
{
	char expected[128];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "link: { broker = \"b\"; keys = [ \"k.pem\", \"/k.pem\" ]; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct link_values *link = config_values(f.config, &link_settings);
	fixture_path(&f, expected, sizeof(expected), "k.pem");
	ck_assert_str_eq(link->keys.items[0], expected);
	ck_assert_str_eq(link->keys.items[1], "/k.pem");
	fixture_close(&f);
}
END_TEST

START_TEST(a_missing_file_is_told)
{
	fixture_open(&f);
	ck_assert_int_eq(fixture_load(&f), -ENOENT);
	fixture_expect(&f, 0, "main.cfg: No such file or directory");
	fixture_close(&f);
}
END_TEST

START_TEST(a_folder_is_no_config_file)
{
	char path[128];

	fixture_open(&f);
	fixture_path(&f, path, sizeof(path), "main.cfg");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(fixture_load(&f), -EISDIR);
	fixture_expect(&f, 0, "main.cfg: this is a folder, not a file");
	fixture_close(&f);
}
END_TEST

START_TEST(a_pipe_is_refused_and_does_not_block)
{
	char path[128];

	fixture_open(&f);
	fixture_path(&f, path, sizeof(path), "main.cfg");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(fixture_load(&f), -ENOTSUP);
	fixture_expect(&f, 0, "main.cfg: this is not a regular file");
	fixture_close(&f);
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
	char *big = malloc(CONFIG_FILE_MAX + 1);

	fixture_open(&f);
	memset(big, ' ', CONFIG_FILE_MAX + 1);
	fixture_write_bytes(&f, "main.cfg", big, CONFIG_FILE_MAX);
	ck_assert_int_eq(fixture_load(&f), 0);
	fixture_write_bytes(&f, "main.cfg", big, CONFIG_FILE_MAX + 1);
	ck_assert_int_eq(fixture_load(&f), -E2BIG);
	fixture_expect(&f, 0, "main.cfg: the file is too big, allowed is 1 MB in all");
	free(big);
	fixture_close(&f);
}
END_TEST

START_TEST(an_unknown_group_is_told_with_the_likely_one)
{
	expect_fault("\nraido: { };", "2: raido is unknown, did you mean radio?");
	expect_fault("zigbee: { };", "1: zigbee is unknown, allowed are radio, link");
	expect_fault("radio = 5;", "1: radio: found 5, allowed is a group { ... }");
}
END_TEST

START_TEST(an_unknown_setting_is_told_with_the_likely_one)
{
	expect_fault("radio: {\n prot = 1;\n};", "2: radio.prot is unknown, did you mean port?");
	expect_fault("radio: {\n colour = 1;\n};",
		"2: radio.colour is unknown, allowed are open, port, timeout, quota, name, folder, password, mode, "
		"addresses, rules");
}
END_TEST

START_TEST(a_wrong_type_is_told)
{
	expect_fault("radio: { open = 1; };", "1: radio.open: found 1, allowed is true or false");
	expect_fault("radio: { open = \"true\"; };", "1: radio.open: found \"true\", allowed is true or false");
	expect_fault(
		"radio: {\nport = \"5\"; };", "2: radio.port: found \"5\", allowed is a whole number from 1 to 65535");
	expect_fault(
		"radio: { port = true; };", "1: radio.port: found true, allowed is a whole number from 1 to 65535");
	expect_fault("radio: { open = 0x1FFFFFFFF; };", "1: radio.open: found 8589934591, allowed is true or false");
	expect_fault("radio: { port = 1.5; };", "1: radio.port: found 1.5, allowed is a whole number from 1 to 65535");
	expect_fault("radio: { name = 5; };", "1: radio.name: found 5, allowed is a text of 2 to 8 bytes in quotes");
	expect_fault(
		"radio: { folder = [ \"a\" ]; };", "1: radio.folder: found a list of 1, allowed is a path in quotes");
	expect_fault("radio: { addresses = \"::\"; };",
		"1: radio.addresses: found \"::\", allowed is a list of 1 to 3 texts, such as [ \"a\", \"b\" ]");
	expect_fault("radio: { rules = { }; };", "1: radio.rules: found a group { }, allowed is a list of at most 4 "
						 "groups, such as ( { ... }, { ... } )");
}
END_TEST

START_TEST(a_value_out_of_range_is_told)
{
	expect_fault(
		"radio: { port = 70000; };", "1: radio.port: found 70000, allowed is a whole number from 1 to 65535");
	expect_fault("radio: { port = -1; };", "1: radio.port: found -1, allowed is a whole number from 1 to 65535");
	expect_fault("radio: { timeout = \"2 d\"; };",
		"1: radio.timeout: found \"2 d\", allowed is a duration from 1 s to 1 d in ms, s, min, h or d, such as "
		"\"15 min\"");
	expect_fault("radio: { quota = \"1 B\"; };", "1: radio.quota: found \"1 B\", allowed is a size of at least 1 "
						     "KB in B, KB, MB, GB or TB, such as \"64 KB\"");
	expect_fault(
		"radio: { name = \"a\"; };", "1: radio.name: found \"a\", allowed is a text of 2 to 8 bytes in quotes");
	expect_fault("radio: { mode = \"warp\"; };",
		"1: radio.mode: found \"warp\", allowed is \"fast\", \"slow\" or \"off\"");
}
END_TEST

/* libconfig 1.5 takes 4294967297 for 1. */
START_TEST(a_number_over_32_bits_is_not_truncated)
{
	expect_fault("radio: { port = 4294967297; };",
		"1: radio.port: found 4294967297, allowed is a whole number from 1 to 65535");
	expect_fault("radio: { port = 0x100000001; };",
		"1: radio.port: found 4294967297, allowed is a whole number from 1 to 65535");
}
END_TEST

START_TEST(a_wrong_list_item_is_told)
{
	expect_fault("radio: { addresses = ( \"a\",\n5 ); };",
		"2: radio.addresses[1]: found 5, allowed is a text of 1 to 4096 bytes");
	expect_fault("radio: { addresses = [ \"a\", \"b\",\n\"a\" ]; };",
		"2: radio.addresses[2]: \"a\" is in the list twice");
	expect_fault("radio: { addresses = [ ]; };",
		"1: radio.addresses: found a list of 0, allowed is a list of 1 to 3 texts, such as [ \"a\", \"b\" ]");
}
END_TEST

START_TEST(faults_in_lists_of_groups_name_the_item)
{
	expect_fault(
		"radio: { rules = (\n{ match = \"a\"; },\n{ band = 3; } ); };", "3: radio.rules[1]: match must be set");
	expect_fault("radio: { rules = (\n{ match = \"a\"; band = 13; } ); };",
		"2: radio.rules[0]: a band of 13 is bad luck");
	expect_fault("radio: { rules = ( { match = \"a\";\nbund = 13; } ); };",
		"2: radio.rules[0].bund is unknown, did you mean band?");
	expect_fault("radio: { rules = ( 5 ); };",
		"1: radio.rules[0]: found 5, allowed is a list of at most 4 groups, such as ( { ... }, { ... } )");
}
END_TEST

START_TEST(a_required_setting_must_be_there_if_its_group_is)
{
	expect_fault("\n\nlink: { };", "3: link: broker must be set");
}
END_TEST

START_TEST(a_table_checks_across_its_settings)
{
	expect_fault("\nlink: { broker = \"even\"; weight = 3; };", "2: link: only the broker odd takes odd weights");
}
END_TEST

START_TEST(a_syntax_error_is_told_with_its_line)
{
	expect_fault("radio: {\n port 5;\n};", "2: syntax error, at or just before: port 5;");
	expect_fault("radio: {\n port = 5;\n", "3: syntax error, at or just before: the end of the file");
	expect_fault("radio: { port = 5;\n port = 6; };", "2: duplicate setting name, at or just before: port = 6; };");
}
END_TEST

START_TEST(all_faults_of_all_files_are_told_in_one_pass)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "radio: { port = 0;\n timeout = 5; };\nlink: { };\nfoo: { };\n");
	fixture_write(&f, "conf.d/a.cfg", "radio: {\n mode = 1 };\n");
	fixture_write(&f, "conf.d/b.cfg", "radio: {\n mood = 1 };\n");
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	ck_assert_uint_eq(f.faults.count, 6);
	fixture_expect(&f, 0, "main.cfg:1: radio.port: found 0, allowed is a whole number from 1 to 65535");
	fixture_expect(&f, 2, "main.cfg:4: foo is unknown, allowed are radio, link");
	fixture_expect(&f, 3, "conf.d/a.cfg:2: radio.mode: found 1, allowed is \"fast\", \"slow\" or \"off\"");
	fixture_expect(&f, 4, "conf.d/b.cfg:2: radio.mood is unknown, did you mean mode?");
	fixture_expect(&f, 5, "main.cfg:3: link: broker must be set");
	fixture_close(&f);
}
END_TEST

START_TEST(a_syntax_error_does_not_hide_the_other_files)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "radio: {");
	fixture_write(&f, "conf.d/a.cfg", "link: { broken = 1; };");
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	ck_assert_uint_eq(f.faults.count, 2);
	fixture_expect(&f, 1, "conf.d/a.cfg:1: link.broken is unknown, did you mean broker?");
	fixture_close(&f);
}
END_TEST

START_TEST(conf_d_overrides_in_the_order_of_names)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "radio: { port = 1; mode = \"off\"; addresses = [ \"a\", \"b\" ]; };");
	fixture_write(&f, "conf.d/20.cfg", "radio: { port = 3; };");
	fixture_write(&f, "conf.d/10.cfg", "radio: { port = 2; addresses = [ \"c\" ]; };\nlink: { broker = \"b\"; };");
	fixture_write(&f, "conf.d/.30.cfg", "radio: { port = 4; };");
	fixture_write(&f, "conf.d/40.cfg.bak", "radio: { port = 5; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert_int_eq(fixture_radio(&f)->port, 3);
	ck_assert_int_eq(fixture_radio(&f)->mode, 2);
	ck_assert_uint_eq(fixture_radio(&f)->addresses.count, 1);
	ck_assert(config_has(f.config, &link_settings));
	fixture_close(&f);
}
END_TEST

START_TEST(a_conf_d_that_is_no_folder_is_told)
{
	char path[128];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	fixture_path(&f, path, sizeof(path), "conf.d");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(fixture_load(&f), 0);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	fixture_expect(&f, 0, "conf.d: Not a directory");
	fixture_close(&f);
}
END_TEST

START_TEST(files_in_conf_d_are_limited_in_number)
{
	char name[32];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "conf.d/%03d.cfg", i);
		fixture_write(&f, name, "radio: { port = 9; };");
	}
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert_int_eq(fixture_radio(&f)->port, 9);
	fixture_write(&f, "conf.d/100.cfg", "");
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	fixture_expect(&f, 0, "conf.d: found 101 files, allowed are 100");
	fixture_close(&f);
}
END_TEST

START_TEST(a_required_setting_may_come_from_conf_d)
{
	fixture_open(&f);
	fixture_write(&f, "main.cfg", "link: { };");
	fixture_write(&f, "conf.d/10.cfg", "link: { broker = \"b\"; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	fixture_close(&f);
}
END_TEST

START_TEST(a_secret_that_all_can_read_is_refused)
{
	char path[128];
	char expected[512];

	fixture_open(&f);
	fixture_write(&f, "secret", "x");
	fixture_write(&f, "main.cfg", "radio: { password = \"secret\"; };");
	fixture_path(&f, path, sizeof(path), "secret");
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	snprintf(expected, sizeof(expected),
		"main.cfg:1: radio.password: everybody on this machine can read %s, allowed is its owner (and group): "
		"chmod 600 %s",
		path, path);
	fixture_expect(&f, 0, expected);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(fixture_load(&f), 0);
	fixture_close(&f);
}
END_TEST

START_TEST(a_secret_written_inline_is_not_repeated)
{
	expect_fault("radio: { password = \"hunter2\"; };",
		"1: radio.password: cannot read the file: No such file or directory");
	expect_fault("radio: { password = \"/\"; };", "1: radio.password: / is not a regular file");
}
END_TEST

START_TEST(faults_are_limited)
{
	char text[4000] = "";

	fixture_open(&f);
	for (int i = 0; i < 150; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "unknown%d = 1;\n", i);
	fixture_write(&f, "main.cfg", text);
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	ck_assert_uint_eq(f.faults.count, CONFIG_FAULTS_MAX);
	fixture_expect(&f, CONFIG_FAULTS_MAX - 1, "main.cfg: there are more faults than these");
	fixture_close(&f);
}
END_TEST

START_TEST(a_fault_cannot_forge_a_line)
{
	expect_fault("radio: { mode = \"a\\nb\"; };",
		"1: radio.mode: found \"a?b\", allowed is \"fast\", \"slow\" or \"off\"");
}
END_TEST

static void note_change(void *context, const char *name, bool applied)
{
	char *notes = context;

	strcat(notes, name);
	strcat(notes, applied ? "+ " : "- ");
}

/* Loads the text as main.cfg and lets the running config adopt it. */
static void adopt(struct config *running, const char *text, char *notes)
{
	struct config *newer;

	notes[0] = '\0';
	fixture_write(&f, "main.cfg", text);
	f.config = NULL;
	ck_assert_int_eq(fixture_load(&f), 0);
	newer = f.config;
	config_adopt(running, &newer, note_change, notes);
	ck_assert_ptr_null(newer);
	f.config = running;
}

START_TEST(what_is_reloadable_changes_in_place)
{
	char notes[200];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "radio: { rules = ( { match = \"a\"; } ); };");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct radio_values *radio = fixture_radio(&f);
	adopt(f.config,
		"radio: { open = false; port = 1; timeout = \"1 s\"; name = \"new\"; mode = \"off\"; addresses = [ "
		"\"a\" ];\n"
		"quota = \"64 MB\"; rules = ( { match = \"b\"; } ); };",
		notes);
	ck_assert_str_eq(
		notes, "radio.open- radio.port- radio.timeout+ radio.name- radio.mode- radio.addresses- radio.rules+ ");
	ck_assert_int_eq(radio->port, 5683);
	ck_assert_int_eq(radio->timeout_ms, 1000);
	ck_assert_str_eq(((const struct rule_values *)radio->rules.items)->match, "b");
	fixture_close(&f);
}
END_TEST

START_TEST(former_texts_live_until_the_next_change)
{
	char notes[200];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct radio_values *radio = fixture_radio(&f);
	adopt(f.config, "radio: { rules = ( { match = \"one\"; } ); };", notes);
	const struct rule_values *one = radio->rules.items;
	adopt(f.config, "radio: { rules = ( { match = \"two\"; } ); };", notes);
	ck_assert_str_eq(one->match, "one");
	for (int i = 0; i < 3; i++)
		adopt(f.config, "radio: { rules = ( { match = \"two\"; } ); };", notes);
	ck_assert_str_eq(notes, "");
	ck_assert_str_eq(((const struct rule_values *)radio->rules.items)->match, "two");
	fixture_close(&f);
}
END_TEST

/* With a sanitizer it is that which knows. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : mallinfo2().uordblks;
}

START_TEST(reloads_that_a_table_refuses_take_no_memory_for_ever)
{
	static const char refused[] =
		"link: { broker = \"odd\"; weight = 3; }; radio: { rules = ( { match = \"x\"; } ); };";
	char notes[200];
	size_t before = 0;

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "link: { broker = \"b\"; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct radio_values *radio = fixture_radio(&f);
	for (int i = 0; i < 40; i++) {
		if (i == 20)
			before = allocated();
		adopt(f.config, refused, notes);
	}
	ck_assert_uint_le(allocated(), before + 2000); /* a config has several times that, twenty have more */
	ck_assert_str_eq(((const struct rule_values *)radio->rules.items)->match, "x");
	fixture_close(&f);
}
END_TEST

START_TEST(a_mixture_that_a_table_refuses_is_not_taken_over)
{
	char notes[200];

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "link: { broker = \"b\"; };");
	ck_assert_int_eq(fixture_load(&f), 0);
	const struct link_values *link = config_values(f.config, &link_settings);
	/* the running broker "b" takes even weights only */
	adopt(f.config, "link: { broker = \"odd\"; weight = 3; };", notes);
	ck_assert_str_eq(notes, "link.broker- link.weight- ");
	ck_assert_int_eq(link->weight, 2);
	adopt(f.config, "link: { broker = \"b\"; weight = 4; };", notes);
	ck_assert_str_eq(notes, "link.weight+ ");
	ck_assert_int_eq(link->weight, 4);
	fixture_close(&f);
}
END_TEST

TEST_SUITE(config, an_empty_file_yields_all_defaults, every_type_is_read, a_number_may_have_a_fraction,
	a_group_is_checked_beside_another, a_relative_path_belongs_to_the_config_folder, a_missing_file_is_told,
	a_folder_is_no_config_file, a_pipe_is_refused_and_does_not_block, a_file_over_the_limit_is_refused,
	an_unknown_group_is_told_with_the_likely_one, an_unknown_setting_is_told_with_the_likely_one,
	a_wrong_type_is_told, a_value_out_of_range_is_told, a_number_over_32_bits_is_not_truncated,
	a_wrong_list_item_is_told, faults_in_lists_of_groups_name_the_item,
	a_required_setting_must_be_there_if_its_group_is, a_table_checks_across_its_settings,
	a_syntax_error_is_told_with_its_line, all_faults_of_all_files_are_told_in_one_pass,
	a_syntax_error_does_not_hide_the_other_files, conf_d_overrides_in_the_order_of_names,
	a_conf_d_that_is_no_folder_is_told, files_in_conf_d_are_limited_in_number,
	a_required_setting_may_come_from_conf_d, a_secret_that_all_can_read_is_refused,
	a_secret_written_inline_is_not_repeated, faults_are_limited, a_fault_cannot_forge_a_line,
	what_is_reloadable_changes_in_place, former_texts_live_until_the_next_change,
	a_mixture_that_a_table_refuses_is_not_taken_over, reloads_that_a_table_refuses_take_no_memory_for_ever,
	a_list_of_paths_belongs_to_the_config_folder)
