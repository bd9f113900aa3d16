/*
 * node_table: nodes as rows: what they run, when they call, how their update is.
 */
#ifndef WAKEGATE_GATEWAY_CLI_NODE_TABLE_H
#define WAKEGATE_GATEWAY_CLI_NODE_TABLE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct terminal;

/* Prints the first `most` of the nodes that the daemon listed. */
void node_table_print(const json_t *nodes, size_t most, int64_t now_ms, const struct terminal *terminal, FILE *out);

#endif
