/*
 * written: counts what SQLite writes to the files of one database, as the disk sees it.
 *
 * An SQLite VFS between SQLite and another VFS. The kernel writes whole pages of its cache, so a write counts as all
 * the pages it touches, and a page that several writes in a row touch counts once until it is synced. What the kernel
 * adds (the file system's journal, the shared memory beside a WAL) is not in it; tests/bench compares it with
 * write_bytes of /proc/self/io.
 */
#ifndef WAKEGATE_STORE_WRITTEN_H
#define WAKEGATE_STORE_WRITTEN_H

#include <stdint.h>

struct written;

/* Over the VFS named `vfs`, NULL: the default. -ENOENT: there is none of that name; -ENOMEM. */
int written_open(struct written **out, const char *vfs);

/* Frees; after all files opened through it are closed. NULL is fine. */
void written_close(struct written *written);

/* The name of the VFS, to open files with. */
const char *written_vfs(const struct written *written);

/* Bytes so far. Used by the thread that uses the files. */
uint64_t written_bytes(const struct written *written);

#endif
