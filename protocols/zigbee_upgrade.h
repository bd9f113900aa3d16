/*
 * zigbee_upgrade: the commands of the OTA Upgrade cluster 0x0019 (ZCL revision 8, section 11.13), both ways.
 *
 * No I/O, no allocation: a parsed message borrows from its frame. Clients are taken as they are: an optional field that
 * is announced but left out at the end of the frame counts as not sent.
 */
#ifndef WAKEGATE_PROTOCOLS_ZIGBEE_UPGRADE_H
#define WAKEGATE_PROTOCOLS_ZIGBEE_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/zcl.h"

#define ZIGBEE_UPGRADE_CLUSTER 0x0019
#define ZIGBEE_UPGRADE_JITTER_MAX 100       /* of Image Notify: every client that hears it answers */
#define ZIGBEE_UPGRADE_EVER 0xffffffff      /* an Upgrade End Response's time: wait until you are told */
#define ZIGBEE_UPGRADE_RESPONSE_OVERHEAD 17 /* bytes of a block response before its data, ZCL header included */

enum zigbee_upgrade_command {
	UPGRADE_IMAGE_NOTIFY = 0x00,
	UPGRADE_QUERY_NEXT = 0x01,
	UPGRADE_QUERY_NEXT_RESPONSE = 0x02,
	UPGRADE_BLOCK = 0x03,
	UPGRADE_PAGE = 0x04,
	UPGRADE_BLOCK_RESPONSE = 0x05,
	UPGRADE_END = 0x06,
	UPGRADE_END_RESPONSE = 0x07,
	UPGRADE_QUERY_FILE = 0x08, /* a file of this one device */
	UPGRADE_QUERY_FILE_RESPONSE = 0x09,
};

/* Attributes, all of the client (section 11.13.6). */
enum zigbee_upgrade_attribute {
	UPGRADE_SERVER = 0x0000,
	UPGRADE_FILE_OFFSET = 0x0001,
	UPGRADE_CURRENT_VERSION = 0x0002,
	UPGRADE_CURRENT_STACK = 0x0003,
	UPGRADE_DOWNLOADED_VERSION = 0x0004,
	UPGRADE_DOWNLOADED_STACK = 0x0005,
	UPGRADE_STATUS = 0x0006, /* enum zigbee_upgrade_status */
	UPGRADE_MANUFACTURER = 0x0007,
	UPGRADE_IMAGE_TYPE = 0x0008,
	UPGRADE_BLOCK_PERIOD = 0x0009, /* MinimumBlockPeriod, ms */
	UPGRADE_IMAGE_STAMP = 0x000a,
	UPGRADE_ACTIVATION_POLICY = 0x000b,
	UPGRADE_TIMEOUT_POLICY = 0x000c,
};

enum zigbee_upgrade_status {
	UPGRADE_STATUS_NORMAL,
	UPGRADE_STATUS_DOWNLOADING,
	UPGRADE_STATUS_COMPLETE,
	UPGRADE_STATUS_WAITING,   /* for the word to upgrade */
	UPGRADE_STATUS_COUNTDOWN, /* to its upgrade */
	UPGRADE_STATUS_MORE,      /* for more images */
	UPGRADE_STATUS_EXTERNAL,  /* for something outside */
};

enum zigbee_upgrade_notify {
	UPGRADE_NOTIFY_JITTER,
	UPGRADE_NOTIFY_MANUFACTURER,
	UPGRADE_NOTIFY_TYPE,
	UPGRADE_NOTIFY_VERSION
};

/* Which file a message is about. */
struct zigbee_upgrade_file {
	uint16_t manufacturer, image_type;
	uint32_t version;
};

/* A message; what its command does not have is 0. The times count seconds since 2000-01-01 UTC; where `current_s` is 0
 * `at_s` is an offset from now. */
struct zigbee_upgrade {
	uint8_t command; /* enum zigbee_upgrade_command */
	uint8_t status;  /* of responses and of UPGRADE_END: enum zcl_status; other than 0: mostly nothing follows */
	struct zigbee_upgrade_file file;
	uint8_t notify_type; /* UPGRADE_IMAGE_NOTIFY: how much of `file` is said */
	uint8_t jitter;      /* likewise: 1 to 100 */
	bool has_hardware;
	uint16_t hardware;
	uint32_t size;   /* of the whole file, header included */
	uint32_t offset; /* from the first byte of the file's header */
	uint8_t most;    /* requests: bytes of data at most in one response */
	uint16_t page_bytes, spacing_ms;
	bool has_eui64;
	uint64_t eui64;
	bool period_known; /* UPGRADE_BLOCK: the client honours the period of 0x97, also where it does not send its own
			    */
	bool has_period;
	uint16_t period; /* MinimumBlockPeriod: ms, by older clients seconds */
	uint32_t current_s, at_s;
	uint16_t stack_version;
	struct bytes data; /* UPGRADE_BLOCK_RESPONSE: 1 to 255 bytes, borrowed */
};

/* Parses a frame of the cluster's own commands. -EBADMSG: malformed, or sent by the wrong side; -ENOTSUP: a command
 * that is not above, or a manufacturer's own. */
int zigbee_upgrade_parse(struct zigbee_upgrade *out, const struct zcl_frame *frame);

/* Writes a whole frame, ZCL header included. A response bears its request's `sequence`. */
void zigbee_upgrade_write(struct writer *out, const struct zigbee_upgrade *message, uint8_t sequence);

#endif
