/*
 * column_texts: a table of different texts, each told by what it shares with the one before.
 *
 * Writers find a text's number by its bytes, readers a text by its number. The bytes are in an arena that several
 * tables may share. docs/segment-format.md, "texts".
 */
#ifndef WAKEGATE_PROTOCOLS_COLUMN_TEXTS_H
#define WAKEGATE_PROTOCOLS_COLUMN_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/column_integers.h"
#include "protocols/cursor.h"
#include "protocols/reading.h"

#define TEXTS_BOUND_FIXED (2 * INTEGERS_BOUND(0)) /* bytes of a table beside its texts, at most */
#define TEXTS_BOUND_EACH 8                        /* bytes of a text beside its own, at most */

struct text_arena {
	char *bytes;
	size_t used, room;
};

struct text_place {
	uint32_t offset, size; /* in the arena */
};

/* All memory is the caller's. */
struct text_table {
	struct text_arena *arena;
	struct text_place *places; /* room for `most` */
	size_t count, most;
	uint32_t *slots; /* hash table of numbers + 1, as many as a power of two; NULL in a reader */
	size_t slot_mask;
};

/* Forgets all texts; not those in the arena. */
void texts_clear(struct text_table *table);

/* The text's number, adding it if it is new. -ENOBUFS. Equal texts may have several numbers if many hash alike. */
int texts_find(struct text_table *table, struct span text);

/* Takes back the texts above `count`, the newest ones; `used` is what the arena held then. */
void texts_take_back(struct text_table *table, size_t count, size_t used);

/* The bytes of a text by its number. */
struct span texts_get(const struct text_table *table, size_t number);

/* Writes the texts, not how many there are. `scratch` has room for twice as many integers as texts. */
void texts_write(struct writer *out, const struct text_table *table, int64_t *scratch);

/*
 * Reads `count` texts, at most `most`, into an empty table and its arena. `scratch` has room for as many integers,
 * twice. Fails the reader on bytes that no writer wrote and on more bytes of text than the arena has room for.
 */
void texts_read(struct reader *in, struct text_table *table, size_t count, int64_t *scratch);

#endif
