/*
 * mqtt_packet: the control packets of MQTT 3.1.1 (OASIS Standard, 29 October 2014) that a client at QoS 0 and 1 needs,
 * bytes to values and back.
 *
 * No I/O, no allocation: a parsed packet borrows from the bytes, a written one goes into the caller's writer. Section
 * numbers below are those of the standard. QoS 2 is parsed as far as PUBLISH goes; its handshake is not here.
 */
#ifndef WAKEGATE_PROTOCOLS_MQTT_PACKET_H
#define WAKEGATE_PROTOCOLS_MQTT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define MQTT_FILTERS_MAX 8            /* of one SUBSCRIBE or SUBACK */
#define MQTT_REMAINING_MAX 268435455u /* section 2.2.3 */
#define MQTT_FAILURE 0x80             /* in a SUBACK (section 3.9.3) */

/* Section 2.2.1. */
enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK = 2,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_SUBSCRIBE = 8,
	MQTT_SUBACK = 9,
	MQTT_PINGREQ = 12,
	MQTT_PINGRESP = 13,
	MQTT_DISCONNECT = 14,
};

/* Section 3.1. Texts without data are not there. */
struct mqtt_connect {
	bool clean_session;
	uint16_t keep_alive_s;
	struct span client_id;
	struct span user_name;
	struct span password;
	struct span will_topic; /* with data: there is a will */
	struct span will_message;
	uint8_t will_quality;
	bool will_retain;
};

/* Section 3.2. */
struct mqtt_connack {
	bool session_present;
	uint8_t code; /* 0: accepted */
};

/* Section 3.3. */
struct mqtt_publish {
	struct span topic;
	struct span payload;
	uint8_t quality; /* 0 to 2 */
	bool repeated;   /* DUP */
	bool retain;
};

/* Section 3.8. */
struct mqtt_subscribe {
	size_t count; /* at least 1 */
	struct {
		struct span topic;
		uint8_t quality;
	} filters[MQTT_FILTERS_MAX];
};

/* Section 3.9. */
struct mqtt_suback {
	size_t count;
	uint8_t codes[MQTT_FILTERS_MAX]; /* the quality granted, or MQTT_FAILURE */
};

struct mqtt_packet {
	enum mqtt_type type;
	uint16_t id; /* never 0 in PUBLISH above quality 0, PUBACK, SUBSCRIBE and SUBACK (section 2.3.1) */
	union {
		struct mqtt_connect connect;
		struct mqtt_connack connack;
		struct mqtt_publish publish;
		struct mqtt_subscribe subscribe;
		struct mqtt_suback suback;
	};
};

/*
 * Parses the packet that begins at `data` and returns its bytes; `out` borrows from them. -EAGAIN: it is not all here
 * yet; -EMSGSIZE: it is larger than `limit` bytes; -EBADMSG: malformed, or of a type that is not above.
 */
int mqtt_packet_parse(struct mqtt_packet *out, const void *data, size_t size, size_t limit);

/* Writes a packet; the writer says whether it fitted. Texts over 65,535 bytes make it fail. */
void mqtt_packet_write(struct writer *out, const struct mqtt_packet *packet);

/* Bytes that the packet takes when written. */
size_t mqtt_packet_size(const struct mqtt_packet *packet);

/* A topic to publish to (section 4.7): not empty, UTF-8, without wildcards and U+0000, at most 65,535 bytes. */
bool mqtt_topic_valid(struct span topic);

#endif
