#include "drivers/prompt_sockets.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

void prompt_sockets(void)
{
	DIR *listing = opendir("/proc/self/fd");
	const struct dirent *entry;
	int on = 1;

	if (!listing)
		return;
	/* What is no TCP socket refuses, and a number that another thread gives to another connection does no harm. */
	while ((entry = readdir(listing)))
		(void)setsockopt(atoi(entry->d_name), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)closedir(listing);
}
