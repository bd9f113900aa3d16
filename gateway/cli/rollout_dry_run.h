/*
 * rollout_dry_run: a rollout as it would be: who gets the image in which wave and when, and who not and why.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ROLLOUT_DRY_RUN_H
#define WAKEGATE_GATEWAY_CLI_ROLLOUT_DRY_RUN_H

#include <jansson.h>

struct cli;

/* What rollout.create answers: the nodes of each wave, and the nodes themselves where it lists them. */
void rollout_dry_run_print(const struct cli *cli, const json_t *preview);

#endif
