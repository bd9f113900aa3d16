/*
 * control_drivers: the control commands for the drivers themselves: driver.list, .ask.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_DRIVERS_H
#define WAKEGATE_GATEWAY_CONTROL_DRIVERS_H

#include <stdint.h>

#include "gateway/moment.h"

#define DRIVER_QUESTIONS_MAX 16 /* not answered by their driver yet */

struct control;
struct control_drivers;
struct networks;

/* Registers the commands; what is passed outlives the dispatcher. -ENOMEM, or as control_register(). */
int control_drivers_open(
	struct control_drivers **out, struct control *control, struct networks *networks, const struct clock *clock);

/* Time passes: whoever waits too long is told so. Milliseconds until it wants to be called again. */
int64_t control_drivers_tick(struct control_drivers *drivers, struct moment now);

/* After control_close(); drivers may answer later. NULL is fine. */
void control_drivers_close(struct control_drivers *drivers);

#endif
