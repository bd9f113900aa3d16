/*
 * text_pool: texts that many things have in common, kept once.
 *
 * Ten thousand nodes are of a few hardware types and run a few versions. A text lives as long as somebody holds it.
 */
#ifndef WAKEGATE_GATEWAY_TEXT_POOL_H
#define WAKEGATE_GATEWAY_TEXT_POOL_H

#include "drivers/id_map.h"

struct text_pool {
	struct id_map by_text;
};

void text_pool_init(struct text_pool *pool);

/* The pool's own copy of the text, held until it is released. "" is always there. NULL: no memory. */
const char *text_pool_hold(struct text_pool *pool, const char *text);

/* Takes what text_pool_hold() gave. */
void text_pool_release(struct text_pool *pool, const char *held);

/* How many different texts are held. */
size_t text_pool_count(const struct text_pool *pool);

/* Frees all texts, also those still held. */
void text_pool_finish(struct text_pool *pool);

#endif
