#include "config/config.h"

#include <string.h>

#include "config/describe.h"
#include "config/prose.h"

#define COLUMNS 72

static void print_settings(FILE *out, const struct settings_table *table);

/* One character of running text; a word that looks like a request is shielded. */
static void put_escaped(FILE *out, const char *text, const char *c)
{
	bool begins_word = c == text || c[-1] == ' ';

	if (begins_word && (*c == '.' || *c == '\''))
		fputs("\\&", out);
	if (*c == '\\')
		fputs("\\e", out);
	else
		fputc(*c, out);
}

/* Sentences, each from the beginning of a line. */
static void print_text(FILE *out, const char *text)
{
	char sentence[512] = "";
	FILE *buffer = fmemopen(sentence, sizeof(sentence) - 1, "w");

	for (const char *c = text; buffer && *c; c++) {
		put_escaped(buffer, text, c);
		if (c[1] && !(*c == '.' && c[1] == ' '))
			continue;
		fflush(buffer);
		prose_print(out, COLUMNS, "", sentence);
		memset(sentence, 0, sizeof(sentence));
		rewind(buffer);
		c += c[1] == ' ';
	}
	if (buffer)
		fclose(buffer);
}

static void print_literal(FILE *out, const char *label, const char *value)
{
	fprintf(out, ".br\n%s:\n.Li \"", label);
	for (; *value; value++) {
		if (*value == '"')
			fputs("\\(dq", out);
		else if (*value == '\\')
			fputs("\\e", out);
		else
			fputc(*value, out);
	}
	fputs("\"\n", out);
}

static void print_setting(FILE *out, const struct setting *setting)
{
	char range[256];
	char allowed[300];

	fprintf(out, ".It Ic %s\n", setting->name);
	print_text(out, setting->help);
	describe_range(setting, range, sizeof(range));
	snprintf(allowed, sizeof(allowed), "Allowed: %s.", range);
	fputs(".br\n", out);
	print_text(out, allowed);
	if (setting->initial && !setting->required)
		print_literal(out, "Default", setting->initial);
	else if (setting->example)
		print_literal(out, "No default; example", setting->example);
	if (setting->required)
		fputs(".br\nMust be set.\n", out);
	if (setting->reloadable)
		fputs(".br\nReloadable.\n", out);
	if (setting->type == SETTING_GROUPS)
		print_settings(out, setting->table);
}

static void print_settings(FILE *out, const struct settings_table *table)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < table->count; i++)
		print_setting(out, &table->settings[i]);
	fputs(".El\n", out);
}

void config_print_manual(FILE *out, const struct settings_table *const *tables, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fprintf(out, ".Ss The group %s\n", tables[i]->group);
		print_text(out, tables[i]->help);
		print_settings(out, tables[i]);
	}
}
