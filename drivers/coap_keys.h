/*
 * coap_keys: who may speak: pre-shared keys by identity, and the nodes that may speak in plain, both from files.
 *
 * Key file: a line per node, IDENTITY:KEY with the key in hex, 4 to 64 bytes. Node file: an identity a line. In both,
 * empty lines and lines that begin with '#' are skipped. A file is read whole or not at all.
 */
#ifndef WAKEGATE_DRIVERS_COAP_KEYS_H
#define WAKEGATE_DRIVERS_COAP_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/id_map.h"

#define COAP_KEY_LEAST 4
#define COAP_KEY_MAX 64
#define COAP_KEYS_MAX 1000000 /* lines of a file */

struct coap_key {
	char identity[NODE_ID_MAX + 1];
	uint8_t size; /* 0 in a node file */
	uint8_t bytes[COAP_KEY_MAX];
};

struct coap_keys {
	struct coap_key *keys;
	size_t count;
	struct id_map by_identity;
};

/*
 * Reads a key file, or a node file, into `out`, which is replaced. May block on the disk. On failure `out` stays as it
 * was and `why` gets a sentence with file and line, never with a key: -EINVAL a wrong line, -ENOBUFS too many, -ENOMEM,
 * or what opening said.
 */
int coap_keys_read(struct coap_keys *out, const char *path, char *why, size_t why_size);
int coap_nodes_read(struct coap_keys *out, const char *path, char *why, size_t why_size);

/* NULL: unknown. */
const struct coap_key *coap_keys_find(const struct coap_keys *keys, const char *identity);

/* An empty set; also wipes and frees a full one. */
void coap_keys_init(struct coap_keys *keys);
void coap_keys_finish(struct coap_keys *keys);

/* Whether these bytes are a fit identity of a node (driver.h). */
bool coap_identity_fits(const char *text, size_t size);

#endif
