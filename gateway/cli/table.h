/*
 * table: rows in columns that fit the terminal.
 *
 * Filled cell by cell, then printed. Columns are as wide as their widest cell, two blanks apart; where a line would be
 * longer than the terminal, the columns that may give are cut, with an ellipsis, the widest first. Sentences, in the
 * last column, go on in the next line instead, so that nothing of them is lost.
 */
#ifndef WAKEGATE_GATEWAY_CLI_TABLE_H
#define WAKEGATE_GATEWAY_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gateway/cli/terminal.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_CELL_MAX 512 /* bytes; more is cut */

struct table;

struct table_column {
	const char *title;
	bool right; /* aligned to the right: numbers */
	bool gives; /* may be cut */
	bool wraps; /* of the last column: what has no room goes on in further lines */
};

/* `columns` outlive the table. Ends the program if there is no memory, here and in table_cell(). */
struct table *table_open(const struct table_column *columns, size_t count);

/* The next cell; rows are as long as there are columns. Control characters are shown as '?'. */
void table_cell(struct table *table, enum tone tone, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints titles and rows; nothing if there are no rows. `width` 0: no limit. */
void table_print(const struct table *table, FILE *out, unsigned width, bool colour);

/* NULL is fine. */
void table_close(struct table *table);

/* Prints the first `width` characters of a text, the last one an ellipsis if there are more; returns the columns. */
size_t text_print(FILE *out, const char *text, size_t width);

/* How many columns a UTF-8 text takes on a terminal, counting one for each character. */
size_t text_width(const char *text);

#endif
