#include "tests/sim/fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/passing_file.h"
#include "tests/sim/fault_disk.h"

struct fault_vfs {
	sqlite3_vfs base;
	sqlite3_vfs *real;
	sqlite3_io_methods methods; /* of its files */
	pthread_mutex_t mutex;      /* the store has a thread of its own */
	struct fault_disk disk;
	struct fault_plan plan;
	uint64_t changes, reads;
	bool off;
	bool tracks;
};

/* SQLite allocates it, followed by the real VFS's file. */
struct open_file {
	struct passing_file base;
	struct fault_vfs *fault;
	int chunk;               /* in which it grows and shrinks; 0: any */
	struct fault_file *file; /* NULL: a temporary file without name, which no power cut matters to */
};

/* Counts a change; what is to become of it. */
static enum fault strike(struct fault_vfs *fault)
{
	uint64_t number = ++fault->changes;
	const struct fault_plan *plan = &fault->plan;

	if (fault->off)
		return FAULT_POWER_CUT;
	if (plan->fault == FAULT_POWER_CUT && number == plan->first) {
		fault->off = true;
		return FAULT_NONE; /* it still reaches the cache, as the last change */
	}
	if (plan->fault != FAULT_POWER_CUT && plan->fault != FAULT_READ_ERROR && number >= plan->first &&
		number < plan->first + plan->count)
		return plan->fault;
	return FAULT_NONE;
}

/* Where the power went during this very change, it failed. */
static int outcome(const struct fault_vfs *fault, int code, int off_code)
{
	return fault->off ? off_code : code;
}

static bool is_too_much(const struct fault_vfs *fault, const struct fault_file *file, int64_t end)
{
	int64_t growth = end > file->size ? end - file->size : 0;

	return fault->plan.capacity_bytes && growth &&
	       fault_disk_size(&fault->disk) + growth > fault->plan.capacity_bytes;
}

static int write_tracked(struct open_file *open, const void *data, int size, sqlite3_int64 offset)
{
	struct fault_vfs *fault = open->fault;
	struct fault_file *file = open->file;
	enum fault struck = strike(fault);

	if (struck == FAULT_NO_SPACE && offset + size <= file->size)
		struck = FAULT_NONE;
	if (struck == FAULT_NO_SPACE || is_too_much(fault, file, offset + size))
		return SQLITE_FULL;
	if (struck != FAULT_NONE)
		return SQLITE_IOERR_WRITE;
	int64_t there = file->size - offset;
	size_t before_size = there <= 0 ? 0 : there < size ? (size_t)there : (size_t)size;
	void *before = malloc(before_size + 1);
	int code = passing_file_methods.xRead(&open->base.base, before, (int)before_size, offset);
	if (code == SQLITE_OK) {
		fault_disk_write(file, offset, data, (size_t)size, before, before_size);
		code = passing_file_methods.xWrite(&open->base.base, data, size, offset);
	}
	free(before);
	return outcome(fault, code, SQLITE_IOERR_WRITE);
}

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	struct open_file *open = (struct open_file *)file;

	if (!open->file)
		return passing_file_methods.xWrite(file, data, size, offset);
	(void)pthread_mutex_lock(&open->fault->mutex);
	int code = write_tracked(open, data, size, offset);
	(void)pthread_mutex_unlock(&open->fault->mutex);
	return code;
}

static sqlite3_int64 round_up(const struct open_file *open, sqlite3_int64 size)
{
	return open->chunk ? (size + open->chunk - 1) / open->chunk * open->chunk : size;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct open_file *open = (struct open_file *)file;
	struct fault_vfs *fault = open->fault;
	int code = SQLITE_IOERR_TRUNCATE;

	if (!open->file)
		return passing_file_methods.xTruncate(file, size);
	(void)pthread_mutex_lock(&fault->mutex);
	enum fault struck = strike(fault);
	if (struck == FAULT_NONE || struck == FAULT_NO_SPACE) {
		size = round_up(open, size);
		fault_disk_truncate(open->file, size);
		code = outcome(fault, passing_file_methods.xTruncate(file, size), SQLITE_IOERR_TRUNCATE);
	}
	(void)pthread_mutex_unlock(&fault->mutex);
	return code;
}

/* Nothing is really synced: the machine stays up, and tests get done. */
static int on_sync(sqlite3_file *file, int flags)
{
	struct open_file *open = (struct open_file *)file;
	struct fault_vfs *fault = open->fault;
	int code = SQLITE_IOERR_FSYNC;

	if (!open->file)
		return SQLITE_OK;
	(void)pthread_mutex_lock(&fault->mutex);
	enum fault struck = strike(fault);
	if (!fault->off && (struck == FAULT_NONE || struck == FAULT_NO_SPACE)) {
		fault_disk_sync(open->file);
		code = SQLITE_OK;
	}
	(void)pthread_mutex_unlock(&fault->mutex);
	return code;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	struct fault_vfs *fault = (struct fault_vfs *)vfs;
	int code = SQLITE_IOERR_DELETE;

	if (!fault->tracks)
		return fault->real->xDelete(fault->real, path, 0);
	(void)pthread_mutex_lock(&fault->mutex);
	enum fault struck = strike(fault);
	if (struck == FAULT_NONE || struck == FAULT_NO_SPACE) {
		fault_disk_delete(fault_disk_file(&fault->disk, path), sync_directory && !fault->off);
		code = outcome(fault, fault->real->xDelete(fault->real, path, 0), SQLITE_IOERR_DELETE);
	}
	(void)pthread_mutex_unlock(&fault->mutex);
	return code;
}

static bool strike_read(struct fault_vfs *fault)
{
	const struct fault_plan *plan = &fault->plan;

	(void)pthread_mutex_lock(&fault->mutex);
	uint64_t number = ++fault->reads;
	bool struck = fault->off ||
		      (plan->fault == FAULT_READ_ERROR && number >= plan->first && number < plan->first + plan->count);
	(void)pthread_mutex_unlock(&fault->mutex);
	return struck;
}

static int on_read(sqlite3_file *file, void *buffer, int size, sqlite3_int64 offset)
{
	struct open_file *open = (struct open_file *)file;

	return strike_read(open->fault) ? SQLITE_IOERR_READ : passing_file_methods.xRead(file, buffer, size, offset);
}

/* The store lets one process in, and has one connection to each file: nobody is kept waiting. */
static int on_lock(sqlite3_file *file, int level)
{
	return SQLITE_OK;
}

static int on_unlock(sqlite3_file *file, int level)
{
	return SQLITE_OK;
}

static int on_check_reserved_lock(sqlite3_file *file, int *reserved)
{
	*reserved = 0;
	return SQLITE_OK;
}

/* Space is reserved: the file grows without being written. */
static int grow(struct open_file *open, sqlite3_int64 size)
{
	struct fault_vfs *fault = open->fault;
	int code = SQLITE_IOERR_WRITE;

	size = round_up(open, size);
	if (size <= open->file->size)
		return SQLITE_OK;
	if (strike(fault) == FAULT_NONE && !is_too_much(fault, open->file, size)) {
		fault_disk_truncate(open->file, size);
		code = passing_file_methods.xTruncate(&open->base.base, size);
	}
	return outcome(fault, code, SQLITE_IOERR_WRITE);
}

static int on_file_control(sqlite3_file *file, int operation, void *argument)
{
	struct open_file *open = (struct open_file *)file;

	if (operation == SQLITE_FCNTL_HAS_MOVED) {
		*(int *)argument = 0; /* nobody moves it, and it is asked at every commit */
		return SQLITE_OK;
	}
	if (open->file && operation == SQLITE_FCNTL_CHUNK_SIZE) {
		open->chunk = *(int *)argument;
		return SQLITE_OK;
	}
	if (open->file && operation == SQLITE_FCNTL_SIZE_HINT) {
		(void)pthread_mutex_lock(&open->fault->mutex);
		int code = grow(open, *(sqlite3_int64 *)argument);
		(void)pthread_mutex_unlock(&open->fault->mutex);
		return code;
	}
	return passing_file_methods.xFileControl(file, operation, argument);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return SQLITE_OK;
}

static void set_methods(sqlite3_io_methods *methods)
{
	*methods = passing_file_methods;
	methods->xRead = on_read;
	methods->xWrite = on_write;
	methods->xTruncate = on_truncate;
	methods->xSync = on_sync;
	methods->xLock = on_lock;
	methods->xUnlock = on_unlock;
	methods->xCheckReservedLock = on_check_reserved_lock;
	methods->xFileControl = on_file_control;
	methods->xShmLock = on_shm_lock;
}

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
	struct fault_vfs *fault = (struct fault_vfs *)vfs;
	struct open_file *open = (struct open_file *)file;

	*open = (struct open_file){ .base.real = (sqlite3_file *)(open + 1) };
	if (fault_vfs_is_off(fault))
		return SQLITE_CANTOPEN;
	int code = fault->real->xOpen(fault->real, path, open->base.real, flags, flags_out);
	if (code != SQLITE_OK)
		return code;
	open->fault = fault;
	(void)pthread_mutex_lock(&fault->mutex);
	open->file = path && fault->tracks ? fault_disk_file(&fault->disk, path) : NULL;
	(void)pthread_mutex_unlock(&fault->mutex);
	open->base.base.pMethods = &fault->methods;
	return SQLITE_OK;
}

struct fault_vfs *fault_vfs_open(const char *name, uint64_t seed)
{
	struct fault_vfs *fault = calloc(1, sizeof(*fault));
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	if (!fault)
		abort();
	/* What does not touch a named file goes to the real one unchanged. */
	fault->base = *real;
	fault->base.pNext = NULL;
	fault->base.zName = strdup(name);
	fault->base.szOsFile = (int)sizeof(struct open_file) + real->szOsFile;
	fault->base.xOpen = on_open;
	fault->base.xDelete = on_delete;
	fault->real = real;
	set_methods(&fault->methods);
	fault->tracks = true;
	(void)pthread_mutex_init(&fault->mutex, NULL);
	fault_disk_init(&fault->disk, seed);
	if (sqlite3_vfs_register(&fault->base, 0) != SQLITE_OK)
		abort();
	return fault;
}

void fault_vfs_close(struct fault_vfs *fault)
{
	(void)sqlite3_vfs_unregister(&fault->base);
	fault_disk_finish(&fault->disk);
	(void)pthread_mutex_destroy(&fault->mutex);
	free((char *)fault->base.zName);
	free(fault);
}

void fault_vfs_plan(struct fault_vfs *fault, const struct fault_plan *plan)
{
	(void)pthread_mutex_lock(&fault->mutex);
	fault->plan = *plan;
	fault->changes = fault->reads = 0;
	fault->disk.remains = plan->remains;
	(void)pthread_mutex_unlock(&fault->mutex);
}

uint64_t fault_vfs_changes(struct fault_vfs *fault)
{
	(void)pthread_mutex_lock(&fault->mutex);
	uint64_t changes = fault->changes;
	(void)pthread_mutex_unlock(&fault->mutex);
	return changes;
}

uint64_t fault_vfs_reads(struct fault_vfs *fault)
{
	(void)pthread_mutex_lock(&fault->mutex);
	uint64_t reads = fault->reads;
	(void)pthread_mutex_unlock(&fault->mutex);
	return reads;
}

bool fault_vfs_is_off(struct fault_vfs *fault)
{
	(void)pthread_mutex_lock(&fault->mutex);
	bool off = fault->off;
	(void)pthread_mutex_unlock(&fault->mutex);
	return off;
}

void fault_vfs_restore(struct fault_vfs *fault)
{
	(void)pthread_mutex_lock(&fault->mutex);
	fault->off = false;
	fault->plan = (struct fault_plan){ 0 };
	fault_disk_lose_power(&fault->disk);
	(void)pthread_mutex_unlock(&fault->mutex);
}

void fault_vfs_set_tracking(struct fault_vfs *fault, bool tracks)
{
	fault->tracks = tracks;
}

static void set_off(struct fault_vfs *fault, bool off)
{
	(void)pthread_mutex_lock(&fault->mutex);
	fault->off = off;
	fault->plan = (struct fault_plan){ 0 };
	(void)pthread_mutex_unlock(&fault->mutex);
}

void fault_vfs_kill(struct fault_vfs *fault)
{
	set_off(fault, true);
}

void fault_vfs_revive(struct fault_vfs *fault)
{
	set_off(fault, false);
}

int64_t fault_vfs_bytes(struct fault_vfs *fault)
{
	(void)pthread_mutex_lock(&fault->mutex);
	int64_t bytes = fault_disk_size(&fault->disk);
	(void)pthread_mutex_unlock(&fault->mutex);
	return bytes;
}
