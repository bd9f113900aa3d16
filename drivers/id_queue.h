/*
 * id_queue: identities in the order in which they came to wait, each once.
 */
#ifndef WAKEGATE_DRIVERS_ID_QUEUE_H
#define WAKEGATE_DRIVERS_ID_QUEUE_H

#include <stdbool.h>

#include "drivers/driver.h"
#include "drivers/id_map.h"

struct id_queue_entry;

struct id_queue {
	struct id_queue_entry *first, **last;
	struct id_map waiting;
};

void id_queue_init(struct id_queue *queue);
void id_queue_finish(struct id_queue *queue);

/* Puts a copy last; one that waits keeps its place. -ENOMEM, -EINVAL: longer than NODE_ID_MAX. */
int id_queue_add(struct id_queue *queue, const char *id);

/* Takes the first one out. False: none waits. */
bool id_queue_take(struct id_queue *queue, char id[NODE_ID_MAX + 1]);

#endif
