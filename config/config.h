/*
 * config: reads a config file against all settings tables and keeps what it read.
 *
 * The file is libconfig's syntax: one group per table. Every file NAME.cfg in the folder `conf.d` beside the main file
 * is read after it, in the order of names, and may add groups or replace single settings. All faults of all files are
 * gathered in one pass, each with its file and line, what was found and what is allowed.
 */
#ifndef WAKEGATE_CONFIG_CONFIG_H
#define WAKEGATE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/settings.h"

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes */
#define CONFIG_FAULTS_MAX 100

struct config;

/* One fault, a sentence for a person: "FILE:LINE: coap.port: found 70000, allowed is a whole number from 1 to 65535".
 */
struct config_fault {
	char text[512];
};

struct config_faults {
	struct config_fault *faults; /* free with config_faults_finish() */
	size_t count;
};
void config_faults_finish(struct config_faults *faults);

/*
 * Reads `path` and its conf.d. `tables` is an array of `count` and outlives the config. 0 with *out; -EINVAL with at
 * least one fault; -ENOENT, -EACCES, -E2BIG also with a fault that says so; -ENOMEM. `faults` is always initialised.
 */
int config_load(struct config **out, const char *path, const struct settings_table *const *tables, size_t count,
	struct config_faults *faults);

/* The same for a file that is no main one: without conf.d. */
int config_load_file(struct config **out, const char *path, const struct settings_table *const *tables, size_t count,
	struct config_faults *faults);

/* The struct that the table describes, with defaults where the file says nothing; lives as long as the config. */
const void *config_values(const struct config *config, const struct settings_table *table);

/* Whether the file has the table's group. */
bool config_has(const struct config *config, const struct settings_table *table);

/*
 * Takes over from `newer`, read against the same tables, the reloadable settings that differ: they change within the
 * structs that config_values() gave, texts and lists of the former values live until the next call. A table whose check
 * refuses the mixture of running and new values keeps all it had; its texts are not kept twice. `each` is called for
 * every setting that differs, with its full name ("coap.port") and whether it was taken over.
 */
void config_adopt(struct config *config, struct config **newer,
	void (*each)(void *context, const char *name, bool applied), void *context);

/* Prints the complete sample: every group, every setting with its help, range and default. */
void config_print_sample(FILE *out, const struct settings_table *const *tables, size_t count);

/* Prints the groups alone, as they stand there. */
void config_print_groups(FILE *out, const struct settings_table *const *tables, size_t count);

/* Prints the same as sections of a manual page, in mdoc(7). */
void config_print_manual(FILE *out, const struct settings_table *const *tables, size_t count);

void config_free(struct config *config);

#endif
