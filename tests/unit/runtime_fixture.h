/*
 * runtime_fixture: a runtime folder of its own for a test.
 */
#ifndef WAKEGATE_TESTS_RUNTIME_FIXTURE_H
#define WAKEGATE_TESTS_RUNTIME_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/runtime_folder.h"

struct runtime_fixture {
	char path[32];
	struct runtime_folder folder;
};

static inline void runtime_build(struct runtime_fixture *fixture)
{
	strcpy(fixture->path, "runtime-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fixture->path));
	ck_assert_int_eq(runtime_folder_open(&fixture->folder, fixture->path, 4711), 0);
}

/* Calls `each` for every file. */
static inline unsigned runtime_each(
	const struct runtime_fixture *fixture, void (*each)(const struct runtime_folder *folder, const char *name))
{
	DIR *listing = opendir(fixture->path);
	struct dirent *entry;
	unsigned count = 0;

	ck_assert_ptr_nonnull(listing);
	while ((entry = readdir(listing))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (each)
			each(&fixture->folder, entry->d_name);
	}
	closedir(listing);
	return count;
}

static inline off_t runtime_file_size(const struct runtime_fixture *fixture, const char *name)
{
	struct stat found;

	ck_assert_int_eq(fstatat(fixture->folder.fd, name, &found, 0), 0);
	return found.st_size;
}

/* Cuts the file, as a process that was killed while it wrote may leave it. */
static inline void runtime_cut(const struct runtime_fixture *fixture, const char *name, off_t size)
{
	int fd = openat(fixture->folder.fd, name, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

static inline void runtime_tear_down(struct runtime_fixture *fixture)
{
	(void)runtime_each(fixture, runtime_folder_remove);
	runtime_folder_close(&fixture->folder);
	ck_assert_int_eq(rmdir(fixture->path), 0);
}

#endif
