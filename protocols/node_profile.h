/*
 * node_profile: the maps that gateway and node exchange: check-in, answer and status over plain CoAP, presence and
 * requests for blocks over MQTT, commands and their replies over both.
 *
 * CBOR (content format 60) or JSON (50), the same keys in both. Digests are byte strings in CBOR and hex in JSON.
 * Unknown keys are ignored; a known key with a value of the wrong type or out of range is refused. Both sides are
 * here: the gateway's and the node's. docs/coap.md and docs/mqtt-nodes.md describe the exchange.
 */
#ifndef WAKEGATE_PROTOCOLS_NODE_PROFILE_H
#define WAKEGATE_PROTOCOLS_NODE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/tokens.h"

#define PROFILE_TEXT_MAX 32 /* bytes of a hardware type or version */
#define PROFILE_URI_MAX 255
#define PROFILE_COMMAND_MAX 200  /* bytes of a command */
#define PROFILE_RESULT_MAX 32768 /* bytes of what a node says in reply */
#define PROFILE_MESSAGE_MAX 1024 /* bytes of any map written here */

/* {"hw", "version", "parent", "image", "battery", "rssi"}: what a node says of itself. Texts are terminated. */
struct profile_checkin {
	char hardware[PROFILE_TEXT_MAX + 1]; /* "": not said, like the following */
	char version[PROFILE_TEXT_MAX + 1];
	char parent[PROFILE_TEXT_MAX + 1]; /* whom it is attached to in its mesh */
	uint8_t image[32];                 /* head of the SHA-256 of the image it runs */
	size_t image_size;                 /* 0: not said, else 4 to 32 */
	int battery_percent;               /* 0 to 100, negative: not said */
	int signal_dbm;                    /* -200 to -1, 0: not said */
};

/* {"uri", "size", "sha256", "version", "fetch", "apply", "until"}: an update that is due. Seconds from now. */
struct profile_update {
	char uri[PROFILE_URI_MAX + 1]; /* to GET, absolute path */
	uint32_t size;
	uint8_t sha256[32];
	char version[PROFILE_TEXT_MAX + 1]; /* "": not said */
	uint32_t fetch_s;                   /* no bytes are given before */
	uint32_t apply_s;                   /* not to be activated before */
	uint32_t until_s;                   /* nor after, without asking anew; 0: not said */
};

/* {"id", "command", "until"}: what the node is to do. A text without control characters. */
struct profile_command {
	uint32_t id; /* never 0; the same when it is told again */
	char text[PROFILE_COMMAND_MAX + 1];
	int64_t until_s; /* since 1970: not to be obeyed after; 0: not said */
};

/* {"next", "at"}: when a node behind a broker is to come again. */
struct profile_slot {
	uint32_t next_s; /* seconds from now */
	int64_t at_s;    /* since 1970 */
};

/* {"next", "update", "command"}: what the node is told. */
struct profile_answer {
	uint32_t next_s; /* seconds until the next check-in */
	bool has_update;
	struct profile_update update;
	bool has_command;
	struct profile_command command;
};

/* {"id", "ok", "result"}: what came of a command; "error" where it failed is as good as "result". */
struct profile_reply {
	uint32_t id;
	bool ok;            /* true where it is not said */
	struct span result; /* a text, or JSON as it came; "" where it is not said, or is CBOR but no text */
	bool is_json;
};

/* As the states' names in the map: "downloading", "downloaded", "applying", "confirmed", "reverted", "failed". */
enum profile_state {
	PROFILE_DOWNLOADING,
	PROFILE_DOWNLOADED,
	PROFILE_APPLYING,
	PROFILE_CONFIRMED,
	PROFILE_REVERTED,
	PROFILE_FAILED,
};

/* {"state", "code", "offset"}: how far the node is with its update. */
struct profile_status {
	enum profile_state state;
	int32_t code;    /* the node's own failure code, 0: none */
	uint32_t offset; /* bytes it has */
};

/* What a node behind a broker is, by the "state" of its status: one of those below, or of its update as above. */
enum profile_presence {
	PROFILE_ONLINE,   /* "online", or nothing said */
	PROFILE_ASLEEP,   /* "asleep": it left in order */
	PROFILE_OFFLINE,  /* "offline": its last will; the connection broke */
	PROFILE_UPDATING, /* at work on its update, see `update` */
};

/* {"state", "hardware", "version", "parent", "image", "battery", "rssi", "offset", "code"}; "hw" and "sha256" for two
 * of them. */
struct profile_node_status {
	enum profile_presence presence;
	struct profile_status update;
	struct profile_checkin checkin;
};

/* {"sha256", "offset", "size"}: bytes of an image that are asked for. */
struct profile_block_request {
	bool has_sha256;
	uint8_t sha256[32];
	uint32_t offset;
	uint32_t size; /* at least 1 */
};

const char *profile_state_name(enum profile_state state);

/* Each fills `out`; -EBADMSG malformed or against the profile, -ENOBUFS a text too long, -ERANGE a number. */
int profile_parse_checkin(struct profile_checkin *out, enum token_format format, struct span data);
int profile_parse_answer(struct profile_answer *out, enum token_format format, struct span data);
int profile_parse_status(struct profile_status *out, enum token_format format, struct span data);
int profile_parse_node_status(struct profile_node_status *out, enum token_format format, struct span data);
int profile_parse_block_request(struct profile_block_request *out, enum token_format format, struct span data);
int profile_parse_command(struct profile_command *out, enum token_format format, struct span data);

/* As above; the result borrows from `data` or from `scratch`, which has PROFILE_RESULT_MAX bytes. */
int profile_parse_reply(struct profile_reply *out, enum token_format format, struct span data, void *scratch);

/* Each writes one map; the writer says whether it fitted (PROFILE_MESSAGE_MAX always does). */
void profile_write_checkin(struct writer *out, enum token_format format, const struct profile_checkin *checkin);
void profile_write_answer(struct writer *out, enum token_format format, const struct profile_answer *answer);
void profile_write_status(struct writer *out, enum token_format format, const struct profile_status *status);
void profile_write_command(struct writer *out, enum token_format format, const struct profile_command *command);
void profile_write_slot(struct writer *out, enum token_format format, const struct profile_slot *slot);

#endif
