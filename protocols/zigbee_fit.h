/*
 * zigbee_fit: for which Zigbee nodes an image is, where manufacturer and image type do not tell: a JSON object such as
 * {"models": ["lumi.plug"], "makers": ["LUMI"], "hardware": [1, 16], "versions": [1, 20]}.
 *
 * Each member is optional and all have to hold: the model and the maker's name of the node's Basic cluster, the
 * hardware version of its query, the file version that it runs. Ranges include both ends.
 */
#ifndef WAKEGATE_PROTOCOLS_ZIGBEE_FIT_H
#define WAKEGATE_PROTOCOLS_ZIGBEE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_FIT_MAX 512      /* bytes of the text, with its end */
#define ZIGBEE_FIT_NAMES_MAX 8  /* models, and makers */
#define ZIGBEE_FIT_NAME_SIZE 33 /* the Basic cluster has 32 bytes at most */

struct zigbee_fit_names {
	char names[ZIGBEE_FIT_NAMES_MAX][ZIGBEE_FIT_NAME_SIZE];
	size_t count; /* 0: any */
};

struct zigbee_fit {
	struct zigbee_fit_names models, makers;
	bool has_hardware, has_versions;
	uint32_t hardware_least, hardware_most;
	uint32_t version_least, version_most;
};

/* What is known of a node. */
struct zigbee_fit_node {
	const char *model, *maker; /* "" or NULL: not known (yet) */
	bool has_hardware, has_version;
	uint16_t hardware;
	uint32_t version;
};

enum zigbee_fits {
	ZIGBEE_FITS,
	ZIGBEE_FITS_NOT,
	ZIGBEE_FIT_UNKNOWN, /* it depends on what is not known of the node */
};

/* Parses the text; "" is for all. -EBADMSG with a clause in `fault` (a constant). */
int zigbee_fit_parse(struct zigbee_fit *out, const char *text, const char **fault);

/* Writes the text; "" where nothing is asked. -ENOBUFS. */
int zigbee_fit_write(char out[ZIGBEE_FIT_MAX], const struct zigbee_fit *fit);

/* A node that does not tell its hardware version is left to judge that by itself. */
enum zigbee_fits zigbee_fit_check(const struct zigbee_fit *fit, const struct zigbee_fit_node *node);

#endif
