#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "store/database.h"
#include "store/exchange_rows.h"
#include "store/group.h"
#include "store/operation.h"
#include "store/schema.h"
#include "store/space.h"
#include "store/written.h"

struct store {
	struct database databases[STORE_FILES];
	struct group groups[STORE_FILES]; /* of the thread that works: the store thread, or the only one */
	void (*wake)(void *context);
	void *wake_context;
	exchange_teller *tell_exchanges;
	int lock; /* the open lock file */
	bool threadless;
	bool started;
	pthread_t thread;

	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t work;   /* something was submitted, or the store closes */
	pthread_cond_t awaited;
	struct operation_list queue;
	struct operation_list completed;
	uint64_t queued; /* operations submitted and not told */
	size_t queued_bytes;
	bool closing;
	struct store_figures figures;
};

/* The order in which the files are committed: the nodes wait for their readings. */
static const enum store_file commit_order[STORE_FILES] = { STORE_TELEMETRY, STORE_GATEWAY, STORE_IMAGES };

static const char *const gateway_checks[] = { "PRAGMA quick_check(1)", NULL };
static const char *const nothing_more[] = { NULL };
/* Chunks and segments have checksums of their own and are looked at when they are read. */
static const char *const images_checks[] = { "PRAGMA quick_check(image)", "PRAGMA quick_check(manifest)",
	"SELECT 'ok' FROM chunk ORDER BY number DESC LIMIT 1", NULL };
static const char *const images_checks_after_crash[] = { "SELECT 'ok' FROM chunk ORDER BY number DESC LIMIT 256",
	NULL };
static const char *const telemetry_checks[] = { "PRAGMA quick_check(mark)", "PRAGMA quick_check(exchange)",
	"PRAGMA quick_check(kind)", "SELECT 'ok' FROM segment ORDER BY first LIMIT 1",
	"SELECT 'ok' FROM segment ORDER BY first DESC LIMIT 1", NULL };
static const char *const telemetry_checks_after_crash[] = { "SELECT 'ok' FROM segment ORDER BY first LIMIT 1000",
	"SELECT 'ok' FROM segment ORDER BY first DESC LIMIT 1000", "PRAGMA quick_check(feed)", NULL };

static const struct database_options files[STORE_FILES] = {
	[STORE_GATEWAY] = { .name = "gateway.db",
		.schema = &schema_gateway,
		.cache_kb = 128,
		.checks = gateway_checks,
		.checks_after_crash = nothing_more },
	[STORE_IMAGES] = { .name = "images.db",
		.schema = &schema_images,
		.cache_kb = 64, /* chunks are read whole and kept by their reader */
		.checks = images_checks,
		.checks_after_crash = images_checks_after_crash,
		.gives_back = true },
	[STORE_TELEMETRY] = { .name = "telemetry.db",
		.schema = &schema_telemetry,
		.cache_kb = 512,
		.page_size = 1024, /* a commit fills its last page by half: of a few KB that is much, of 1 KB little */
		.checks = telemetry_checks,
		.checks_after_crash = telemetry_checks_after_crash },
};

static int64_t monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_figures(struct store *store)
{
	struct store_figures *figures = &store->figures;

	figures->telemetry_bytes = space_used(&store->databases[STORE_TELEMETRY]);
	figures->images_bytes = space_used(&store->databases[STORE_IMAGES]);
	figures->telemetry_written_bytes = written_bytes(store->databases[STORE_TELEMETRY].written);
	figures->written_bytes = 0;
	figures->commits = 0;
	figures->commit_failures = 0;
	figures->longest_commit_us = 0;
	figures->damaged = false;
	for (int i = 0; i < STORE_FILES; i++) {
		const struct group *group = &store->groups[i];
		figures->written_bytes += written_bytes(store->databases[i].written);
		figures->commits += group->commits;
		figures->commit_failures += group->commit_failures;
		if (group->longest_commit_us > figures->longest_commit_us)
			figures->longest_commit_us = group->longest_commit_us;
		figures->damaged = figures->damaged || store->databases[i].damaged;
	}
}

/* Posts what has finished to the loop, save what somebody blocks for: they have it from here. */
static void post(struct store *store, struct operation_list *finished, uint64_t commit_us)
{
	struct operation *operation;
	bool wake = false;

	if (!finished->first)
		return;
	(void)pthread_mutex_lock(&store->mutex);
	take_figures(store);
	if (commit_us)
		store->figures.last_commit_us = commit_us;
	while ((operation = operation_list_take(finished))) {
		if (operation->awaited) {
			operation->awaited = false;
			(void)pthread_cond_broadcast(&store->awaited);
			continue;
		}
		operation_list_append(&store->completed, operation);
		wake = true;
	}
	(void)pthread_mutex_unlock(&store->mutex);
	if (wake && !store->threadless)
		store->wake(store->wake_context);
}

static void commit_due(struct store *store, int64_t now_ms)
{
	for (int i = 0; i < STORE_FILES; i++) {
		struct group *group = &store->groups[commit_order[i]];
		struct operation_list finished = { 0 };

		if (!group_is_due(group, now_ms))
			continue;
		group_commit(group, &finished);
		post(store, &finished, group->last_commit_us);
		space_checkpoint(group->database);
	}
}

static void run_all(struct store *store, struct operation_list *taken, int64_t now_ms)
{
	struct operation_list finished = { 0 };
	struct operation *operation;

	while ((operation = operation_list_take(taken)))
		group_run(&store->groups[operation->kind->file], operation, now_ms, &finished);
	post(store, &finished, 0);
}

/* One bounded step of what can wait; true if there is more. */
static bool tidy(struct store *store)
{
	bool more = false;

	for (int i = 0; i < STORE_FILES; i++) {
		struct database *database = &store->databases[i];
		if (database_in_transaction(database))
			continue;
		more = space_tidy(database) || more;
		space_checkpoint(database);
	}
	return more;
}

static int64_t next_deadline_ms(const struct store *store)
{
	int64_t deadline_ms = INT64_MAX;

	for (int i = 0; i < STORE_FILES; i++) {
		const struct group *group = &store->groups[i];
		if (group->waiting.first && group->deadline_ms < deadline_ms)
			deadline_ms = group->deadline_ms;
	}
	return deadline_ms;
}

/* Waits, with the mutex held, until there is something to run, the deadline is over or the store closes. */
static void wait_for_work(struct store *store, int64_t deadline_ms)
{
	struct timespec until = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
	int waited = 0;

	while (!store->queue.first && !store->closing && waited != ETIMEDOUT) {
		if (deadline_ms == INT64_MAX)
			(void)pthread_cond_wait(&store->work, &store->mutex);
		else
			waited = pthread_cond_timedwait(&store->work, &store->mutex, &until);
	}
}

/* Takes the whole queue; false when the store closes and there is nothing left to run. */
static bool take_work(struct store *store, int64_t deadline_ms, struct operation_list *taken)
{
	(void)pthread_mutex_lock(&store->mutex);
	wait_for_work(store, deadline_ms);
	bool over = store->closing && !store->queue.first;
	operation_list_move(taken, &store->queue);
	(void)pthread_mutex_unlock(&store->mutex);
	return !over;
}

static void *work(void *context)
{
	struct store *store = context;
	struct operation_list taken = { 0 };
	bool more = true;

	while (take_work(store, more ? 0 : next_deadline_ms(store), &taken)) {
		bool idle = !taken.first;
		run_all(store, &taken, monotonic_ms());
		commit_due(store, monotonic_ms());
		more = idle ? tidy(store) : true;
	}
	commit_due(store, INT64_MAX);
	return NULL;
}

/* All that the thread would do, on the caller's. */
static void work_here(struct store *store)
{
	struct operation_list taken = { 0 };

	(void)pthread_mutex_lock(&store->mutex);
	operation_list_move(&taken, &store->queue);
	(void)pthread_mutex_unlock(&store->mutex);
	run_all(store, &taken, 0);
	commit_due(store, INT64_MAX);
	while (tidy(store))
		;
}

int store_submit(struct store *store, struct operation *operation)
{
	int result = 0;

	if (!operation)
		return -ENOMEM;
	(void)pthread_mutex_lock(&store->mutex);
	if (store->closing)
		result = -ESHUTDOWN;
	else if (store->queued >= STORE_QUEUE_MAX ||
		 (store->queued && store->queued_bytes + operation->cost > STORE_QUEUE_BYTES_MAX))
		result = -ENOBUFS;
	if (result == 0) {
		operation_list_append(&store->queue, operation);
		store->queued++;
		store->queued_bytes += operation->cost;
		(void)pthread_cond_signal(&store->work);
	}
	(void)pthread_mutex_unlock(&store->mutex);
	if (result < 0)
		operation_free(operation);
	return result;
}

int store_await(struct store *store, struct operation *operation)
{
	assert(store->threadless || !pthread_equal(pthread_self(), store->thread));
	operation->awaited = true;
	(void)pthread_mutex_lock(&store->mutex);
	operation_list_append(&store->queue, operation);
	(void)pthread_cond_signal(&store->work);
	while (operation->awaited && !store->threadless)
		(void)pthread_cond_wait(&store->awaited, &store->mutex);
	(void)pthread_mutex_unlock(&store->mutex);
	if (store->threadless)
		work_here(store);
	return operation->result;
}

void store_dispatch(struct store *store)
{
	struct operation_list told = { 0 };
	struct operation *operation;

	if (store->threadless)
		work_here(store);
	(void)pthread_mutex_lock(&store->mutex);
	operation_list_move(&told, &store->completed);
	(void)pthread_mutex_unlock(&store->mutex);
	while ((operation = operation_list_take(&told))) {
		(void)pthread_mutex_lock(&store->mutex);
		store->queued--;
		store->queued_bytes -= operation->cost;
		(void)pthread_mutex_unlock(&store->mutex);
		operation_tell(operation);
	}
}

void store_figures(struct store *store, struct store_figures *out)
{
	(void)pthread_mutex_lock(&store->mutex);
	*out = store->figures;
	out->queued = store->queued;
	(void)pthread_mutex_unlock(&store->mutex);
}

/* One process at a time: two would give the same sequence numbers to different readings. */
static int lock_directory(struct store *store, const char *directory, char *why, size_t why_size)
{
	char path[DATABASE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/lock", directory);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (store->lock < 0) {
		int result = -errno;
		(void)snprintf(why, why_size, "cannot use %s: %s", path, strerror(-result));
		return result;
	}
	if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	(void)snprintf(why, why_size, "another process has the store in %s open", directory);
	return -EBUSY;
}

static int open_files(struct store *store, const struct store_options *options, struct store_findings *findings,
	char *why, size_t why_size)
{
	int result = 0;

	for (int i = 0; i < STORE_FILES && result == 0; i++) {
		struct database_options file = files[i];
		file.directory = options->directory;
		file.vfs = options->vfs;
		if (i == STORE_TELEMETRY)
			file.quota_bytes = options->telemetry_quota_bytes;
		if (i == STORE_IMAGES)
			file.quota_bytes = options->images_quota_bytes;
		store->groups[i].database = &store->databases[i];
		result = database_init(&store->databases[i], &file, findings->set_aside[i], why, why_size);
	}
	if (result == -EBADMSG)
		result = -EIO;
	return result;
}

static int init_waiting(struct store *store)
{
	pthread_condattr_t monotonic;

	if (pthread_condattr_init(&monotonic) != 0)
		return -ENOMEM;
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&store->mutex, NULL);
	(void)pthread_cond_init(&store->work, &monotonic);
	(void)pthread_cond_init(&store->awaited, NULL);
	(void)pthread_condattr_destroy(&monotonic);
	return 0;
}

int store_open(struct store **out, const struct store_options *options, struct store_findings *findings, char *why,
	size_t why_size)
{
	struct store *store = calloc(1, sizeof(*store));

	memset(findings, 0, sizeof(*findings));
	(void)snprintf(why, why_size, "out of memory");
	if (!store)
		return -ENOMEM;
	store->lock = -1;
	store->threadless = options->threadless;
	store->wake = options->wake;
	store->wake_context = options->wake_context;
	store->tell_exchanges = options->tell_exchanges;
	int result = init_waiting(store);
	if (result == 0)
		result = lock_directory(store, options->directory, why, why_size);
	if (result == 0)
		result = open_files(store, options, findings, why, why_size);
	if (result == 0)
		result = exchange_rows_init(&store->databases[STORE_TELEMETRY], &store->tell_exchanges);
	if (result == 0) {
		take_figures(store);
		if (!store->threadless)
			result = -pthread_create(&store->thread, NULL, work, store);
		store->started = result == 0 && !store->threadless;
	}
	if (result < 0) {
		store_close(store);
		return result;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	(void)pthread_mutex_lock(&store->mutex);
	store->closing = true;
	(void)pthread_cond_signal(&store->work);
	(void)pthread_mutex_unlock(&store->mutex);
	if (store->started)
		(void)pthread_join(store->thread, NULL);
	if (store->databases[STORE_FILES - 1].connection)
		store_dispatch(store);
	for (int i = STORE_FILES - 1; i >= 0; i--)
		database_finish(&store->databases[i]);
	if (store->lock >= 0)
		(void)close(store->lock);
	(void)pthread_cond_destroy(&store->awaited);
	(void)pthread_cond_destroy(&store->work);
	(void)pthread_mutex_destroy(&store->mutex);
	free(store);
}
