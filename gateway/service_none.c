#include "gateway/service.h"

void service_ready(const char *status)
{
	(void)status;
}

void service_reloading(int64_t monotonic_ms)
{
	(void)monotonic_ms;
}

void service_stopping(const char *status)
{
	(void)status;
}

int64_t service_watchdog_ms(void)
{
	return 0;
}

void service_alive(void)
{
}
