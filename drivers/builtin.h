/*
 * builtin: the drivers that are part of wakegate, in the gateway as well as in a process of their own.
 */
#ifndef WAKEGATE_DRIVERS_BUILTIN_H
#define WAKEGATE_DRIVERS_BUILTIN_H

struct driver_ops;

/* Ended by NULL. */
extern const struct driver_ops *const builtin_drivers[];

/* NULL: there is none of that name. */
const struct driver_ops *builtin_driver(const char *name);

#endif
