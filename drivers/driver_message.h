/*
 * driver_message: what the gateway and a driver in a process of its own say to each other, as bytes and back.
 *
 * A message is a head, one JSON object whose member "type" says what it is, and for some types a frame of data beside
 * it. Members that a type does not have are passed over, so that later versions may add some; texts that are too long,
 * values of the wrong type, and a member that is required and lacks, are faults. docs/driver-protocol.md is for people.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_MESSAGE_H
#define WAKEGATE_DRIVERS_DRIVER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "drivers/image_source.h"

#define DRIVER_PROTOCOL 1
#define DRIVER_HEAD_MAX 4096         /* bytes of a head */
#define DRIVER_DATA_MAX (512 * 1024) /* of the data beside it */
#define DRIVER_TEXT_MAX 512          /* of a sentence, a log line or a command */
#define DRIVER_NAME_MAX 64           /* of a record, an image, a driver */
#define DRIVER_CHUNK_MAX (32 * 1024) /* of an image, asked for at once */

enum driver_message_type {
	/* Both ways. */
	DRIVER_HELLO,
	DRIVER_BEAT,
	/* Said by the driver. */
	DRIVER_READY,
	DRIVER_FAILED,
	DRIVER_BYE,
	DRIVER_CONTACT,
	DRIVER_REPORT,
	DRIVER_PROGRESS,
	DRIVER_LOST,
	DRIVER_REPLIED,
	DRIVER_FETCH,
	DRIVER_IMAGE,
	DRIVER_READ,
	DRIVER_KEEP,
	DRIVER_EVENT,
	DRIVER_TROUBLE,
	DRIVER_COUNTERS,
	DRIVER_ANSWER,
	/* Said by the gateway. */
	DRIVER_RECORD,
	DRIVER_START,
	DRIVER_RELOAD,
	DRIVER_STOP,
	DRIVER_OFFER,
	DRIVER_WITHDRAW,
	DRIVER_COMMAND,
	DRIVER_ASK,
	DRIVER_CONTACT_ANSWER,
	DRIVER_REPORT_DONE,
	DRIVER_FETCH_ANSWER,
	DRIVER_IMAGE_ANSWER,
	DRIVER_BYTES,
	DRIVER_MESSAGE_TYPES
};

/* All that any type may have; what its type does not have is as driver_message_init() leaves it. */
struct driver_message {
	enum driver_message_type type;
	uint32_t id;       /* of a question; its answer bears the same */
	uint32_t protocol; /* DRIVER_PROTOCOL */
	uint32_t pid;
	uint32_t silence_ms; /* whoever is not heard of for so long is given up */
	char driver[DRIVER_NAME_MAX + 1];
	char node[NODE_ID_MAX + 1];
	char parent[NODE_ID_MAX + 1];
	char hardware[NODE_TEXT_MAX + 1];
	char version[NODE_TEXT_MAX + 1];
	char format[16];
	char only_for[512]; /* of an image: for which nodes, see protocols/zigbee_fit.h */
	char verb[33];
	char name[DRIVER_NAME_MAX + 1];
	char text[DRIVER_TEXT_MAX + 1];
	uint8_t digest[32]; /* SHA-256 of an image, or its head */
	uint32_t digest_size;
	uint64_t exchange, former;
	int32_t battery, signal; /* percent, -1: not said; dBm */
	uint32_t message_bytes, bytes_in, bytes_out, bytes;
	uint32_t offset, size;
	int32_t code;
	uint32_t next_s, retry_s;
	int64_t wait_ms, within_ms;
	struct offer_times times; /* milliseconds from now, 0: no such limit */
	int32_t result;           /* 0 or a negative errno that has a word, see driver_result_word() */
	int32_t state;            /* enum delivery_state */
	int32_t level;            /* enum driver_level */
	bool proven, reports, unscheduled, taken;
	bool urgent, fast, fresh, counted; /* counted: the times of its readings were counted from when they came */
	bool said, ok, json, secret;
	bool commands, questions; /* whether it takes them */
};

/* An empty message of that type. */
void driver_message_init(struct driver_message *message, enum driver_message_type type);

/* Writes the head into DRIVER_HEAD_MAX bytes; its size. */
size_t driver_message_write(const struct driver_message *message, char out[DRIVER_HEAD_MAX]);

/*
 * Reads a head; `why` gets what is wrong with it, in words. -EBADMSG malformed, a member lacks or has the wrong type;
 * -ENOTSUP a type that is not known; -ENOBUFS a text that is too long; -ERANGE a number.
 */
int driver_message_parse(struct driver_message *out, struct span head, char *why, size_t why_size);

const char *driver_message_name(enum driver_message_type type);

/* "ok" for 0, "already" for -EALREADY, …; "failed" for one without a word of its own. */
const char *driver_result_word(int result);

#endif
