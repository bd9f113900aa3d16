#include "gateway/service.h"

#include <stddef.h>
#include <systemd/sd-daemon.h>

void service_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_reloading(int64_t monotonic_ms)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)monotonic_ms * 1000);
}

void service_stopping(const char *status)
{
	(void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

int64_t service_watchdog_ms(void)
{
	uint64_t limit_us = 0;

	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return 0;
	int64_t interval_ms = (int64_t)(limit_us / 2000);
	return interval_ms > 0 ? interval_ms : 1;
}

void service_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
