/*
 * node_json: what nodes behind a local MQTT broker say of their measurements in JSON, from bytes to readings.
 *
 *     {"device_id": "node-7", "timestamp": 1700000000, "data": {"temperature": 22.50, "door": {"value": true}}}
 *
 * Lenient, for such nodes were written without us (docs/mqtt-nodes.md): the timestamp is a number of seconds,
 * milliseconds or microseconds since 1970, told apart by their size, or an ISO 8601 text, or is not there; without
 * "data" every other member of the message is data. In data numbers stay exactly as sent; null is nothing; objects and
 * arrays are flattened into names joined by '/'; the member "value" of an object is the object's own reading and its
 * member "unit" that reading's unit. Characters that a SenML name cannot have become '_'.
 */
#ifndef WAKEGATE_PROTOCOLS_NODE_JSON_H
#define WAKEGATE_PROTOCOLS_NODE_JSON_H

#include "protocols/senml.h"

#define NODE_JSON_DATE_LEAST_S (INT64_C(1) << 28) /* earlier "dates" are of a clock that was never set */

/*
 * Parses a whole message into the pack, as senml_parse() does; none of its readings is fine. `device_id` borrows from
 * the message or the scratch; without data where the message has none. Every reading has the message's time, or none.
 * -EBADMSG malformed, a member of the message twice or of the wrong type; -ENOBUFS over a limit of reading.h,
 * TOKENS_DEPTH_MAX, the capacity or the scratch; -ERANGE a number, or a time after the year 9999.
 */
int node_json_parse(struct senml_pack *pack, struct span *device_id, struct span message);

/* A date and time of ISO 8601 as RFC 3339 profiles it, also without colon in the offset, with blank instead of 'T' and
 * without offset (then it is UTC). Microseconds since 1970; finer digits are cut. -EBADMSG. */
int node_json_parse_date(int64_t *time_us, struct span text);

#endif
