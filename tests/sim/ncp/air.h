/*
 * air: the one radio channel that all nodes and the stick share, at 250 kbit/s, as IEEE 802.15.4 has it.
 *
 * All hear each other, so one frame is on the air at a time. A frame waits for those before it, draws a backoff, takes
 * 32 us a byte and, where it is for one receiver, is acknowledged; the sender tries up to four times.
 */
#ifndef WAKEGATE_TESTS_NCP_AIR_H
#define WAKEGATE_TESTS_NCP_AIR_H

#include <stdbool.h>
#include <stdint.h>

struct air_clock;
struct random;

#define AIR_TRIES 4
#define AIR_POLL_BYTES 18 /* a data request of a sleeper, with preamble and checksum */
#define AIR_FRAME_BYTES                                                                               \
	51 /* preamble 6, MAC 9 + 2, NWK 8, security 14 + 4, APS 8: what an ASDU takes besides itself \
	    */

struct air_counts {
	uint64_t frames; /* put on the air, with those that nobody received */
	uint64_t lost;
	uint64_t refused; /* the channel was too full */
	uint64_t airtime_us;
};

struct air {
	struct air_clock *clock;
	struct random *random;
	uint32_t loss_permille; /* of frames, besides what a node's own link loses */
	int64_t full_us;        /* a frame that would wait longer is not sent */
	uint32_t duty_permille; /* of any second that the stick may send; 0: no limit */
	int64_t duty_free_us;
	int64_t free_us; /* when the channel is free again */
	struct air_counts counts;
};

/* What becomes of a try: when it is over, and whether it was received. */
struct air_try {
	int64_t delay_us;
	bool refused;
	bool received;
};

/* Puts a frame of so many bytes on the air, after all that wait. `loss_permille` is added to the air's own. */
struct air_try air_send(struct air *air, uint32_t bytes, bool acknowledged, uint32_t loss_permille);

/* As much later as the duty cycle makes the stick wait before a frame of so many bytes. */
int64_t air_duty_wait_us(struct air *air, uint32_t bytes);

#endif
