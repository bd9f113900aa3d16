/*
 * batch_record: the SenML records that are wakegate's own: the first of a batch, which names it, and those of gaps.
 */
#ifndef WAKEGATE_GATEWAY_BATCH_RECORD_H
#define WAKEGATE_GATEWAY_BATCH_RECORD_H

#include <stddef.h>

#include "protocols/token_writer.h"

#define BATCH_RECORD_MAX 640 /* bytes of a first record at most */

struct gap;

/* Writes the record {"bn": base_name, "n": name, "vs": value}; without a base name if that is NULL. */
void batch_record_write(struct token_writer *tokens, const char *base_name, const char *name, const char *value);

/* Bytes that a message of `count` gaps takes at most. */
size_t batch_record_gaps_bound(size_t count);

/* Writes a whole message of gaps. */
void batch_record_write_gaps(struct token_writer *tokens, const char *base_name, const struct gap *gaps, size_t count);

#endif
