/*
 * alert_hook: runs a program of the operator's for each change of an alert.
 *
 * Without a shell; the alert as JSON on its standard input and its fields in its environment, which holds nothing else
 * but PATH and LANG. One at a time, the others wait in a bounded queue; one that takes too long is killed with all that
 * it started. docs/alerts.md is for people.
 */
#ifndef WAKEGATE_GATEWAY_ALERT_HOOK_H
#define WAKEGATE_GATEWAY_ALERT_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"

#define ALERT_HOOK_QUEUE_MAX 64 /* changes that wait; the oldest goes if there are more */

struct alert;
struct alert_hook;
struct alert_settings;
struct uv_loop_s;

struct alert_hook_figures {
	uint64_t runs;    /* begun */
	uint64_t failed;  /* of these: not started, ended with another code than 0, or killed */
	uint64_t dropped; /* changes for which there was no room */
	size_t waiting;
	bool running;
};

/* `settings`, the loop and `gateway` outlive the hook. -ENOMEM. */
int alert_hook_open(
	struct alert_hook **out, struct uv_loop_s *loop, const struct alert_settings *settings, const char *gateway);

/* Kills what runs; the memory goes when the loop has run on. NULL is fine. */
void alert_hook_close(struct alert_hook *hook);

/* Runs the program for it, or lets it wait; nothing if none is set. */
void alert_hook_changed(struct alert_hook *hook, const struct alert *alert, struct moment now);

/* Kills a program that ran for too long, and closes what is left. Milliseconds until it wants to be called again. */
int64_t alert_hook_tick(struct alert_hook *hook, struct moment now);

void alert_hook_figures(const struct alert_hook *hook, struct alert_hook_figures *out);

#endif
