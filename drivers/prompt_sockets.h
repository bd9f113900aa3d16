/*
 * prompt_sockets: has the TCP connections of this process send what is written at once (TCP_NODELAY), also those of
 * libraries that have no option for it.
 */
#ifndef WAKEGATE_DRIVERS_PROMPT_SOCKETS_H
#define WAKEGATE_DRIVERS_PROMPT_SOCKETS_H

/* Of all that are open now; does nothing where they cannot be listed. Does not block. */
void prompt_sockets(void);

#endif
