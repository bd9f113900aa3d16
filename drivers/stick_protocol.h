/*
 * stick_protocol: what differs between sticks: how each family's protocol does what stick.h asks of it.
 *
 * All is called between stick_enter() and stick_leave().
 */
#ifndef WAKEGATE_DRIVERS_STICK_PROTOCOL_H
#define WAKEGATE_DRIVERS_STICK_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flight;
struct script_step;
struct stick;
struct stick_request;

struct stick_protocol {
	void (*transmit)(void *stick, const struct stick_request *request);
	void (*script_done)(void *stick, const char *failed);
	/* The line came up: the state is STICK_OPENING and nothing is under way. */
	void (*begin)(struct stick *stick);
	void (*bytes)(struct stick *stick, const void *data, size_t size);
	/* Hands a message to the stick: for the first time, or again. */
	int (*fly)(struct stick *stick, struct flight *flight);
	/* It is later: the protocol's own deadlines; and when the next one is. */
	void (*alarm)(struct stick *stick);
	int64_t (*deadline)(const struct stick *stick);
	/* Commands that were not answered one after another, until the stick counts as silent. */
	unsigned silences_most;
	/* The network `wanted`, with `keys` where it is restored: the state is STICK_OPENING. */
	void (*set_network)(struct stick *stick, bool restores);
	void (*run)(struct stick *stick, const struct script_step *script);
	const struct script_step *backup, *scan;
	int (*permit)(struct stick *stick, uint8_t seconds);
	size_t size; /* of the protocol's own struct */
};

#endif
