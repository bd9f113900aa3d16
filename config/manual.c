#include "config/config.h"

#include "config/describe.h"
#include "config/mdoc.h"

static void print_settings(FILE *out, const struct settings_table *table);

static void print_literal(FILE *out, const char *label, const char *value)
{
	fprintf(out, ".br\n%s:\n.Li ", label);
	mdoc_print_quoted(out, value);
}

static void print_setting(FILE *out, const struct setting *setting)
{
	char range[256];
	char allowed[300];

	fprintf(out, ".It Ic %s\n", setting->name);
	mdoc_print_text(out, setting->help);
	describe_range(setting, range, sizeof(range));
	snprintf(allowed, sizeof(allowed), "Allowed: %s.", range);
	fputs(".br\n", out);
	mdoc_print_text(out, allowed);
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
		mdoc_print_text(out, tables[i]->help);
		print_settings(out, tables[i]);
	}
}
