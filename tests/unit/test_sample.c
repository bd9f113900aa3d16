#include "tests/unit/config_fixture.h"
#include "tests/unit/suite.h"

static struct fixture f;

/* The sample of the fixture's tables; free it. */
static char *print_sample(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	config_print_sample(out, fixture_tables, 2);
	fclose(out);
	return text;
}

static void note_change(void *context, const char *name, bool applied)
{
	strcat(context, name);
	strcat(context, " ");
}

START_TEST(the_sample_is_read_without_faults_and_yields_the_defaults)
{
	char changes[200] = "";
	struct config *defaults;

	fixture_open(&f);
	fixture_write(&f, "main.cfg", "");
	ck_assert_int_eq(fixture_load(&f), 0);
	defaults = f.config;
	f.config = NULL;
	char *text = print_sample();
	fixture_write(&f, "main.cfg", text);
	free(text);
	ck_assert_int_eq(fixture_load(&f), 0);
	config_adopt(defaults, &f.config, note_change, changes);
	ck_assert_str_eq(changes, "link.broker "); /* it is required, so the sample sets it */
	f.config = defaults;
	fixture_close(&f);
}
END_TEST

START_TEST(the_sample_shows_help_range_and_examples)
{
	char *text = print_sample();

	ck_assert_ptr_nonnull(strstr(text, "\n# The network of nodes.\nradio: {\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n\t# UDP port.\n\t# Allowed: 1 to 65535.\n\tport = 5683;\n"));
	ck_assert_ptr_nonnull(strstr(text, "\t# name = \"lab \\\"1\\\"\";\n"));
	ck_assert_ptr_nonnull(strstr(text, "\taddresses = [ \"::1\", \"10.0.0.1\" ];\n"));
	ck_assert_ptr_nonnull(strstr(text, "Reloadable."));
	ck_assert_ptr_nonnull(strstr(text, "\t# rules = (\n\t# \t{\n"));
	ck_assert_ptr_nonnull(strstr(text, "\t# \t\tmatch = \"temp*\";\n"));
	free(text);
}
END_TEST

START_TEST(no_line_of_the_sample_is_wider_than_100_columns)
{
	char *text = print_sample();

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t width = 0;
		for (const char *c = line; *c; c++)
			width += *c == '\t' ? 8 : 1;
		ck_assert_msg(width <= 100, "%s", line);
	}
	free(text);
}
END_TEST

TEST_SUITE(sample, the_sample_is_read_without_faults_and_yields_the_defaults, the_sample_shows_help_range_and_examples,
	no_line_of_the_sample_is_wider_than_100_columns)
