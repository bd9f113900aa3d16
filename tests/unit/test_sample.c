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

START_TEST(the_manual_has_every_setting_and_no_stray_request)
{
	static const char *const texts[] = {
		".Ss The group radio\nThe network of nodes.\n.Bl -tag -width Ds\n.It Ic open\nLets all in.\n.br\n"
		"Allowed: true or false.\n.br\nDefault:\n.Li \"true\"\n",
		"No default; example:\n.Li \"lab \\(dq1\\(dq\"\n",
		".It Ic timeout\nPatience.\n.br\nAllowed: 1 s to 1 d.\n.br\nDefault:\n.Li \"15 "
		"min\"\n.br\nReloadable.\n",
		".It Ic rules\n",
		".It Ic match\nNames that the rule is for.\n",
		".br\nMust be set.\n",
		"One.\n\\&.two three \\e four.\n",
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	static const struct setting odd_setting = {
		.name = "odd", .type = SETTING_BOOLEAN, .help = "One. .two", .initial = "true"
	};
	static const struct settings_table odd = {
		.group = "odd", .help = "One. .two three \\ four.", .settings = &odd_setting, .count = 1
	};

	config_print_manual(out, (const struct settings_table *const[]){ &radio_settings, &link_settings, &odd }, 3);
	fclose(out);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(strstr(text, texts[i]) != NULL, "no\n%s\nin\n%s", texts[i], text);
	free(text);
}
END_TEST

TEST_SUITE(sample, the_sample_is_read_without_faults_and_yields_the_defaults, the_sample_shows_help_range_and_examples,
	no_line_of_the_sample_is_wider_than_100_columns, the_manual_has_every_setting_and_no_stray_request)
