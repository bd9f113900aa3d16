/*
 * journal: prints entries of the gateway's journal.
 */
#ifndef WAKEGATE_GATEWAY_CLI_JOURNAL_H
#define WAKEGATE_GATEWAY_CLI_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>

struct cli;

/* A table, oldest entry first; `entries` come newest first, as the daemon gives them. */
void journal_print(const struct cli *cli, const json_t *entries, bool with_subject);

#endif
