/*
 * rollout_show: one rollout on the terminal: its waves as bars, its state, what it waits for.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ROLLOUT_SHOW_H
#define WAKEGATE_GATEWAY_CLI_ROLLOUT_SHOW_H

#include <jansson.h>

#include "gateway/cli/terminal.h"

struct cli;

enum tone rollout_tone(const json_t *rollout);

/* The share in percent of wave `index`, from 0, as the plan has it. */
double rollout_share_of(const json_t *plan, size_t index);

/* What rollout.show answers. */
void rollout_show_print(const struct cli *cli, const json_t *rollout);

/* Until it is over or stopped: drawn anew on a terminal, a line per change elsewhere. CLI_OK if it is complete,
 * CLI_FAILED if it was stopped. */
int rollout_watch(struct cli *cli, const char *name);

#endif
