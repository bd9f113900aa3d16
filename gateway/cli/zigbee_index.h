/*
 * zigbee_index: an index of Zigbee images in the form of zigbee-OTA's index.json: what its entries say, and whether a
 * file is what its entry says.
 *
 * Fields: fileName, fileVersion, fileSize, url, imageType, manufacturerCode, sha512; perhaps modelId, manufacturerName,
 * minFileVersion, maxFileVersion, hardwareVersionMin, hardwareVersionMax. Others are passed over.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ZIGBEE_INDEX_H
#define WAKEGATE_GATEWAY_CLI_ZIGBEE_INDEX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/zigbee_fit.h"

#define ZIGBEE_INDEX_ENTRIES_MAX 20000
#define ZIGBEE_INDEX_SHA512_SIZE 64

/* Texts are borrowed from the JSON. */
struct zigbee_index_entry {
	const char *file_name; /* a name without '/' */
	const char *url;       /* NULL: none */
	uint32_t size, version;
	uint16_t manufacturer, image_type;
	uint8_t sha512[ZIGBEE_INDEX_SHA512_SIZE];
	struct zigbee_fit fit;
};

/* -EBADMSG with a clause in `fault` (a constant). */
int zigbee_index_read(struct zigbee_index_entry *out, const json_t *value, const char **fault);

/* Whether the entry does not say which models it is for, although others of its manufacturer and type do. */
bool zigbee_index_is_vague(const struct zigbee_index_entry *entries, size_t count, size_t index);

/* Where the file is below `folder`: beside the index, or at its url's path from "images/" on. -ENOENT: not here. */
int zigbee_index_find(const struct zigbee_index_entry *entry, const char *folder, char *path, size_t path_size);

/* Whether the bytes are those that the entry means, and their header says the same. -EBADMSG with a clause in `fault`.
 */
int zigbee_index_check(const struct zigbee_index_entry *entry, const void *data, size_t size, const char **fault);

#endif
