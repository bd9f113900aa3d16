#include "store/row.h"

#include <stdio.h>
#include <string.h>

/* A failed binding leaves NULL, which no column of the schemas takes: the statement fails then. */

void bind_int(struct row *row, int64_t value)
{
	(void)sqlite3_bind_int64(row->statement, ++row->next, value);
}

void bind_text(struct row *row, const char *text)
{
	(void)sqlite3_bind_text(row->statement, ++row->next, text, -1, SQLITE_STATIC);
}

void bind_blob(struct row *row, const void *data, size_t size)
{
	(void)sqlite3_bind_blob64(row->statement, ++row->next, size ? data : "", size, SQLITE_STATIC);
}

int64_t row_int(struct row *row)
{
	return sqlite3_column_int64(row->statement, row->next++);
}

void row_text(struct row *row, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(row->statement, row->next++);

	(void)snprintf(out, size, "%s", text ? (const char *)text : "");
}

const void *row_blob(struct row *row, size_t *size)
{
	const void *data = sqlite3_column_blob(row->statement, row->next);

	*size = data ? (size_t)sqlite3_column_bytes(row->statement, row->next) : 0;
	row->next++;
	return data;
}

size_t row_copy(struct row *row, void *out, size_t size)
{
	size_t found;
	const void *data = row_blob(row, &found);

	if (found > size)
		found = size;
	if (found)
		memcpy(out, data, found);
	return found;
}
