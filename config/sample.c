#include "config/config.h"

#include <string.h>

#include "config/describe.h"
#include "config/prose.h"

#define COLUMNS 100

static void print_setting(FILE *out, const struct setting *setting, const char *margin);

/* Lists are in the table as they are in the file, all other texts without their quotes. */
static bool is_quoted(const struct setting *setting)
{
	return setting->type != SETTING_BOOLEAN && setting->type != SETTING_INTEGER &&
	       setting->type != SETTING_NUMBER && setting->type != SETTING_LIST && setting->type != SETTING_FILES;
}

static void print_value(FILE *out, const struct setting *setting, const char *value)
{
	if (!is_quoted(setting)) {
		fputs(value, out);
		return;
	}
	fputc('"', out);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

/* The groups of a list, as an example in a comment. */
static void print_nested(FILE *out, const struct setting *setting, const char *margin)
{
	char deeper[64];

	snprintf(deeper, sizeof(deeper), "%.40s\t\t", margin);
	fprintf(out, "%s%s = (\n%s\t{\n", margin, setting->name, margin);
	for (size_t i = 0; i < setting->table->count; i++)
		print_setting(out, &setting->table->settings[i], deeper);
	fprintf(out, "%s\t}\n%s);\n", margin, margin);
}

static void print_setting(FILE *out, const struct setting *setting, const char *margin)
{
	char comment[80];
	char allowed[256];
	char text[400];
	bool is_comment = strchr(margin, '#') != NULL;

	snprintf(comment, sizeof(comment), "%s# ", margin);
	describe_range(setting, allowed, sizeof(allowed));
	snprintf(text, sizeof(text), "Allowed: %s.%s%s", allowed, setting->required ? " Must be set." : "",
		setting->reloadable ? " Reloadable." : "");
	prose_print(out, COLUMNS, comment, setting->help);
	prose_print(out, COLUMNS, comment, text);
	if (setting->type == SETTING_GROUPS) {
		print_nested(out, setting, is_comment ? margin : comment);
		return;
	}
	/* What must be set is a choice that the default is not. */
	bool shows_example = !setting->initial || (setting->required && setting->example);
	const char *value = shows_example ? setting->example : setting->initial;
	bool live = setting->initial || setting->required;
	fprintf(out, "%s%s = ", live || is_comment ? margin : comment, setting->name);
	print_value(out, setting, value ? value : "");
	fputs(";\n", out);
}

static void print_table(FILE *out, const struct settings_table *table)
{
	fputc('\n', out);
	prose_print(out, COLUMNS, "# ", table->help);
	fprintf(out, "%s: {\n", table->group);
	for (size_t i = 0; i < table->count; i++) {
		if (i > 0)
			fputc('\n', out);
		print_setting(out, &table->settings[i], "\t");
	}
	fputs("};\n", out);
}

void config_print_groups(FILE *out, const struct settings_table *const *tables, size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_table(out, tables[i]);
}

void config_print_sample(FILE *out, const struct settings_table *const *tables, size_t count)
{
	prose_print(out, COLUMNS, "# ",
		"Every setting of wakegate with its default, as printed by wakegated --print-config. A config file "
		"needs only what differs from it. Settings without a default stand in a comment, with an example. "
		"After a change of a setting marked reloadable, SIGHUP is enough (systemctl reload wakegate); others "
		"need a restart. wakegated --check FILE tells what is wrong with a file.");
	config_print_groups(out, tables, count);
}
