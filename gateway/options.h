/*
 * options: the command line of wakegated.
 */
#ifndef WAKEGATE_GATEWAY_OPTIONS_H
#define WAKEGATE_GATEWAY_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#define OPTIONS_CONFIG_PATH "/etc/wakegate/wakegate.cfg"

enum options_action {
	OPTIONS_RUN,          /* be the daemon */
	OPTIONS_CHECK,        /* say what is wrong with a config file */
	OPTIONS_PRINT_CONFIG, /* print the complete sample */
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

struct options {
	enum options_action action;
	const char *config_path; /* borrowed from argv, or OPTIONS_CONFIG_PATH */
};

/* Reads the command line (getopt_long(3); argv may be reordered). 0, or -EINVAL with a sentence in `why`. */
int options_parse(struct options *out, int argc, char **argv, char *why, size_t why_size);

/*
 * Does everything but OPTIONS_RUN. The exit code of the program: 0; 78 (EX_CONFIG, sysexits.h) with all faults on
 * `errors` if the file checked has any.
 */
int options_answer(const struct options *options, FILE *out, FILE *errors);

#endif
