/*
 * rollout_file: a rollout as a file of libconfig's syntax, made into the arguments of rollout.create.
 *
 * The groups are "rollout" (what and when), "targets" (who), "waves" and "gates"; deploy/rollout-full.cfg shows them
 * all.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_FILE_H
#define WAKEGATE_GATEWAY_ROLLOUT_FILE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Reads the file. 0 with *out; else a negative errno, and `faults` has all that is wrong, each with its line, or
 * nothing for lack of memory. `faults` is always initialised. Blocks on the disk.
 */
int rollout_file_read(json_t **out, const char *path, struct config_faults *faults);

/* A time to begin at: ISO 8601, UTC where no zone is said, as milliseconds since 1970. -EINVAL. */
int rollout_file_parse_start(int64_t *out_ms, const char *text);

/* Prints the sample, every setting with its default. */
void rollout_file_print_sample(FILE *out);

#endif
