/*
 * fleet_document: what a fleet server retains for all of its gateways about one rollout, read and taken apart.
 *
 * Its members are the arguments of rollout.create, and a few of its own. A value; no I/O.
 */
#ifndef WAKEGATE_GATEWAY_FLEET_DOCUMENT_H
#define WAKEGATE_GATEWAY_FLEET_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_DOCUMENT_MAX 16384 /* bytes */
#define FLEET_SENTENCE_SIZE 192

/* What is to become of the rollout. */
enum fleet_wish { FLEET_RUN, FLEET_PAUSE, FLEET_ABORT, FLEET_ROLL_BACK };

struct fleet_document {
	json_t *request; /* rollout.create with its arguments; yours */
	char *manifest;  /* JSON of the image's, where the document has one; yours, NULL */
	enum fleet_wish wish;
	bool approved;
	uint8_t sha256[32]; /* of the image */
};

/*
 * `name` is the rollout's, from the topic. 0 with *out, to be finished; -EBADMSG, -EMSGSIZE, -EINVAL with a sentence in
 * `why` (FLEET_SENTENCE_SIZE). Whether the arguments are right is for rollout.create to say.
 */
int fleet_document_parse(struct fleet_document *out, const char *name, const void *data, size_t size, char *why);

/* Frees what it holds; NULL is fine. */
void fleet_document_finish(struct fleet_document *document);

#endif
