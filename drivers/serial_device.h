/*
 * serial_device: opens a serial device of this machine for us alone, and says in words why it cannot be.
 */
#ifndef WAKEGATE_DRIVERS_SERIAL_DEVICE_H
#define WAKEGATE_DRIVERS_SERIAL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

struct serial_port_config;

/* Whether termios has this speed. */
bool serial_device_has_baud(int baud);

/* A descriptor that does not block, its line set up; or a negative errno with a sentence for a person. */
int serial_device_open(const struct serial_port_config *config, char *why, size_t why_size);

#endif
