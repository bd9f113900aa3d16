#include "gateway/service.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 256

/* The manager's socket, as sd_notify(3) lays down: a path, or a name in the abstract space after '@'. */
static socklen_t manager_address(struct sockaddr_un *out)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;

	if (size < 2 || size >= sizeof(out->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	memcpy(out->sun_path, path, size);
	if (path[0] == '@')
		out->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* Nobody to tell, or a manager that does not listen, is no reason to stop working. */
static void tell(const char *message)
{
	struct sockaddr_un address;
	socklen_t size = manager_address(&address);
	int handle = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;

	if (handle < 0)
		return;
	(void)sendto(handle, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
	close(handle);
}

void service_ready(const char *status)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "READY=1\nSTATUS=%s", status);
	tell(message);
}

void service_reloading(int64_t monotonic_ms)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)monotonic_ms * 1000);
	tell(message);
}

void service_stopping(const char *status)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message), "STOPPING=1\nSTATUS=%s", status);
	tell(message);
}

/* $WATCHDOG_USEC holds for the process that $WATCHDOG_PID names, or for any (sd_watchdog_enabled(3)). */
int64_t service_watchdog_ms(void)
{
	const char *limit = getenv("WATCHDOG_USEC");
	const char *process = getenv("WATCHDOG_PID");

	if (!limit || (process && strtoll(process, NULL, 10) != getpid()))
		return 0;
	int64_t limit_us = strtoll(limit, NULL, 10);
	if (limit_us <= 0)
		return 0;
	return limit_us >= 2000 ? limit_us / 2000 : 1;
}

void service_alive(void)
{
	tell("WATCHDOG=1");
}
