/*
 * row_list: rows that an operation reads on the store thread to tell them on the loop thread (private to store/).
 */
#ifndef WAKEGATE_STORE_ROW_LIST_H
#define WAKEGATE_STORE_ROW_LIST_H

#include <stddef.h>

struct database;
struct row;

/* Whoever reads rows embeds it as the first member of what it keeps of one, in one allocation. */
struct listed_row {
	struct listed_row *next;
};

struct row_list {
	struct listed_row *first;
};

struct row_form {
	int size_column;                             /* the one with the bytes, which are what a row counts for */
	struct listed_row *(*read)(struct row *row); /* from malloc(); NULL: no memory */
};

/* Adds the rows of a statement whose parameters are bound to an empty list, up to `max_bytes` of them but at least one.
 * -ENOMEM or an error of the database: the list may have some. */
int row_list_read(struct row_list *list, struct database *database, struct row *row, const struct row_form *form,
	size_t max_bytes);

void row_list_clear(struct row_list *list);

#endif
