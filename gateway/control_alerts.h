/*
 * control_alerts: the control command alert.list.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_ALERTS_H
#define WAKEGATE_GATEWAY_CONTROL_ALERTS_H

struct alerts;
struct control;

/* As control_register(). `alerts` outlive the dispatcher. */
int control_alerts_register(struct control *control, const struct alerts *alerts);

#endif
