/*
 * remote_drivers: which drivers run in a process of their own, how these are reached and started.
 */
#ifndef WAKEGATE_GATEWAY_REMOTE_DRIVERS_H
#define WAKEGATE_GATEWAY_REMOTE_DRIVERS_H

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"

#define REMOTE_OTHERS_MAX 8

struct control_settings;
struct driver_ops;
struct random;
struct remote_drivers;
struct remote_settings;

/* A driver that is not part of wakegate, or runs elsewhere. */
struct remote_other {
	const char *name;
	const char *program;                    /* NULL: it is started elsewhere */
	struct setting_list arguments;          /* of the program, behind the endpoint */
	const char *endpoint;                   /* NULL: a socket in the folder */
	const char *key_file, *driver_key_file; /* CURVE */
};

struct remote_drivers_settings {
	const char *folder;  /* NULL: that of the control socket */
	const char *program; /* NULL: wakegate-driver beside the daemon */
	int64_t silence_ms, messages_per_s, bytes_per_s;
	int64_t restart_after_ms, restart_most_ms;
	struct setting_groups others; /* struct remote_other */
};

extern const struct settings_table remote_drivers_settings_table; /* the group "drivers" */

/* What is passed outlives it. -ENOMEM. */
int remote_drivers_open(struct remote_drivers **out, const struct remote_drivers_settings *settings,
	const struct control_settings *control, struct random *random);
/* NULL is fine. */
void remote_drivers_close(struct remote_drivers *drivers);

/* How to reach this driver, which the config has with `values`; lives as long as `drivers`. NULL: it runs inside. */
const struct remote_settings *remote_drivers_of(
	struct remote_drivers *drivers, const struct driver_ops *ops, const void *values);

/* The one at that place of "others"; NULL behind the last. */
const struct remote_settings *remote_drivers_other(struct remote_drivers *drivers, size_t index);

#endif
