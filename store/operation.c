#include "store/operation.h"

#include <stdlib.h>

void operation_list_append(struct operation_list *list, struct operation *operation)
{
	operation->next = NULL;
	if (list->end)
		*list->end = operation;
	else
		list->first = operation;
	list->end = &operation->next;
}

void operation_list_move(struct operation_list *list, struct operation_list *from)
{
	if (!from->first)
		return;
	if (list->end)
		*list->end = from->first;
	else
		list->first = from->first;
	list->end = from->end;
	*from = (struct operation_list){ 0 };
}

struct operation *operation_list_take(struct operation_list *list)
{
	struct operation *operation = list->first;

	if (!operation)
		return NULL;
	list->first = operation->next;
	if (!list->first)
		list->end = NULL;
	return operation;
}

void *operation_new(const struct operation_kind *kind, size_t size, struct store_reply reply)
{
	struct operation *operation = calloc(1, size);

	if (!operation)
		return NULL;
	operation->kind = kind;
	operation->reply = reply;
	operation->cost = size;
	return operation;
}

void operation_tell(struct operation *operation)
{
	if (operation->kind->tell)
		operation->kind->tell(operation);
	else if (operation->reply.done)
		operation->reply.done(operation->reply.context, operation->result);
	operation_free(operation);
}

void operation_free(struct operation *operation)
{
	if (!operation)
		return;
	if (operation->kind->clear)
		operation->kind->clear(operation);
	free(operation);
}
