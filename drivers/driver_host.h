/*
 * driver_host: what a driver may say to the gateway: who was heard, what it measured, how far it is with its image.
 *
 * The other half of driver.h, whose rules hold here too: on the loop thread, never blocking, everything borrowed.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_HOST_H
#define WAKEGATE_DRIVERS_DRIVER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/node_contact.h"
#include "drivers/reading_report.h"

#define NODE_COMMAND_MAX 200

struct image_source;

/* How far a node is with the image it was offered, as seen on the wire or as the node says. */
enum delivery_state {
	DELIVERY_DOWNLOADING, /* it has all bytes before `offset` */
	DELIVERY_DOWNLOADED,  /* it has the whole image and found it good */
	DELIVERY_APPLYING,    /* it is about to restart into it */
	DELIVERY_CONFIRMED,   /* it says that it runs the image and keeps it */
	DELIVERY_REVERTED,    /* it fell back to its former image */
	DELIVERY_FAILED,      /* `code` says why */
	DELIVERY_UNFIT,       /* the image is not for this node, as its network found: no fault of either */
};

struct delivery_progress {
	const char *node;
	enum delivery_state state;
	uint32_t offset;
	int code;  /* the node's own failure code */
	bool said; /* by the node itself, not deduced from its requests */
};

/* What a node says came of a command. */
struct command_reply {
	const char *node;
	uint32_t id;
	bool ok;
	struct span result; /* a text, or JSON; perhaps "" */
	bool is_json;
};

/* What a driver keeps in the gateway's store over restarts, e.g. a node's address or a network's key. */
#define DRIVER_RECORD_NAME_MAX 64 /* printable ASCII without space */
#define DRIVER_RECORD_MAX 4096    /* bytes of a value */
#define DRIVER_RECORDS_MAX 20000  /* of one driver */

struct driver_record {
	const char *name;
	struct span value; /* empty: the record is to be forgotten */
	bool secret;       /* kept where secrets are: never logged, shown or copied into a backup of the store */
};

enum driver_level { DRIVER_ERROR, DRIVER_WARNING, DRIVER_NOTICE, DRIVER_INFO, DRIVER_DEBUG };

/* What a driver may say to the gateway. `context` goes first into every call. */
struct driver_host {
	void *context;
	/* A new node joins: whom it lets speak is the driver's to say. 0 with `answer` filled; -EINVAL: not an
	 * identity; -EACCES: this node is not accepted; -ENOBUFS: no room for another; -EBUSY: more nodes call
	 * at once than the link bears, this one shall come after `answer->next_s`. The gateway may call offer() and
	 * withdraw() from within, so ask for a node's offer after this. */
	int (*contact)(void *context, const struct node_contact *contact, struct contact_answer *answer);
	void (*report)(void *context, const struct reading_report *report);
	void (*progress)(void *context, const struct delivery_progress *progress);
	/* The image of that name (IMAGE_NAME_SIZE), borrowed for the call, or NULL: also where the node that asks
	 * (NULL: it is not known) shall not have it, or not any more. */
	struct image_source *(*image)(void *context, const char *name, const char *node);
	/* A stable event word followed by facts, for the log. */
	void (*event)(void *context, enum driver_level level, const char *line);
	/* The node's connection broke, as far as its network noticed: counts as a drop. */
	void (*lost)(void *context, const char *node);
	/* Nobody may have asked, or it was answered before: then nothing happens. */
	void (*replied)(void *context, const struct command_reply *reply);
	/* The node (NULL: nobody knows which) is about to get so many bytes of firmware, the request included. 0: they
	 * count; otherwise the link bears no more now, and the node is to ask again after so many ms. Optional. */
	int64_t (*fetch)(void *context, const char *node, uint32_t bytes);
	/* Keeps a record, replacing one of that name; copied. It is durable with the store's next commit. -ENOSPC,
	 * -EINVAL: more than the limits above. Optional. */
	int (*keep)(void *context, const struct driver_record *record);
	/* Calls `each` for every record that was kept, before returning. Optional. */
	void (*recall)(void *context, void (*each)(void *taker, const struct driver_record *record), void *taker);
	/* What somebody has to look after in this network, a sentence without control characters; it holds until
	 * another one is told, "": all is well. DRIVER_ERROR: the network is of no use meanwhile. Optional. */
	void (*trouble)(void *context, enum driver_level level, const char *sentence);
};

#endif
