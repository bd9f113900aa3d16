/*
 * update_watch: shows how updates go: a bar and the transfers, redrawn, on a terminal; a line per change elsewhere.
 */
#ifndef WAKEGATE_GATEWAY_CLI_UPDATE_WATCH_H
#define WAKEGATE_GATEWAY_CLI_UPDATE_WATCH_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct cli;
struct progress;

/*
 * Watches the updates that `filter` (arguments of update.summary, borrowed) lets pass, until none is under way. CLI_OK
 * if all are confirmed, CLI_FAILED if any failed, CLI_NOT_FOUND if there are none. With --json prints the last summary.
 */
int update_watch(struct cli *cli, const json_t *filter);

/* "3 offered, 5 downloading, 12 confirmed of 20": the states that there are. Returns `out`. */
const char *update_counts(char *out, size_t size, const json_t *summary);

#endif
