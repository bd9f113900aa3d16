/*
 * manifest: the JSON document that tells a gateway of a firmware image and where to get it.
 *
 * docs/mqtt.md describes it. Unknown members are passed over, so that a newer server may say more; a member twice, a
 * wrong type or a value out of its range is refused with a sentence.
 */
#ifndef WAKEGATE_PROTOCOLS_MANIFEST_H
#define WAKEGATE_PROTOCOLS_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_MAX 4095 /* bytes of the document */
#define MANIFEST_TEXT_MAX 32
#define MANIFEST_NAME_MAX 64
#define MANIFEST_URI_MAX 1024
#define MANIFEST_SIGNATURE_MAX 512

enum manifest_scheme {
	MANIFEST_HTTP,
	MANIFEST_HTTPS,
	MANIFEST_MQTT, /* in blocks over the connection the manifest came by */
};

/* A value that borrows nothing. Texts are printable ASCII. */
struct manifest {
	char version[MANIFEST_TEXT_MAX + 1];
	char hardware[MANIFEST_TEXT_MAX + 1];
	char requires[MANIFEST_TEXT_MAX + 1]; /* version that a node must run at least before; "": any */
	char name[MANIFEST_NAME_MAX + 1];     /* what a person calls it; the URI's last part where not said */
	char format[16];                      /* "mcuboot", "esp-idf", "zigbee-ota", "raw"; "": to be sniffed */
	uint32_t size_bytes;                  /* 1 to 2^32 - 1 */
	uint8_t sha256[32];
	uint8_t signature[MANIFEST_SIGNATURE_MAX]; /* detached, over the image's bytes */
	size_t signature_size;                     /* 0: none */
	char uri[MANIFEST_URI_MAX + 1];
	enum manifest_scheme scheme;
};

/*
 * Parses `size` bytes of JSON. -EMSGSIZE: longer than MANIFEST_MAX; -EBADMSG: refused. `why` then has a sentence that
 * names the member, what was found and what is allowed. Does not block.
 */
int manifest_parse(struct manifest *out, const void *data, size_t size, char *why, size_t why_size);

/* The URI as it may stand in a log: without what lets somebody in, which is user and password, or a signed query. */
void manifest_shown_uri(const struct manifest *manifest, char out[MANIFEST_URI_MAX + 1]);

#endif
