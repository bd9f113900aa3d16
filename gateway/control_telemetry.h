/*
 * control_telemetry: the control command that shows readings as they come: telemetry.tail.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_TELEMETRY_H
#define WAKEGATE_GATEWAY_CONTROL_TELEMETRY_H

struct control;
struct telemetry;

#define CONTROL_TAIL_RATE 200 /* readings that a tail shows in a second at most; the others are counted */

/* What the command needs; outlives the dispatcher. */
struct control_telemetry {
	struct telemetry *telemetry;
};

/* As control_register(). `parts` outlives the dispatcher. */
int control_telemetry_register(struct control *control, struct control_telemetry *parts);

#endif
