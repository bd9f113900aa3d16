/*
 * scratch_store: a real store in a folder of its own that is gone after the test.
 */
#ifndef WAKEGATE_TESTS_SCRATCH_STORE_H
#define WAKEGATE_TESTS_SCRATCH_STORE_H

#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

struct scratch_store {
	char path[64];
	sem_t woken;
	struct store *store;
};

static inline void scratch_wake(void *context)
{
	struct scratch_store *scratch = context;

	sem_post(&scratch->woken);
}

/* Opens the store, again after scratch_store_shut(). */
static inline void scratch_store_start(struct scratch_store *scratch)
{
	struct store_options options = {
		.directory = scratch->path,
		.wake = scratch_wake,
		.wake_context = scratch,
	};
	struct store_findings findings;
	char why[256] = "";

	ck_assert_msg(store_open(&scratch->store, &options, &findings, why, sizeof(why)) == 0, "%s", why);
}

static inline void scratch_store_open(struct scratch_store *scratch)
{
	const char *folder = getenv("TMPDIR");

	snprintf(scratch->path, sizeof(scratch->path), "%s/wakegate-test-XXXXXX", folder ? folder : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch->path));
	ck_assert_int_eq(sem_init(&scratch->woken, 0, 0), 0);
	scratch_store_start(scratch);
}

/* Waits until everything submitted has been replied to. */
static inline void scratch_store_settle(struct scratch_store *scratch)
{
	struct store_figures figures;

	store_dispatch(scratch->store);
	store_figures(scratch->store, &figures);
	while (figures.queued > 0) {
		sem_wait(&scratch->woken);
		store_dispatch(scratch->store);
		store_figures(scratch->store, &figures);
	}
}

static inline void scratch_store_shut(struct scratch_store *scratch)
{
	store_close(scratch->store);
	scratch->store = NULL;
}

static inline void scratch_store_close(struct scratch_store *scratch)
{
	char command[128];

	scratch_store_shut(scratch);
	sem_destroy(&scratch->woken);
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch->path);
	ck_assert_int_eq(system(command), 0);
}

#endif
