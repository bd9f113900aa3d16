#include "config/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_copy(arena, ".", 1);
	return arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

char *path_join(struct arena *arena, const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;

	if (name[0] == '/' || strcmp(folder, ".") == 0)
		return arena_copy(arena, name, strlen(name));
	char *joined = arena_take(arena, size);
	if (joined)
		snprintf(joined, size, "%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", name);
	return joined;
}

static int read_all(int fd, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, buffer + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO; /* it shrank while we read it */
		done += (size_t)got;
	}
	return 0;
}

static int check_kind(int fd, size_t *size, size_t limit)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	if (status.st_size > (off_t)limit)
		return -E2BIG;
	*size = (size_t)status.st_size;
	return 0;
}

int path_read(char **out, size_t *size, const char *path, size_t limit)
{
	size_t bytes = 0;
	char *buffer = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	int error = check_kind(fd, &bytes, limit);
	if (!error) {
		buffer = malloc(bytes + 1);
		error = buffer ? read_all(fd, buffer, bytes) : -ENOMEM;
	}
	close(fd);
	if (error) {
		free(buffer);
		return error;
	}
	buffer[bytes] = '\0';
	*out = buffer;
	*size = bytes;
	return 0;
}

const char *path_error_text(int error)
{
	switch (error) {
	case -E2BIG:
		return "the file is too big, allowed is 1 MB in all";
	case -EISDIR:
		return "this is a folder, not a file";
	case -ENOTSUP:
		return "this is not a regular file";
	default:
		return strerror(-error);
	}
}
