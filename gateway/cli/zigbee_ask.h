/*
 * zigbee_ask: questions to the Zigbee driver, as driver.ask carries them.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ZIGBEE_ASK_H
#define WAKEGATE_GATEWAY_CLI_ZIGBEE_ASK_H

#include <jansson.h>

struct cli;

/* Asks and waits `wait_s` for the answer; takes `arguments`. CLI_OK with *result yours to release (may be NULL), or an
 * exit code, having said why. */
int ask_zigbee(struct cli *cli, const char *verb, json_t *arguments, int wait_s, json_t **result);

/* Prints the network as the driver's "status" tells it, or with --json the document itself; takes it. */
int zigbee_print_status(struct cli *cli, json_t *status);

#endif
