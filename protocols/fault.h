/*
 * fault: how a parser says to a person why it refuses: an error number and a clause.
 */
#ifndef WAKEGATE_PROTOCOLS_FAULT_H
#define WAKEGATE_PROTOCOLS_FAULT_H

#include <errno.h>

/* Points `fault` to `clause`, a constant such as "its checksum is wrong", and returns -EBADMSG. */
static inline int fault_malformed(const char **fault, const char *clause)
{
	*fault = clause;
	return -EBADMSG;
}

#endif
