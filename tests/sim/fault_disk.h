/*
 * fault_disk: what of a set of files is on the disk and what only in its cache, and what a power cut leaves of them.
 *
 * The files themselves always hold what a running system sees. For every change since a file's last sync it is kept
 * what was there before; a power cut takes all of them back and then lets some happen, wholly or torn into sectors.
 */
#ifndef WAKEGATE_TESTS_FAULT_DISK_H
#define WAKEGATE_TESTS_FAULT_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/random.h"

#define FAULT_SECTOR_SIZE 512

struct fault_change;

struct fault_file {
	struct fault_file *next;
	char path[512];
	int64_t size;                 /* as a running system sees it */
	struct fault_change *changes; /* not synced, newest first */
};

/* What a power cut leaves of each change that was not synced. */
enum fault_remains {
	REMAINS_ANY, /* nothing, all of it, or torn sectors, as chance will have it */
	REMAINS_NOTHING,
	REMAINS_TORN, /* of what was written; of the rest as chance will have it */
};

struct fault_disk {
	struct fault_file *files;
	enum fault_remains remains;
	struct random random;
};

/* Leaves any. */
void fault_disk_init(struct fault_disk *disk, uint64_t seed);
void fault_disk_finish(struct fault_disk *disk);

/* The file of that path, with the size that it has now. Lives with the disk. */
struct fault_file *fault_disk_file(struct fault_disk *disk, const char *path);

/* `size` bytes at `offset` are about to be written; `before` has the `before_size` bytes that are there. */
void fault_disk_write(
	struct fault_file *file, int64_t offset, const void *data, size_t size, const void *before, size_t before_size);

/* The file is about to be cut to `size`. */
void fault_disk_truncate(struct fault_file *file, int64_t size);

/* The file is about to be deleted; the deletion itself is only certain after `synced`. */
void fault_disk_delete(struct fault_file *file, int synced);

/* All that was written is on the disk now. */
void fault_disk_sync(struct fault_file *file);

/* Bytes in all files. */
int64_t fault_disk_size(const struct fault_disk *disk);

/* Power is lost and back: rewrites the files, which must be closed. */
void fault_disk_lose_power(struct fault_disk *disk);

#endif
