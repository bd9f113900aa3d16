#include "config/source.h"

#include "tests/unit/config_fixture.h"
#include "tests/unit/suite.h"

static struct fixture f;
static struct arena arena;
static struct source source;

static int read_main(const char *text, size_t size)
{
	char path[128];

	fixture_write_bytes(&f, "main.cfg", text, size);
	fixture_path(&f, path, sizeof(path), "main.cfg");
	ck_assert_int_eq(faults_init(&f.faults), 0);
	return source_read(&source, path, f.folder, &arena, &f.faults);
}

static void finish(void)
{
	source_finish(&source);
	config_faults_finish(&f.faults);
	arena_finish(&arena);
}

static void expect_text(const char *text, const char *tidied)
{
	fixture_open(&f);
	ck_assert_int_eq(read_main(text, strlen(text)), 0);
	ck_assert_str_eq(source.text, tidied);
	finish();
	fixture_close(&f);
}

static void expect_fault(const char *text, size_t size, const char *fault)
{
	char expected[300];

	fixture_open(&f);
	ck_assert_int_eq(read_main(text, size), -EINVAL);
	ck_assert_uint_eq(f.faults.count, 1);
	snprintf(expected, sizeof(expected), "main.cfg:%s", fault);
	fixture_expect(&f, 0, expected);
	finish();
	fixture_close(&f);
}

#define EXPECT_FAULT(text, fault) expect_fault(text, sizeof(text) - 1, fault)

START_TEST(comments_are_blanked_and_lines_kept)
{
	expect_text("a = 1; # x \"\nb = 2; // y\n/* z\n\" */c = 3;\n", "a = 1; \nb = 2; \n\n c = 3;\n");
	expect_text("a = \"# no // comment /* here\";", "a = \"# no // comment /* here\";");
	expect_text("a = \"quote \\\" inside\\\\\"; # gone", "a = \"quote \\\" inside\\\\\"; ");
}
END_TEST

START_TEST(wide_numbers_get_their_suffix)
{
	expect_text("a = 2147483647;", "a = 2147483647;");
	expect_text("a = 2147483648;", "a = 2147483648L;");
	expect_text("a = 0xFFFFFFFF;", "a = 0xFFFFFFFFL;");
	expect_text("a = 9223372036854775807L;", "a = 9223372036854775807L;");
	expect_text("a9999999999 = 1.99999999999e10; b = 0;", "a9999999999 = 1.99999999999e10; b = 0;");
}
END_TEST

START_TEST(numbers_that_no_one_can_hold_are_told)
{
	EXPECT_FAULT(
		"\na = 9223372036854775808;", "2: found 9223372036854775808, allowed are numbers of at most 64 bits");
	EXPECT_FAULT(
		"a = 0x10000000000000000;", "1: found 0x10000000000000000, allowed are numbers of at most 64 bits");
	EXPECT_FAULT("a = 00000000000000000000000000000000000000000000000001;",
		"1: found 00000000000000000000000000000000000000000000000001, allowed are numbers of at most 64 bits");
	EXPECT_FAULT("a = 0660;", "1: found 0660, allowed are numbers without leading zeros");
}
END_TEST

START_TEST(what_is_never_closed_is_told_where_it_began)
{
	EXPECT_FAULT("a = 1;\nb = \"abc;\nc = \"d\";\n", "2: this quote is not closed on its line");
	EXPECT_FAULT("a = \"abc\\", "1: this quote is not closed on its line");
	EXPECT_FAULT("a = 1;\n/* b\n\n", "2: this comment is never closed, allowed is /* text */");
}
END_TEST

START_TEST(a_nul_byte_is_told)
{
	EXPECT_FAULT("a = 1;\n\0b = 2;", "2: found a NUL byte, allowed is text");
	EXPECT_FAULT("a = \"x\0y\";", "1: found a NUL byte, allowed is text");
}
END_TEST

START_TEST(deep_nesting_is_told_once)
{
	EXPECT_FAULT("a = ((((((((((((((((((((((((1))))))))))))))))))))))));", "1: more than 16 brackets are open");
}
END_TEST

START_TEST(an_included_file_stands_where_it_was_named)
{
	fixture_open(&f);
	fixture_write(&f, "one.inc", "b = 2;\nc = 3;");
	static const char text[] = "a = 1;\n@include \"one.inc\" # x\nd = 4;\n";
	ck_assert_int_eq(read_main(text, strlen(text)), 0);
	ck_assert_str_eq(source.text, "a = 1;\nb = 2;\nc = 3;\n \nd = 4;\n");
	static const struct {
		unsigned line;
		const char *name;
		unsigned written;
	} places[] = { { 1, "main.cfg", 1 }, { 2, "one.inc", 1 }, { 3, "one.inc", 2 }, { 4, "main.cfg", 2 },
		{ 5, "main.cfg", 3 } };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct place place = source_place(&source, places[i].line);
		ck_assert_str_eq(strrchr(place.file, '/') + 1, places[i].name);
		ck_assert_uint_eq(place.line, places[i].written);
	}
	size_t size;
	ck_assert_int_eq(strncmp(source_line(&source, 3, &size), "c = 3;", 6), 0);
	ck_assert_uint_eq(size, 6);
	(void)source_line(&source, 99, &size);
	ck_assert_uint_eq(size, 0);
	finish();
	fixture_close(&f);
}
END_TEST

START_TEST(a_fault_in_an_included_file_names_that_file)
{
	fixture_open(&f);
	fixture_write(&f, "more.inc", "radio: {\n prot = 1;\n};\n");
	fixture_write(&f, "main.cfg", "\n@include \"more.inc\"\nlink: { };\n");
	ck_assert_int_eq(fixture_load(&f), -EINVAL);
	ck_assert_uint_eq(f.faults.count, 2);
	fixture_expect(&f, 0, "more.inc:2: radio.prot is unknown, did you mean port?");
	fixture_expect(&f, 1, "main.cfg:3: link: broker must be set");
	fixture_close(&f);
}
END_TEST

START_TEST(an_include_may_be_absolute_and_inside_a_group)
{
	char text[256];

	fixture_open(&f);
	fixture_write(&f, "port.inc", "port = 7;");
	snprintf(text, sizeof(text), "radio: {\n@include \"%s/port.inc\"\n};\n", f.folder);
	fixture_write(&f, "main.cfg", text);
	ck_assert_int_eq(fixture_load(&f), 0);
	ck_assert_int_eq(fixture_radio(&f)->port, 7);
	fixture_close(&f);
}
END_TEST

/* libconfig 1.5 ends the whole process at @include ".". */
START_TEST(an_include_that_cannot_be_read_is_told)
{
	char expected[300];

	fixture_open(&f);
	static const char text[] = "@include \".\"\n@include \"none\"\n@include x\n@";
	ck_assert_int_eq(read_main(text, strlen(text)), -EINVAL);
	ck_assert_uint_eq(f.faults.count, 4);
	snprintf(expected, sizeof(expected), "main.cfg:1: cannot include %s/.: this is a folder, not a file", f.folder);
	fixture_expect(&f, 0, expected);
	snprintf(expected, sizeof(expected), "main.cfg:2: cannot include %s/none: No such file or directory", f.folder);
	fixture_expect(&f, 1, expected);
	fixture_expect(&f, 2, "main.cfg:3: found @, allowed is @include \"FILE\"");
	fixture_expect(&f, 3, "main.cfg:4: found @, allowed is @include \"FILE\"");
	finish();
	fixture_close(&f);
}
END_TEST

START_TEST(files_that_include_each_other_are_told)
{
	EXPECT_FAULT("\n@include \"main.cfg\"\n", "2: files include each other more than 8 deep");
}
END_TEST

START_TEST(included_files_are_limited_in_number)
{
	char text[3000] = "";

	fixture_open(&f);
	fixture_write(&f, "x", "");
	for (int i = 0; i < 200; i++)
		strcat(text, "@include \"x\"\n");
	ck_assert_int_eq(read_main(text, strlen(text)), -EINVAL);
	ck_assert_uint_ge(f.faults.count, 1);
	fixture_expect(&f, 0, "main.cfg:64: more than 64 files are included");
	finish();
	fixture_close(&f);
}
END_TEST

START_TEST(included_bytes_count_towards_the_limit)
{
	char *big = malloc(CONFIG_FILE_MAX);
	char expected[300];

	fixture_open(&f);
	memset(big, ' ', CONFIG_FILE_MAX);
	fixture_write_bytes(&f, "big", big, CONFIG_FILE_MAX);
	ck_assert_int_eq(read_main("@include \"big\"", 14), -EINVAL);
	snprintf(expected, sizeof(expected),
		"main.cfg:1: cannot include %s/big: the file is too big, allowed is 1 MB in all", f.folder);
	fixture_expect(&f, 0, expected);
	free(big);
	finish();
	fixture_close(&f);
}
END_TEST

TEST_SUITE(source, comments_are_blanked_and_lines_kept, wide_numbers_get_their_suffix,
	numbers_that_no_one_can_hold_are_told, what_is_never_closed_is_told_where_it_began, a_nul_byte_is_told,
	deep_nesting_is_told_once, an_included_file_stands_where_it_was_named,
	a_fault_in_an_included_file_names_that_file, an_include_may_be_absolute_and_inside_a_group,
	an_include_that_cannot_be_read_is_told, files_that_include_each_other_are_told,
	included_files_are_limited_in_number, included_bytes_count_towards_the_limit)
