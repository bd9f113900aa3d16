/*
 * fetch: the contract for fetching the bytes of one file, from an offset on: over HTTP, or in blocks over MQTT.
 *
 * A fetch is one attempt: it retries nothing and decides nothing about retrying. All calls, both ways, are made on the
 * loop thread and none may block.
 */
#ifndef WAKEGATE_DRIVERS_FETCH_H
#define WAKEGATE_DRIVERS_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define FETCH_ETAG_MAX 128 /* bytes of an entity tag; a longer one counts as none */

struct fetch;
struct fetch_source; /* where fetches are made: an HTTP client, the uplink */

/* Borrowed for the call. */
struct fetch_request {
	const char *uri;
	const uint8_t *sha256; /* of the whole file */
	uint32_t size_bytes;   /* of the whole file */
	uint32_t offset;       /* below size_bytes: bytes before it are not wanted */
	const char *etag;      /* of the file that those bytes came from; NULL: not known */
};

/* Outlives the fetch. */
struct fetch_host {
	void *context;
	/*
	 * The bytes from `offset` on are about to come: that of the request, or 0 where the source cannot do so or has
	 * another file now. `etag` is its entity tag, or NULL. 0, or a negative errno to give up.
	 */
	int (*begin)(void *context, uint32_t offset, const char *etag);
	/* The next bytes. 0; -EAGAIN: they were not taken, offer them again after resume(); other: give up. */
	int (*data)(void *context, const void *data, size_t size);
	/*
	 * The end, once, and the fetch is gone. 0: all bytes have come. -ENOENT there is no such file; -EACCES not for
	 * us; -EBADMSG of another size, or not as the protocol says; -EPROTO; -EAGAIN the source is busy; -ENOTCONN,
	 * -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, -EIO; or what begin() or data() said. `retry_after_s` is the source's
	 * own wish, 0: none. `sentence` is for a person.
	 */
	void (*end)(void *context, int result, uint32_t retry_after_s, const char *sentence);
};

struct fetch_ops {
	/* 0: end() follows, not from within start(). -ENOMEM; -EINVAL the URI is not for this source; -ENOTSUP this
	 * machine lacks what it takes; -ENOTCONN. */
	int (*start)(struct fetch **out, struct fetch_source *source, const struct fetch_request *request,
		const struct fetch_host *host);
	/* After data() said -EAGAIN. data() is not called from within. */
	void (*resume)(struct fetch *fetch);
	/* Ends it without end(). Not from within begin() or data(). NULL is fine. */
	void (*cancel)(struct fetch *fetch);
};

#endif
