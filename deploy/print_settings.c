/*
 * print_settings: prints what the build makes of the settings tables.
 *
 *     print_settings sample            the complete config file
 *     print_settings rollout           a complete rollout file
 *     print_settings manual TEMPLATE   the manual page, its line ".\" SETTINGS" replaced by the settings
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config/config.h"
#include "gateway/rollout_file.h"
#include "gateway/tables.h"

static int print_manual(const struct tables *tables, const char *template)
{
	char line[512];
	FILE *in = fopen(template, "r");

	if (!in) {
		perror(template);
		return EX_NOINPUT;
	}
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, ".\\\" SETTINGS\n") == 0)
			config_print_manual(stdout, tables->list, tables->count);
		else
			fputs(line, stdout);
	}
	fclose(in);
	return 0;
}

int main(int argc, char **argv)
{
	struct tables tables;

	tables_init(&tables);
	if (argc == 3 && strcmp(argv[1], "manual") == 0)
		return print_manual(&tables, argv[2]);
	if (argc == 2 && strcmp(argv[1], "rollout") == 0) {
		rollout_file_print_sample(stdout);
		return 0;
	}
	if (argc != 2 || strcmp(argv[1], "sample") != 0)
		return EX_USAGE;
	config_print_sample(stdout, tables.list, tables.count);
	return 0;
}
