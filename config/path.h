/*
 * path: reads whole files and resolves names against folders.
 */
#ifndef WAKEGATE_CONFIG_PATH_H
#define WAKEGATE_CONFIG_PATH_H

#include <stddef.h>

#include "config/arena.h"

/* The folder part of a path ("." if it has none), in the arena; NULL: no memory. */
char *path_folder(struct arena *arena, const char *path);

/* `name` itself where it is absolute, else FOLDER/NAME, in the arena; NULL: no memory. */
char *path_join(struct arena *arena, const char *folder, const char *name);

/*
 * Reads a regular file of at most `limit` bytes; free *out. 0 or -errno: -E2BIG, -EISDIR, -ENOTSUP neither file nor
 * folder (a device or a pipe, which could block), …. Blocks on the disk.
 */
int path_read(char **out, size_t *size, const char *path, size_t limit);

/* What is wrong, for a person. */
const char *path_error_text(int error);

#endif
