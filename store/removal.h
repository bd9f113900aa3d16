/*
 * removal: the operation that deletes the row of one text key.
 */
#ifndef WAKEGATE_STORE_REMOVAL_H
#define WAKEGATE_STORE_REMOVAL_H

#include "store/store.h"

#define REMOVAL_KEY_MAX 64 /* bytes */

/* Submits `sql`, a constant of one parameter that is `key`, for gateway.db. An unknown key is fine. As the functions of
 * store.h that submit; -EINVAL if the key is longer than REMOVAL_KEY_MAX. */
int removal_submit(struct store *store, const char *sql, const char *key, struct store_reply reply);

#endif
