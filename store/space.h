/*
 * space: what a database takes of the disk: its room below the quota, the bounds of its WAL, and what it gives back.
 */
#ifndef WAKEGATE_STORE_SPACE_H
#define WAKEGATE_STORE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#define WAL_BYTES_MAX (4096 * 1000) /* then it is copied into the file; also bounds what a start has to replay */

struct database;

/*
 * Reserves space for the WAL and sets in what steps the file grows, so that the oldest can still be deleted to make
 * room when the disk is full. What cannot be reserved now is not there then, no more.
 */
void space_reserve(struct database *database);

/*
 * Sees to it that `bytes` more fit: below the quota, and in space that the file already owns on the disk, so that the
 * WAL can always be copied into it. 0, -ENOSPC or an error of the file.
 */
int space_make(struct database *database, uint64_t bytes);

/* 1 if `bytes` more fit without the file growing and the quota allows it, 0 if not, or an error of the file. */
int space_fits(struct database *database, uint64_t bytes);

/*
 * Copies the WAL into the file when it has grown to its bound, or when the disk is full, so that the next commit finds
 * its space free again. Only outside of a transaction.
 */
void space_checkpoint(struct database *database);

/* Gives a bounded number of free pages back; true if there is more to do. Only outside of a transaction. */
bool space_tidy(struct database *database);

/* Bytes on disk, with the WAL. */
uint64_t space_used(const struct database *database);

#endif
