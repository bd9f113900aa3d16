/*
 * stick_memory: the non-volatile memory of a Z-Stack stick: items by number, kept in a file so that a network outlives
 * it.
 */
#ifndef WAKEGATE_TESTS_NCP_STICK_MEMORY_H
#define WAKEGATE_TESTS_NCP_STICK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define STICK_ITEM_MAX 512
#define STICK_ITEMS_MAX 2048

/* Plain items; those of Z-Stack's extended tables bear their system, table and row. */
#define STICK_ITEM(id) ((uint64_t)(id))
#define STICK_ROW(system, table, row) ((uint64_t)1 << 48 | (uint64_t)(system) << 32 | (uint64_t)(table) << 16 | (row))

struct stick_memory;

/* Opens what the file holds; `is_new`: there is none, and nothing in it. `path` NULL: nothing is kept. -ENOMEM. */
int stick_memory_open(struct stick_memory **out, const char *path, bool *is_new);

/* Borrowed until the next change; no data: there is no such item. */
struct bytes stick_memory_get(const struct stick_memory *memory, uint64_t item);

/* Makes or replaces an item. -ENOBUFS. */
int stick_memory_set(struct stick_memory *memory, uint64_t item, struct bytes value);

/* Writes into an item that is there; -ENOENT, -EINVAL: outside of it. */
int stick_memory_write(struct stick_memory *memory, uint64_t item, size_t offset, struct bytes value);

/* False: there was none. */
bool stick_memory_delete(struct stick_memory *memory, uint64_t item);

void stick_memory_close(struct stick_memory *memory);

#endif
