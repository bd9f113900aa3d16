#include "store/written.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/passing_file.h"

#define CACHE_PAGE 4096 /* of the kernel, also where its own is larger: then a little too much is counted, not less */
#define NO_PAGE (-1)

struct written {
	sqlite3_vfs base;
	sqlite3_vfs *real;
	sqlite3_io_methods methods; /* of its files */
	uint64_t bytes;
	char name[32];
};

/* SQLite allocates it, followed by the real VFS's file. */
struct open_file {
	struct passing_file base;
	struct written *written;
	sqlite3_int64 last_page; /* the one written last and not synced, or NO_PAGE */
};

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
	int code = passing_file_methods.xWrite(file, data, size, offset);

	if (code == SQLITE_OK)
		count((struct open_file *)file, size, offset);
	return code;
}

static int on_sync(sqlite3_file *file, int flags)
{
	((struct open_file *)file)->last_page = NO_PAGE;
	return passing_file_methods.xSync(file, flags);
}

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
	struct written *written = (struct written *)vfs;
	struct open_file *open = (struct open_file *)file;

	*open = (struct open_file){ .base.real = (sqlite3_file *)(open + 1), .written = written, .last_page = NO_PAGE };
	int code = written->real->xOpen(written->real, path, open->base.real, flags, flags_out);
	if (code == SQLITE_OK)
		open->base.base.pMethods = &written->methods;
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
	written->methods = passing_file_methods;
	written->methods.xWrite = on_write;
	written->methods.xSync = on_sync;
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
