/*
 * audit_store: what operators did, or tried to do; appended, the newest AUDIT_ENTRIES are kept and a few more.
 */
#ifndef WAKEGATE_STORE_AUDIT_STORE_H
#define WAKEGATE_STORE_AUDIT_STORE_H

#include <stdint.h>

#include "store/store.h"

#define AUDIT_ENTRIES 20000
#define AUDIT_LOAD_MAX 1000

struct stored_action {
	int64_t at_ms;  /* wall clock */
	char asker[17]; /* "operator", "cloud" */
	int64_t uid;    /* as the kernel says; -1: not known */
	int64_t pid;    /* likewise */
	char by[65];    /* who asks, as the asker says; "": it did not */
	char command[65];
	char arguments[1025]; /* JSON */
	char outcome[33];     /* "ok", or the code of an error */
	char reason[193];     /* "" or the sentence of the error */
};

/* Copies. */
int store_action_append(struct store *store, const struct stored_action *action, struct store_reply reply);

/* The newest `limit` (at most AUDIT_LOAD_MAX) from `since_ms` on, newest first; `each` then `done`, both called from
 * store_dispatch(); borrowed for the call. */
struct action_reader {
	void (*each)(void *context, const struct stored_action *action);
	void (*done)(void *context, int result);
	void *context;
};
int store_actions_load(struct store *store, int64_t since_ms, unsigned limit, struct action_reader reader);

#endif
