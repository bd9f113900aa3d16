/*
 * ota_frames: the commands of the OTA Upgrade cluster from the client's side, values to bytes and back.
 */
#ifndef WAKEGATE_TESTS_NCP_OTA_FRAMES_H
#define WAKEGATE_TESTS_NCP_OTA_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"

enum ota_command {
	OTA_IMAGE_NOTIFY = 0x00,
	OTA_QUERY = 0x01,
	OTA_QUERY_RESPONSE = 0x02,
	OTA_BLOCK = 0x03,
	OTA_PAGE = 0x04,
	OTA_BLOCK_RESPONSE = 0x05,
	OTA_END = 0x06,
	OTA_END_RESPONSE = 0x07,
};

struct ota_notify {
	uint8_t kind, jitter;
	uint16_t manufacturer, image_type;
	uint32_t version;
};

struct ota_answer { /* to a query, a block request, an end */
	uint8_t status;
	uint16_t manufacturer, image_type;
	uint32_t version;
	uint32_t size;            /* query */
	uint32_t offset;          /* block */
	struct bytes data;        /* block: borrowed */
	uint32_t current_s, at_s; /* end; block with status 0x97 */
	uint16_t period;          /* block with status 0x97 */
};

struct ota_request {
	uint16_t manufacturer, image_type;
	uint32_t version;
	uint32_t hardware;
	uint8_t status; /* end */
	uint32_t offset;
	uint8_t most;
	uint16_t page, spacing_ms;
	const uint64_t *eui64; /* NULL: not sent */
	bool has_period;       /* the field control says so */
	bool omits_period;     /* but there is none */
	uint16_t period;
};

/* The payload of OTA_QUERY, OTA_BLOCK, OTA_PAGE or OTA_END. */
void ota_request_write(struct writer *out, enum ota_command command, const struct ota_request *request);

/* -EBADMSG. */
int ota_notify_parse(struct ota_notify *out, struct bytes payload);
int ota_answer_parse(struct ota_answer *out, enum ota_command command, struct bytes payload);

#endif
