/*
 * stick_ezsp: the machine behind the stick named "ezsp": a coordinator with EmberZNet, without port and clock.
 */
#ifndef WAKEGATE_DRIVERS_STICK_EZSP_H
#define WAKEGATE_DRIVERS_STICK_EZSP_H

struct stick;
struct stick_host;
struct stick_line;

/* As stick_znp_make(). */
struct stick *stick_ezsp_make(const struct stick_host *host, struct stick_line *line, int concurrent);

#endif
