#include "store/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/database.h"

#define CHUNK_BYTES (256 * 1024)        /* in which a file grows on the disk */
#define WAL_RESERVED_BYTES (512 * 1024) /* space of the WAL from the start on */
#define PROBE_BYTES (1024 * 1024)       /* when there is space for so much the disk is not full any more */
#define SLACK_BYTES (32 * 1024)         /* for the pages that a tree needs above its contents */
#define TIDY_BYTES (1024 * 1024)        /* given back in one step */
/* A file that cannot shrink page by page is rewritten when so much is free and so little is left in it. */
#define REWRITE_FREE_BYTES (16 * 1024 * 1024)
#define REWRITE_USED_BYTES (1024 * 1024)

void space_reserve(struct database *database)
{
	int chunk = CHUNK_BYTES;
	sqlite3_int64 wal_bytes = WAL_RESERVED_BYTES;
	sqlite3_file *wal = NULL;

	(void)sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
	(void)sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (!wal || !wal->pMethods)
		return;
	(void)wal->pMethods->xFileControl(wal, SQLITE_FCNTL_CHUNK_SIZE, &chunk);
	(void)wal->pMethods->xFileControl(wal, SQLITE_FCNTL_SIZE_HINT, &wal_bytes);
}

/*
 * Has the file system set the space aside. SQLite would write a byte to each of its blocks, which wears a card as much
 * as what is written there later; where this cannot be done, it does.
 */
static void allocate(const struct database *database, sqlite3_int64 bytes)
{
	sqlite3_int64 end = (bytes + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
	struct stat status;

	if (database->has_space_file && fstat(database->space_file, &status) == 0 && status.st_size < end)
		(void)fallocate(database->space_file, 0, status.st_size, end - status.st_size);
}

/* Makes the file as large as `pages` on the disk. */
static int own_pages(struct database *database, uint64_t pages)
{
	sqlite3_int64 bytes = (sqlite3_int64)pages * database->page_size;

	if (pages <= database->owned_pages)
		return 0;
	allocate(database, bytes);
	if (sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_SIZE_HINT, &bytes) != SQLITE_OK) {
		database->short_of_space = true;
		return -ENOSPC;
	}
	database->owned_pages = pages;
	return 0;
}

struct page_count {
	uint64_t pages, free, needed;
};

/* What there is, and what `bytes` in new rows need at most. */
static int count_pages(struct database *database, uint64_t bytes, struct page_count *out)
{
	int64_t pages = 0, free_pages = 0;
	int result = database_number(database, "PRAGMA page_count", &pages);

	if (result == 0)
		result = database_number(database, "PRAGMA freelist_count", &free_pages);
	/* An overflow page carries 4 bytes less. */
	*out = (struct page_count){ (uint64_t)pages, (uint64_t)free_pages,
		bytes / (database->page_size - 4) + SLACK_BYTES / database->page_size };
	return result;
}

int space_make(struct database *database, uint64_t bytes)
{
	struct page_count count;
	int result = count_pages(database, bytes, &count);
	uint64_t used = count.pages - count.free + count.needed;

	if (result < 0)
		return result;
	if (used > database->quota_pages)
		return -ENOSPC;
	return count.free >= count.needed ? 0 : own_pages(database, used);
}

int space_fits(struct database *database, uint64_t bytes)
{
	struct page_count count;
	int result = count_pages(database, bytes, &count);

	if (result < 0)
		return result;
	return count.free >= count.needed && count.pages - count.free + count.needed <= database->quota_pages;
}

void space_checkpoint(struct database *database)
{
	int64_t pages = 0;
	int frames = 0, copied = 0;

	if ((uint64_t)database->wal_frames * database->page_size < WAL_BYTES_MAX && !database->short_of_space)
		return;
	/* Where it fails, or somebody reads, the WAL goes on growing and the next commit tries again. */
	int code = sqlite3_wal_checkpoint_v2(database->connection, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
	if (code == SQLITE_OK && frames == copied)
		database->wal_frames = 0;
	/* It cuts the file down to its pages. */
	database->owned_pages = 0;
	if (database->short_of_space && database_number(database, "PRAGMA page_count", &pages) == 0)
		database->short_of_space = own_pages(database, (uint64_t)pages + PROBE_BYTES / database->page_size) < 0;
}

static bool give_back_pages(struct database *database, int64_t free_pages)
{
	unsigned step = TIDY_BYTES / database->page_size;
	char sql[48];

	(void)snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%u)", step);
	return sqlite3_exec(database->connection, sql, NULL, NULL, NULL) == SQLITE_OK && free_pages > step;
}

bool space_tidy(struct database *database)
{
	int64_t pages = 0, free_pages = 0;
	bool more = false;

	if (!database->tidy_due)
		return false;
	if (database_number(database, "PRAGMA page_count", &pages) == 0 &&
		database_number(database, "PRAGMA freelist_count", &free_pages) == 0 && free_pages > 0) {
		if (database->gives_back)
			more = give_back_pages(database, free_pages);
		else if (free_pages * database->page_size >= REWRITE_FREE_BYTES &&
			 (pages - free_pages) * database->page_size <= REWRITE_USED_BYTES)
			(void)sqlite3_exec(database->connection, "VACUUM", NULL, NULL, NULL);
	}
	database->tidy_due = more;
	return more;
}

static uint64_t file_size(const char *path, const char *suffix)
{
	char name[DATABASE_PATH_MAX + 8];
	struct stat status;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &status) == 0 ? (uint64_t)status.st_size : 0;
}

uint64_t space_used(const struct database *database)
{
	return file_size(database->path, "") + file_size(database->path, "-wal");
}
