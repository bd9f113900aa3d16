/*
 * stepped_store: a store without a thread in a folder of its own, which works when the test says so.
 */
#ifndef WAKEGATE_TESTS_STEPPED_STORE_H
#define WAKEGATE_TESTS_STEPPED_STORE_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

struct stepped_store {
	struct store *store;
	struct store_options options; /* to be changed before a stepped_reopen() */
	struct store_findings findings;
	char why[256];
	char directory[64];
};

/* What a reply said. */
struct outcome {
	int calls;
	int result;
};

static inline void outcome_done(void *context, int result)
{
	struct outcome *outcome = context;

	outcome->calls++;
	outcome->result = result;
}

static inline struct store_reply outcome_reply(struct outcome *outcome)
{
	*outcome = (struct outcome){ .result = 1 };
	return (struct store_reply){ outcome_done, outcome };
}

/* Dispatches and returns what the reply said. */
static inline int outcome_of(struct stepped_store *stepped, const struct outcome *outcome)
{
	store_dispatch(stepped->store);
	ck_assert_int_eq(outcome->calls, 1);
	return outcome->result;
}

static inline int stepped_try_open(struct stepped_store *stepped)
{
	stepped->options.directory = stepped->directory;
	return store_open(&stepped->store, &stepped->options, &stepped->findings, stepped->why, sizeof(stepped->why));
}

static inline void stepped_make_directory(struct stepped_store *stepped)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	const char *parent = getenv("TMPDIR");

	*stepped = (struct stepped_store){ .options.threadless = true };
	(void)snprintf(stepped->directory, sizeof(stepped->directory), "%s/wakegate-XXXXXX", parent ? parent : memory);
	ck_assert_ptr_nonnull(mkdtemp(stepped->directory));
}

static inline void stepped_open(struct stepped_store *stepped)
{
	stepped_make_directory(stepped);
	ck_assert_msg(stepped_try_open(stepped) == 0, "%s", stepped->why);
}

/* Closes the store; the folder stays. */
static inline void stepped_shut(struct stepped_store *stepped)
{
	store_close(stepped->store);
	stepped->store = NULL;
}

static inline void stepped_reopen(struct stepped_store *stepped)
{
	stepped_shut(stepped);
	ck_assert_msg(stepped_try_open(stepped) == 0, "%s", stepped->why);
}

/* The path of a file in the folder; lives until the next call. */
static inline const char *stepped_path(const struct stepped_store *stepped, const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", stepped->directory, name);
	return path;
}

/* Closes, and removes the folder with all that is in it. */
static inline void stepped_close(struct stepped_store *stepped)
{
	struct dirent *entry;

	stepped_shut(stepped);
	DIR *directory = opendir(stepped->directory);
	while (directory && (entry = readdir(directory)))
		(void)unlink(stepped_path(stepped, entry->d_name));
	(void)closedir(directory);
	(void)rmdir(stepped->directory);
}

#endif
