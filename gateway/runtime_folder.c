#include "gateway/runtime_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "gateway/machine_boot.h"

static bool is_in_memory(int fd)
{
	struct statfs found;

	if (fstatfs(fd, &found) < 0)
		return false;
	return found.f_type == TMPFS_MAGIC || found.f_type == RAMFS_MAGIC;
}

/* Whoever else could write there could have nodes told that the broker has what it never got. */
static int check_owner(int fd)
{
	struct stat found;

	if (fstat(fd, &found) < 0)
		return -errno;
	return found.st_uid == geteuid() && !(found.st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

int runtime_folder_open(struct runtime_folder *folder, const char *path, uint64_t name)
{
	(void)mkdir(path, 0700);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int result = check_owner(fd);
	if (result < 0) {
		close(fd);
		return result;
	}
	*folder = (struct runtime_folder){ fd, name, 0, is_in_memory(fd) };
	if (!folder->in_memory)
		folder->boot = machine_boot();
	if (folder->in_memory || folder->boot)
		return 0;
	runtime_folder_close(folder);
	return -ENOTSUP;
}

void runtime_folder_close(struct runtime_folder *folder)
{
	close(folder->fd);
	folder->fd = -1;
}

static int read_all(int fd, uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

int runtime_folder_read(const struct runtime_folder *folder, const char *file, size_t most, uint8_t **out, size_t *size)
{
	struct stat found;
	int fd = openat(folder->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	int result = fstat(fd, &found) < 0 ? -errno : found.st_size > (off_t)most ? -EFBIG : 0;
	uint8_t *data = result < 0 ? NULL : malloc((size_t)found.st_size + 1);
	if (result == 0)
		result = data ? read_all(fd, data, (size_t)found.st_size) : -ENOMEM;
	close(fd);
	if (result < 0) {
		free(data);
		return result;
	}
	*out = data;
	*size = (size_t)found.st_size;
	return 0;
}

int runtime_file_append(int fd, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t done = 0;

	while (done < size) {
		ssize_t wrote = write(fd, bytes + done, size - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? -errno : -EIO;
		done += (size_t)wrote;
	}
	return 0;
}

int runtime_folder_write(const struct runtime_folder *folder, const char *file, const void *data, size_t size)
{
	int fd = openat(folder->fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int result = runtime_file_append(fd, data, size);
	close(fd);
	if (result < 0)
		runtime_folder_remove(folder, file);
	return result;
}

void runtime_folder_remove(const struct runtime_folder *folder, const char *file)
{
	(void)unlinkat(folder->fd, file, 0);
}
