#include "drivers/id_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct id_queue_entry {
	struct id_queue_entry *next;
	char id[NODE_ID_MAX + 1];
};

void id_queue_init(struct id_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
	id_map_init(&queue->waiting);
}

void id_queue_finish(struct id_queue *queue)
{
	char id[NODE_ID_MAX + 1];

	while (id_queue_take(queue, id))
		;
	id_map_finish(&queue->waiting);
}

int id_queue_add(struct id_queue *queue, const char *id)
{
	if (strlen(id) > NODE_ID_MAX)
		return -EINVAL;
	if (id_map_find(&queue->waiting, id))
		return 0;
	struct id_queue_entry *entry = malloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->next = NULL;
	strcpy(entry->id, id); /* its size was checked */
	if (id_map_add(&queue->waiting, entry->id, entry) < 0) {
		free(entry);
		return -ENOMEM;
	}
	*queue->last = entry;
	queue->last = &entry->next;
	return 0;
}

bool id_queue_take(struct id_queue *queue, char id[NODE_ID_MAX + 1])
{
	struct id_queue_entry *entry = queue->first;

	if (!entry)
		return false;
	queue->first = entry->next;
	if (!queue->first)
		queue->last = &queue->first;
	id_map_remove(&queue->waiting, entry->id);
	strcpy(id, entry->id);
	free(entry);
	return true;
}
