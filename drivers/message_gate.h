/*
 * message_gate: lets one peer in by its CURVE key, and nobody else (ZAP, https://rfc.zeromq.org/spec/27).
 *
 * libzmq asks it of everybody who connects to a router with keys in the same context; without a gate any key would do.
 */
#ifndef WAKEGATE_DRIVERS_MESSAGE_GATE_H
#define WAKEGATE_DRIVERS_MESSAGE_GATE_H

#include <stddef.h>
#include <stdint.h>

struct message_context;
struct message_gate;
struct uv_loop_s;

/* To be opened before the router is. `key` has 32 bytes, copied. -EADDRINUSE: the context has one; -ENOMEM. */
int message_gate_open(struct message_gate **out, struct message_context *context, struct uv_loop_s *loop,
	const uint8_t *key, char *why, size_t why_size);

/* How many were not let in. */
uint64_t message_gate_refused(const struct message_gate *gate);

/* After the router. NULL is fine. */
void message_gate_close(struct message_gate *gate);

#endif
