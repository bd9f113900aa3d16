/*
 * zcl: frames of the Zigbee Cluster Library (ZCL revision 8, chapter 2) and its global commands, bytes to values and
 * back.
 *
 * Little-endian; no I/O, no allocation: what is parsed borrows from the frame, what is written goes into the caller's
 * writer, which says whether it fitted. The payload of a cluster's own commands is that cluster's matter.
 */
#ifndef WAKEGATE_PROTOCOLS_ZCL_H
#define WAKEGATE_PROTOCOLS_ZCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/zcl_value.h"

/* Global commands (section 2.5). */
enum zcl_command {
	ZCL_READ = 0x00,
	ZCL_READ_RESPONSE = 0x01,
	ZCL_WRITE = 0x02,
	ZCL_WRITE_UNDIVIDED = 0x03,
	ZCL_WRITE_RESPONSE = 0x04,
	ZCL_WRITE_NO_RESPONSE = 0x05,
	ZCL_CONFIGURE_REPORTING = 0x06,
	ZCL_CONFIGURE_REPORTING_RESPONSE = 0x07,
	ZCL_READ_REPORTING = 0x08,
	ZCL_READ_REPORTING_RESPONSE = 0x09,
	ZCL_REPORT = 0x0a,
	ZCL_DEFAULT_RESPONSE = 0x0b,
	ZCL_DISCOVER = 0x0c,
	ZCL_DISCOVER_RESPONSE = 0x0d,
};

/* Section 2.6.3, the ones that are met here. */
enum zcl_status {
	ZCL_SUCCESS = 0x00,
	ZCL_FAILURE = 0x01,
	ZCL_NOT_AUTHORIZED = 0x7e,
	ZCL_MALFORMED_COMMAND = 0x80,
	ZCL_UNSUPPORTED_COMMAND = 0x81,
	ZCL_INVALID_FIELD = 0x85,
	ZCL_UNSUPPORTED_ATTRIBUTE = 0x86,
	ZCL_INVALID_VALUE = 0x87,
	ZCL_READ_ONLY = 0x88,
	ZCL_INSUFFICIENT_SPACE = 0x89,
	ZCL_NOT_FOUND = 0x8b,
	ZCL_UNREPORTABLE = 0x8c,
	ZCL_INVALID_DATA_TYPE = 0x8d,
	ZCL_TIMEOUT = 0x94,
	ZCL_ABORT = 0x95,
	ZCL_INVALID_IMAGE = 0x96,
	ZCL_WAIT_FOR_DATA = 0x97,
	ZCL_NO_IMAGE_AVAILABLE = 0x98,
	ZCL_REQUIRE_MORE_IMAGE = 0x99,
};

/* Section 2.4. */
struct zcl_frame {
	bool is_global;           /* `command` is of enum zcl_command, else the cluster's own */
	bool to_client;           /* sent by the server side of the cluster */
	bool no_default_response; /* unless something is wrong */
	bool has_manufacturer;    /* command and attributes are the manufacturer's own */
	uint16_t manufacturer;
	uint8_t sequence; /* a response repeats its request's */
	uint8_t command;
	struct bytes payload; /* borrowed */
};

/* One record of a global command; what the command does not have is 0. */
struct zcl_record {
	uint16_t attribute;
	uint8_t status;
	bool for_all;           /* of a response: the status is that of all records (sections 2.5.5, 2.5.8) */
	bool received;          /* reporting is configured for what the other side receives: `timeout_s` only */
	struct zcl_value value; /* where `status` is 0; configuring and discovering: its type only */
	uint16_t least_s, most_s;
	uint16_t timeout_s;
	struct bytes change; /* reportable change, of analog types only: as long as their values */
};

/* -EBADMSG: too short, or of a frame type that is neither global nor of a cluster. */
int zcl_frame_parse(struct zcl_frame *out, const void *data, size_t size);

/* Header and payload. */
void zcl_frame_write(struct writer *out, const struct zcl_frame *frame);

/*
 * Reads the next record of a command other than DEFAULT_RESPONSE, DISCOVER and DISCOVER_RESPONSE: 1, or 0 at the end.
 * -EBADMSG: cut, or a value of a type whose size nobody knows, after which nothing can be read; -ENOTSUP: the command
 * has no records.
 */
int zcl_record_read(struct zcl_record *out, struct reader *in, uint8_t command);

/* Writes a record; the payload of a command is its records one after the other. */
void zcl_record_write(struct writer *out, const struct zcl_record *record, uint8_t command);

/* Section 2.5.12. */
struct zcl_default_response {
	uint8_t command; /* that it answers */
	uint8_t status;
};

int zcl_default_response_parse(struct zcl_default_response *out, const struct zcl_frame *frame);
void zcl_default_response_write(struct writer *out, const struct zcl_default_response *response);

/* Sections 2.5.13 and 2.5.14: the payload of the request, and the head of the response's before its records. */
void zcl_discover_write(struct writer *out, uint16_t first, uint8_t most);
int zcl_discover_read(struct reader *in, uint16_t *first, uint8_t *most);
int zcl_discover_response_read(struct reader *in, bool *complete);

#endif
