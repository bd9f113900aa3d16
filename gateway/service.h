/*
 * service: tells the service manager how the daemon fares (sd_notify(3)).
 *
 * Speaks the datagrams that sd_notify(3) lays down, without libsystemd (docs/decisions/003). Where no manager listens
 * ($NOTIFY_SOCKET is not set) all of it does nothing. Nothing here blocks.
 */
#ifndef WAKEGATE_GATEWAY_SERVICE_H
#define WAKEGATE_GATEWAY_SERVICE_H

#include <stdint.h>

/* The daemon does its work; after a reload too. `status` is a sentence for `systemctl status`. */
void service_ready(const char *status);

/* The config file is being read again; service_ready() ends it. `monotonic_ms` is CLOCK_MONOTONIC. */
void service_reloading(int64_t monotonic_ms);

void service_stopping(const char *status);

/* How often service_alive() is to be called: half of WatchdogSec. 0: nobody watches. */
int64_t service_watchdog_ms(void);

/* The loop turns. */
void service_alive(void);

#endif
