#include "drivers/own_descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Not close_range(2): before Linux 5.11 it cannot mark. */
void own_descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	struct dirent *entry;

	while (listing && (entry = readdir(listing))) {
		int fd = atoi(entry->d_name);
		int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			(void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
	if (listing)
		(void)closedir(listing);
}
