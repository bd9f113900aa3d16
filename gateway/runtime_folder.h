/*
 * runtime_folder: a folder in memory (a tmpfs) whose files outlive the process, but not the power.
 *
 * Nothing in it is ever synced: a process that is killed loses nothing of what it wrote, and after a power cut all of
 * it must be gone. Files that another boot of the machine left on a real disk are therefore not those of this boot.
 */
#ifndef WAKEGATE_GATEWAY_RUNTIME_FOLDER_H
#define WAKEGATE_GATEWAY_RUNTIME_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime_folder {
	int fd;
	uint64_t name;  /* of the gateway: several may share the folder */
	uint32_t boot;  /* of the machine: files are believed only with the same */
	bool in_memory; /* else what is written there wears the card */
};

/* Opens the folder, which is made if it is not there. -ENOTSUP: it is on a disk, and which boot this is cannot be told;
 * -EPERM: somebody else owns it or may write there; -ENOENT, -EACCES, …. */
int runtime_folder_open(struct runtime_folder *folder, const char *path, uint64_t name);
void runtime_folder_close(struct runtime_folder *folder);

/* All of a file of at most `most` bytes, to be freed. -ENOENT, -EFBIG, -EIO, -ENOMEM. */
int runtime_folder_read(
	const struct runtime_folder *folder, const char *file, size_t most, uint8_t **out, size_t *size);

/* Makes the file anew with these bytes. -ENOSPC, -EIO, …; then it is not there. */
int runtime_folder_write(const struct runtime_folder *folder, const char *file, const void *data, size_t size);

/* A file that is not there is fine. */
void runtime_folder_remove(const struct runtime_folder *folder, const char *file);

/* Writes all of it where the file's position is. -ENOSPC, -EIO, …. */
int runtime_file_append(int fd, const void *data, size_t size);

#endif
