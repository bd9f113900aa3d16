/*
 * source: reads a config file, with all that it includes, into one text that remembers which line came from where.
 *
 * The text is libconfig's syntax, tidied so that every version of libconfig reads it alike: comments are blanked,
 * `@include "FILE"` is replaced by the file (relative to the folder given), whole numbers over 32 bits get the L that
 * libconfig 1.5 would silently truncate them without. What libconfig cannot point at precisely is found here: a quote
 * or comment that is never closed (a quoted text ends on its line), a number over 64 bits or with a leading zero, a
 * NUL byte, too deep nesting.
 */
#ifndef WAKEGATE_CONFIG_SOURCE_H
#define WAKEGATE_CONFIG_SOURCE_H

#include <stddef.h>

#include "config/arena.h"
#include "config/fault.h"

#define SOURCE_NESTING_MAX 16 /* brackets of any kind */
#define SOURCE_DEPTH_MAX 8    /* files that include files */
#define SOURCE_FILES_MAX 64   /* included by one file, in all */

/* The lines of the text from `first` on are those of `file` from `line` on. */
struct source_run {
	const char *file;
	unsigned first;
	unsigned line;
};

struct source {
	char *text; /* ended by NUL */
	size_t size;
	size_t room;
	unsigned lines;
	struct source_run runs[2 * SOURCE_FILES_MAX + 1];
	size_t run_count;
};

/*
 * Reads the file at `path`; the names of files live in the arena. 0; -EINVAL with faults; -ENOENT, -EACCES, -E2BIG
 * (over CONFIG_FILE_MAX, together with what it includes) or another errno of open(2), also with a fault; -ENOMEM.
 * Finish the source in any case. Blocks on the disk.
 */
int source_read(
	struct source *source, const char *path, const char *folder, struct arena *arena, struct config_faults *faults);

/* Where this line of the text (from 1) was written. */
struct place source_place(const struct source *source, unsigned line);

/* That line of the text, without blanks around it: its start in `text` and its size. */
const char *source_line(const struct source *source, unsigned line, size_t *size);

void source_finish(struct source *source);

#endif
