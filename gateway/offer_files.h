/*
 * offer_files: segments that are on their way to the broker and not in the store, a file each in a runtime folder.
 *
 * A process that is killed finds them again and puts them into the store under the numbers under which the broker may
 * have got them.
 */
#ifndef WAKEGATE_GATEWAY_OFFER_FILES_H
#define WAKEGATE_GATEWAY_OFFER_FILES_H

#include <stdint.h>

struct runtime_folder;
struct stored_segment;

/* Writes one whose bytes are not compressed; `session` as of numbers. -ENOSPC, -EIO, -ENOMEM: it is not there. */
int offer_file_write(const struct runtime_folder *folder, uint64_t session, const struct stored_segment *segment);

/* A segment that is not there is fine. */
void offer_file_remove(const struct runtime_folder *folder, uint64_t first);

/*
 * Calls `each` for all segments of sessions from `session` on, borrowed for the call, in no order. What a kill left
 * unfinished was not published and is removed, as is what an earlier session left. -EIO, -ENOMEM.
 */
int offer_files_load(const struct runtime_folder *folder, uint64_t session,
	void (*each)(void *context, const struct stored_segment *segment), void *context);

#endif
