/*
 * settings: how a module says what can be set in the config file, and how the file becomes its struct.
 *
 * A module declares one `settings_table`: the group's name and, per setting, type, default, range, unit and a sentence
 * of help. One reader (config/config.h) checks the whole file against all tables, and the full sample and the manual
 * page are printed from the same tables, so they cannot drift.
 */
#ifndef WAKEGATE_CONFIG_SETTINGS_H
#define WAKEGATE_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_BOOLEAN,  /* bool: true, false */
	SETTING_INTEGER,  /* int64_t */
	SETTING_DURATION, /* int64_t milliseconds: "250 ms", "90 s", "15 min", "6 h", "2 d" */
	SETTING_SIZE,     /* int64_t bytes: "512 B", "64 KB", "1 GB" (powers of 1024) */
	SETTING_DAILY,    /* int64_t bytes a day: "1 GB/day" (powers of 1024), "0" */
	SETTING_NUMBER,   /* double: 0.5, -3; NAN where there is no default */
	SETTING_TEXT,     /* const char *: any text; NULL where there is no default */
	SETTING_FILE,     /* const char *: a path; relative ones are taken from the main config file's folder */
	SETTING_SECRET, /* const char *: the path of a file that holds a secret; the file must not be readable by all */
	SETTING_CHOICE, /* int: index into `choices` */
	SETTING_LIST,   /* struct setting_list of texts, 64 at most unless `most` says */
	SETTING_FILES,  /* the same, of paths */
	SETTING_GROUPS, /* struct setting_groups: a list of groups, each read by `table` */
};

struct setting_list {
	const char *const *items;
	size_t count;
};

struct setting_groups {
	void *items; /* array of `table->struct_size` bytes each */
	size_t count;
};

struct settings_table;

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;              /* offsetof() in the module's struct */
	const char *initial;        /* the default, e.g. "15 min", "true"; of lists "[ \"a\", \"b\" ]"; NULL: none */
	int64_t least, most;        /* range, both 0: any; of texts and files: bytes; of lists: items */
	const char *const *choices; /* NULL-terminated */
	const struct settings_table *table; /* of SETTING_GROUPS */
	const char *help;                   /* one sentence, up to 200 bytes */
	const char *example;                /* shown in the sample where there is no default; may be NULL */
	bool required;                      /* wherever its group is in the file */
	bool reloadable;                    /* SIGHUP may change it while running */
};

struct settings_table {
	const char *group; /* name of the group in the file, e.g. "coap" */
	const char *help;
	const struct setting *settings;
	size_t count;
	size_t struct_size;
	/* Checks across settings once each is right by itself; optional. Puts a sentence into `why` and returns
	 * -EINVAL. `present`: the group is in the file. */
	int (*check)(const void *values, bool present, char *why, size_t why_size);
	/* The same against the values of another table, where both are right by themselves; optional. */
	int (*check_beside)(const void *values, const void *others, char *why, size_t why_size);
	const struct settings_table *beside;
};

#endif
