/*
 * link_format: writes CoRE link format (RFC 6690), the answer to GET /.well-known/core.
 *
 *     link_format_resource(&out, "/t"); link_format_attribute(&out, "ct", "110 112");   ->   </t>;ct="110 112"
 *
 * Failure is sticky in the writer. Nothing is escaped: paths and values are ours, printable, without '>' , '"' or '\'.
 */
#ifndef WAKEGATE_PROTOCOLS_LINK_FORMAT_H
#define WAKEGATE_PROTOCOLS_LINK_FORMAT_H

#include "protocols/cursor.h"

/* Begins a link; puts the comma after a former one. */
void link_format_resource(struct writer *out, const char *path);

/* Adds ;name="value" to the link begun last. */
void link_format_attribute(struct writer *out, const char *name, const char *value);

/* Adds ;name=number to the link begun last. */
void link_format_number(struct writer *out, const char *name, uint32_t number);

#endif
