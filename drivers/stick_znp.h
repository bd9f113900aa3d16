/*
 * stick_znp: the machine behind the stick named "znp": a TI Z-Stack 3 coordinator, without port and clock.
 */
#ifndef WAKEGATE_DRIVERS_STICK_ZNP_H
#define WAKEGATE_DRIVERS_STICK_ZNP_H

struct stick;
struct stick_host;
struct stick_line;

/*
 * A stick on `line`, which it takes and which tells stick_on_up() and the others of stick.h. `concurrent` is as in
 * struct stick_port. NULL: no memory; then the line is not taken.
 */
struct stick *stick_znp_make(const struct stick_host *host, struct stick_line *line, int concurrent);

#endif
