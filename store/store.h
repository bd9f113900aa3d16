/*
 * store: what must survive power loss: three SQLite files and the one thread that writes them.
 *
 * The loop thread submits operations; the store thread runs those of one file in the order submitted, groups whatever
 * is waiting into one transaction per file, commits (WAL, synchronous=FULL) and posts the completions back. An
 * operation is durable when its reply says 0. The operations themselves are in the headers image_store, node_store,
 * rollout_store, segment_store and update_store; this one opens, closes and pumps. docs/store.md has the schemas.
 *
 *   gateway.db    nodes, updates, rollouts, journal, settings that outlive a restart
 *   images.db     firmware in chunks keyed by SHA-256
 *   telemetry.db  readings not yet upstream
 *
 * Each file has a schema version (PRAGMA user_version) and migrations. A file of a newer version is refused. A corrupt
 * one is renamed to NAME.corrupt-YYYYMMDDTHHMMSSZ (with its -wal) and begun anew; it is never deleted.
 *
 * A function that submits returns 0 and the reply follows, or an error and nothing follows: -EINVAL, -ENOMEM,
 * -ENOBUFS (STORE_QUEUE_MAX or STORE_QUEUE_BYTES_MAX is reached: try again after a dispatch), -ESHUTDOWN (the store is
 * closing). A function that blocks runs after all that was submitted before; its `each` is called on the store thread
 * while the caller waits, and must not call a function of the store that blocks.
 */
#ifndef WAKEGATE_STORE_STORE_H
#define WAKEGATE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_QUEUE_MAX 65536                    /* operations not completed */
#define STORE_QUEUE_BYTES_MAX (32 * 1024 * 1024) /* what they and their results hold in memory */

struct store;

/*
 * How an operation ends. `done` is called exactly once, on the loop thread, from store_dispatch() or store_close():
 * 0 durable; -ENOSPC the disk or the quota is full; -EIO the disk failed; -ENOENT, -EEXIST, -EINVAL as the operation
 * says. `done` may be NULL.
 */
struct store_reply {
	void (*done)(void *context, int result);
	void *context;
};

struct stored_segment;

/*
 * Finds the fingerprints of reports that the readings in a segment tell (only `count`, `codec` and the data are given):
 * puts at most `room` of them into `exchanges` and returns how many, or a negative errno. Called on the store thread,
 * perhaps with bytes that are damaged.
 */
typedef int exchange_teller(const struct stored_segment *segment, uint64_t *exchanges, size_t room);

struct store_options {
	const char *directory; /* exists and is writable */
	/* Called on the store thread when completions wait; must only wake the loop (uv_async_send). */
	void (*wake)(void *context);
	void *wake_context;
	uint64_t telemetry_quota_bytes; /* hard cap of telemetry.db, 0: none; appends beyond get -ENOSPC */
	uint64_t images_quota_bytes;
	exchange_teller *tell_exchanges; /* NULL: no readings tell any */
	const char *vfs;                 /* an sqlite3_vfs to open the files with; NULL: the default */
	/* No thread: store_dispatch() and the functions that block do the work themselves, all that waits as one group,
	 * and `wake` is not called. For tests and simulations, where the same seed gives the same run. */
	bool threadless;
};

/* What a person should know of how the files were found. */
struct store_findings {
	char set_aside[3][256]; /* paths that corrupt files were renamed to; "" where none */
};

/* Figures of the store, as of the last commit. */
struct store_figures {
	uint64_t telemetry_bytes; /* size on disk of telemetry.db and its WAL */
	uint64_t images_bytes;
	uint64_t written_bytes;           /* to all files since open, as the disk sees it, see store/written.h */
	uint64_t telemetry_written_bytes; /* of these to telemetry.db */
	uint64_t commits;                 /* since open */
	uint64_t commit_failures;
	uint64_t last_commit_us; /* how long the last commit took */
	uint64_t longest_commit_us;
	uint64_t queued; /* operations not completed */
	bool damaged;    /* damage was met while running: the next start checks that file as a whole */
};

/*
 * Opens the files, checks and migrates them, and starts the thread. Blocks (a second at most for 10^7 readings, more
 * where a file is damaged). On failure `why` has a sentence: -ENOTSUP a file is from a newer version; -EACCES, -EROFS,
 * -ENOSPC, -EIO; -EBUSY another process has it open.
 */
int store_open(struct store **out, const struct store_options *options, struct store_findings *findings, char *why,
	size_t why_size);

/* Calls the replies of all operations that have completed. Never blocks (but see `threadless`). */
void store_dispatch(struct store *store);

/* Completes what was submitted, calls all replies, checkpoints and frees. Blocks; NULL is fine. */
void store_close(struct store *store);

void store_figures(struct store *store, struct store_figures *out);

/*
 * Small named values that outlive a restart (at most 64 bytes of name, 4096 of value): the gateway's sequence, boot
 * count, log level. get blocks and is for start-up only: bytes copied, or -ENOENT, -ENOBUFS.
 */
int store_setting_get(struct store *store, const char *name, void *buffer, size_t size);
int store_setting_put(struct store *store, const char *name, const void *value, size_t size, struct store_reply reply);

/* The same, but rides in the next commit of anything else, at the latest a second later. */
int store_setting_put_later(
	struct store *store, const char *name, const void *value, size_t size, struct store_reply reply);

#endif
