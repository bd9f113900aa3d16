/*
 * row: binds the parameters and reads the columns of one statement, in their order.
 *
 * What is bound is borrowed until the statement was stepped. A column that is too long is cut to the space there is;
 * text is always terminated.
 */
#ifndef WAKEGATE_STORE_ROW_H
#define WAKEGATE_STORE_ROW_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct row {
	sqlite3_stmt *statement;
	int next; /* parameters or columns done so far */
};

void bind_int(struct row *row, int64_t value);
void bind_text(struct row *row, const char *text);
void bind_blob(struct row *row, const void *data, size_t size);

int64_t row_int(struct row *row);
void row_text(struct row *row, char *out, size_t size);

/* Copies at most `size` bytes and returns how many. */
size_t row_copy(struct row *row, void *out, size_t size);

/* The bytes, borrowed until the next step; NULL where there are none. */
const void *row_blob(struct row *row, size_t *size);

#endif
