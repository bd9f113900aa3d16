#include "store/written.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_PAGE 4096 /* of the kernel, also where its own is larger: then a little too much is counted, not less */
#define NO_PAGE (-1)

struct written {
	sqlite3_vfs base;
	sqlite3_vfs *real;
	uint64_t bytes;
	char name[32];
};

/* SQLite allocates it, followed by the real VFS's file. */
struct open_file {
	sqlite3_file base;
	struct written *written;
	sqlite3_int64 last_page; /* the one written last and not synced, or NO_PAGE */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
	return (sqlite3_file *)((struct open_file *)file + 1);
}

static void count(struct open_file *open, int size, sqlite3_int64 offset)
{
	sqlite3_int64 from = offset / CACHE_PAGE, to = (offset + size - 1) / CACHE_PAGE;

	if (size <= 0)
		return;
	if (from == open->last_page)
		from++;
	open->written->bytes += (uint64_t)(to + 1 - from) * CACHE_PAGE;
	open->last_page = to;
}

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	int code = real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);

	if (code == SQLITE_OK)
		count((struct open_file *)file, size, offset);
	return code;
}

static int on_sync(sqlite3_file *file, int flags)
{
	((struct open_file *)file)->last_page = NO_PAGE;
	return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int on_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *buffer, int size, sqlite3_int64 offset)
{
	return real_of(file)->pMethods->xRead(real_of(file), buffer, size, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_check_reserved_lock(sqlite3_file *file, int *reserved)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int on_file_control(sqlite3_file *file, int operation, void *argument)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int on_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int on_device_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int lock_count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, lock_count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int on_shm_unmap(sqlite3_file *file, int delete_it)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_it);
}

/* Version 2: with shared memory for the WAL, without memory-mapped files, which the store does not use. */
static const sqlite3_io_methods io_methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_reserved_lock,
	.xFileControl = on_file_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_device_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
	struct written *written = (struct written *)vfs;
	struct open_file *open = (struct open_file *)file;

	*open = (struct open_file){ .written = written, .last_page = NO_PAGE };
	int code = written->real->xOpen(written->real, path, real_of(file), flags, flags_out);
	if (code == SQLITE_OK)
		open->base.pMethods = &io_methods;
	return code;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	sqlite3_vfs *real = ((struct written *)vfs)->real;

	return real->xDelete(real, path, sync_directory);
}

int written_open(struct written **out, const char *vfs)
{
	sqlite3_vfs *real = sqlite3_vfs_find(vfs);

	if (!real)
		return -ENOENT;
	struct written *written = calloc(1, sizeof(*written));
	if (!written)
		return -ENOMEM;
	/* What does not touch an open file goes to the real one unchanged; it does not look at the VFS it gets. */
	written->base = *real;
	written->base.pNext = NULL;
	written->base.szOsFile = (int)sizeof(struct open_file) + real->szOsFile;
	written->base.xOpen = on_open;
	written->base.xDelete = on_delete;
	written->real = real;
	/* One for each database of each store, and all in one list of SQLite's. */
	(void)snprintf(written->name, sizeof(written->name), "written-%p", (void *)written);
	written->base.zName = written->name;
	if (sqlite3_vfs_register(&written->base, 0) != SQLITE_OK) {
		free(written);
		return -ENOMEM;
	}
	*out = written;
	return 0;
}

void written_close(struct written *written)
{
	if (!written)
		return;
	(void)sqlite3_vfs_unregister(&written->base);
	free(written);
}

const char *written_vfs(const struct written *written)
{
	return written->name;
}

uint64_t written_bytes(const struct written *written)
{
	return written->bytes;
}
