/*
 * http_fetch: fetches over HTTP and HTTPS, with resuming, a rate cap and back-pressure, in the loop.
 *
 * libcurl is set up when the first fetch starts and given back after the last, so that a gateway that downloads nothing
 * pays nothing for it. HTTP/1.1 only: over HTTP/2 a paused transfer still fills memory.
 */
#ifndef WAKEGATE_DRIVERS_HTTP_FETCH_H
#define WAKEGATE_DRIVERS_HTTP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/fetch.h"

#define HTTP_REDIRECTS_MAX 5

struct uv_loop_s;

/* Borrowed until the source is closed; files are read at every fetch. */
struct http_options {
	bool allow_plain;      /* http:// too; a redirect never leads from https:// to http:// */
	const char *ca_file;   /* NULL: those that the system trusts */
	const char *cert_file; /* the gateway's own; NULL: none */
	const char *key_file;
	int64_t rate_bytes_per_s; /* of each fetch; 0: no cap */
	int64_t connect_timeout_ms;
	int64_t low_speed_bytes_per_s; /* slower than this for low_speed_ms: -ETIMEDOUT */
	int64_t low_speed_ms;
};

extern const struct fetch_ops http_fetch;

/* -ENOMEM. The loop outlives it. */
int http_source_open(struct fetch_source **out, struct uv_loop_s *loop, const struct http_options *options);

/* Cancels all fetches. NULL is fine. The memory is given back when the loop has closed its handles. */
void http_source_close(struct fetch_source *source);

#endif
