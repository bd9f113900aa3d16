#include "store/row_list.h"

#include <errno.h>
#include <stdlib.h>

#include "store/database.h"
#include "store/row.h"

static int read_rows(struct row_list *list, struct database *database, struct row *row, const struct row_form *form,
	size_t max_bytes)
{
	struct listed_row **end = &list->first;
	size_t bytes = 0;
	int result;

	while ((result = database_step(database, row->statement)) > 0) {
		bytes += (size_t)sqlite3_column_bytes(row->statement, form->size_column);
		if (list->first && bytes > max_bytes)
			return 0;
		row->next = 0;
		*end = form->read(row);
		if (!*end)
			return -ENOMEM;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return result;
}

int row_list_read(struct row_list *list, struct database *database, struct row *row, const struct row_form *form,
	size_t max_bytes)
{
	int result = read_rows(list, database, row, form, max_bytes);

	(void)sqlite3_reset(row->statement);
	return result;
}

void row_list_clear(struct row_list *list)
{
	while (list->first) {
		struct listed_row *next = list->first->next;
		free(list->first);
		list->first = next;
	}
}
