/*
 * node_plan: what a scenario says of a simulated node: what it is, how it behaves, what is odd about it.
 */
#ifndef WAKEGATE_TESTS_NCP_NODE_PLAN_H
#define WAKEGATE_TESTS_NCP_NODE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define NODE_PLAN_TEXT 33
#define NODE_PLAN_STICK (-1) /* the stick is its parent */

/* What it measures, a bit each. */
enum node_sensor {
	SENSOR_TEMPERATURE = 1 << 0,
	SENSOR_HUMIDITY = 1 << 1,
	SENSOR_PRESSURE = 1 << 2,
	SENSOR_ILLUMINANCE = 1 << 3,
	SENSOR_OCCUPANCY = 1 << 4,
	SENSOR_BATTERY = 1 << 5,
	SENSOR_POWER = 1 << 6,
	SENSOR_ENERGY = 1 << 7,
};

/* How its OTA client asks, and what it does that others do not. */
struct ota_plan {
	uint32_t block_bytes; /* asked for at a time */
	uint32_t page_bytes;  /* by page request; 0: by block request only */
	uint32_t page_spacing_ms;
	int64_t retry_us;        /* an unanswered request is repeated */
	uint32_t tries;          /* then it gives up */
	int64_t query_us;        /* from one Query Next of its own to the next, also after giving up; 0: never */
	int64_t wait_command_us; /* it asks anew whether it may apply */
	int64_t verify_us, reboot_us;
	uint32_t cut_at_bytes; /* its power fails once, for reboot_us, when it has so many; 0: it does not */
	bool sends_period;     /* supports MinimumBlockPeriod: field control bit 1 */
	bool omits_period;     /* sets that bit, but does not send the field */
	bool counts_seconds;   /* takes MinimumBlockPeriod for seconds */
	bool own_block;        /* a shorter block than asked for makes it ask for offset 50, 12 bytes, over and over */
	bool needs_sixteenths; /* finds an image bad that came in other than multiples of 16 bytes */
	bool knows_no_wait;    /* WAIT_FOR_DATA ends its download */
	bool forgets;          /* a restart costs what it downloaded */
	bool finds_bad;        /* says that the image is invalid */
	bool sends_eui64;      /* in block requests */
};

struct node_plan {
	uint64_t eui64;
	char model[NODE_PLAN_TEXT], maker[NODE_PLAN_TEXT];
	uint32_t manufacturer, image_type, hardware, version;
	bool is_router;
	bool is_sleepy;
	bool is_joined;  /* it belongs to the stick's network from the start */
	bool is_off;     /* at the start */
	bool wants_acks; /* its reports and requests go with APS acknowledgement */
	int32_t parent;  /* number of the node, or NODE_PLAN_STICK */
	uint32_t sensors;
	int64_t poll_us, fast_poll_us; /* of a sleeper; fast while it waits for an answer */
	int64_t think_us;              /* before it answers */
	int64_t wander_us;             /* from one change of what it measures to the next; 0: nothing changes */
	uint32_t loss_permille;        /* of its own link */
	struct ota_plan ota;
};

#endif
