/*
 * operation: one piece of work for the store thread, and how a kind of it plugs in (private to store/).
 *
 * A kind embeds `struct operation` as its first member and says what runs on the store thread and what is told on the
 * loop thread. The operation owns all that it carries, in the one allocation of operation_new() or released by `clear`.
 */
#ifndef WAKEGATE_STORE_OPERATION_H
#define WAKEGATE_STORE_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct database;
struct operation;

enum store_file { STORE_GATEWAY, STORE_IMAGES, STORE_TELEMETRY, STORE_FILES };

enum operation_effect {
	OPERATION_READS,
	OPERATION_WRITES,
	OPERATION_WRITES_LATER, /* may wait for the commit of another, up to STORE_LATER_MS */
};

struct operation_kind {
	enum store_file file;
	enum operation_effect effect;
	/* On the store thread: 0 or more, or a negative errno; a writer's changes are then undone. */
	int (*run)(struct operation *operation, struct database *database);
	/* On the loop thread: tells the result; NULL: the reply is all there is to tell. */
	void (*tell)(struct operation *operation);
	/* Releases what run() allocated; may be NULL. */
	void (*clear)(struct operation *operation);
};

struct operation {
	const struct operation_kind *kind;
	struct operation *next;
	struct store_reply reply;
	size_t cost; /* bytes that it and its result may hold */
	int result;
	bool awaited; /* somebody blocks for it and owns it */
};

/* A first-in, first-out list of operations. */
struct operation_list {
	struct operation *first;
	struct operation **end; /* NULL: empty */
};

void operation_list_append(struct operation_list *list, struct operation *operation);
/* Moves all of `from` to the end of `list`. */
void operation_list_move(struct operation_list *list, struct operation_list *from);
/* NULL if it is empty. */
struct operation *operation_list_take(struct operation_list *list);

/* `size` bytes, zeroed, that begin with a struct operation. NULL: out of memory. */
void *operation_new(const struct operation_kind *kind, size_t size, struct store_reply reply);

/* Tells the result and frees. */
void operation_tell(struct operation *operation);

void operation_free(struct operation *operation);

/* Queues it; takes it in any case. 0, -ENOBUFS, -ENOMEM (`operation` is NULL), -ESHUTDOWN (the store is closing). */
int store_submit(struct store *store, struct operation *operation);

/* Runs it after all that was submitted before, and waits. The caller keeps it; returns its result. */
int store_await(struct store *store, struct operation *operation);

#endif
