/*
 * driver: the contract between the gateway and one network of nodes.
 *
 * A driver makes a protocol live: sockets, serial ports, retries on the wire. It reports through `driver_host` and is
 * told through `driver_ops`; it decides nothing about nodes, images or time. All calls, both ways, are made on the
 * loop thread and none may block. Strings and structs passed are borrowed for the call unless said otherwise.
 */
#ifndef WAKEGATE_DRIVERS_DRIVER_H
#define WAKEGATE_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

#define NODE_ID_MAX 64   /* bytes of a node's identity: printable ASCII without space, '/', '"' or '\' */
#define NODE_TEXT_MAX 32 /* bytes of a hardware type or a version */
#define NODE_COMMAND_MAX 200

struct driver;
struct image_source;
struct settings_table;
struct uv_loop_s;

/* A node made itself heard. Text is "" and numbers are negative where it said nothing. */
struct node_contact {
	const char *node;
	bool proven;      /* the identity was proven by DTLS or OSCORE, not just claimed */
	bool reports;     /* a check-in: the fields below are what the node says it runs */
	bool unscheduled; /* it comes when it likes: it cannot be told of slots and misses none */
	bool taken;       /* what it brings was taken from it already: it is told its slot, but never to come later */
	const char *hardware;
	const char *version;
	const char *parent;     /* the node that it is attached to in its mesh, as it says; NULL: none */
	uint8_t image[32];      /* head of the SHA-256 of the image it runs */
	size_t image_size;      /* bytes of that head, 0: not said, else 4 to 32 */
	int battery_percent;    /* 0 to 100 */
	int signal_dbm;         /* negative; 0: not said */
	uint64_t exchange;      /* of the report that comes with it, see reading_report; 0: none */
	uint32_t message_bytes; /* of the message that is this contact */
	uint32_t bytes_in;      /* the node's traffic on the link since the last contact reported */
	uint32_t bytes_out;
};

/* What the node is to be told. */
struct contact_answer {
	uint32_t next_s; /* seconds until its next slot, or until it shall come again */
};

/*
 * Readings to keep. `done` is called exactly once, perhaps before report() returns: 0 when they are durable and the
 * node may be told so; -EALREADY when this very message was kept before (tell the node it is durable); -EACCES when
 * the node is not accepted; -ENOSPC or -ENOBUFS when they cannot be kept now: the node tries again after `retry_s`.
 */
struct reading_report {
	const char *node;
	const struct reading *readings; /* with all that they borrow, for the call only */
	size_t count;
	uint64_t exchange; /* see protocols/fingerprint.h; equal when the node repeats the report; 0: none */
	bool told;         /* `exchange` is fingerprint_of_report() of these very readings, which so tell it */
	/* What gateways called it that wrote telemetry.db before its version 4, 0: nothing; asked within report(),
	 * seldom. NULL: the same. */
	uint64_t (*former)(void *context);
	void (*done)(void *context, int result, uint32_t retry_s);
	void *context;
	bool urgent; /* an alarm: it does not wait for others to share its commit */
	bool fast;  /* the node wants its answer now: `done` is called at once, durable or not; see docs/telemetry.md */
	bool fresh; /* it is no repetition, even where one with this fingerprint was kept */
};

/* How far a node is with the image it was offered, as seen on the wire or as the node says. */
enum delivery_state {
	DELIVERY_DOWNLOADING, /* it has all bytes before `offset` */
	DELIVERY_DOWNLOADED,  /* it has the whole image and found it good */
	DELIVERY_APPLYING,    /* it is about to restart into it */
	DELIVERY_CONFIRMED,   /* it says that it runs the image and keeps it */
	DELIVERY_REVERTED,    /* it fell back to its former image */
	DELIVERY_FAILED,      /* `code` says why */
};

struct delivery_progress {
	const char *node;
	enum delivery_state state;
	uint32_t offset;
	int code;  /* the node's own failure code */
	bool said; /* by the node itself, not deduced from its requests */
};

/* When a node may do what, on the loop's monotonic clock; 0: there is no such limit. */
struct offer_times {
	int64_t fetch_from_ms,
		fetch_until_ms;              /* it gets no bytes before and after: it waits at the block where it is */
	int64_t apply_at_ms, apply_until_ms; /* not to be activated before, nor after without asking anew */
};

/* An image that a node shall have. The driver holds a reference of its own for as long as the offer stands. */
struct driver_offer {
	const char *node;
	struct image_source *image;
	struct offer_times times;
};

/* A word for a node. */
struct driver_command {
	const char *node;
	uint32_t id;      /* comes back with the reply; never 0 */
	const char *text; /* 1 to NODE_COMMAND_MAX bytes of UTF-8 without control characters */
	int64_t until_ms; /* on the loop's monotonic clock: not to be passed on after */
};

/* What a node says came of a command. */
struct command_reply {
	const char *node;
	uint32_t id;
	bool ok;
	struct span result; /* a text, or JSON; perhaps "" */
	bool is_json;
};

/* What an operator asks a driver, in the driver's own words. `done` is called exactly once, perhaps before ask()
 * returns: 0 with a JSON object, or a negative errno with a sentence for a person. */
struct driver_question {
	const char *verb;      /* one word, e.g. "permit" */
	struct span arguments; /* a JSON object */
	void (*done)(void *context, int result, struct span answer);
	void *context;
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

/* The process that a driver runs in, where that is not the gateway's own. */
struct driver_process {
	const char *state;   /* "running", or what it is about otherwise: one word, static */
	int pid;             /* 0: there is none, or it is on another machine */
	uint64_t restarts;   /* since open */
	const char *trouble; /* why it was ended last, a sentence; "" where all is well; lives until the next call */
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
};

/* A named figure of a driver, read and never reset. One that also falls, as it counts what is there now, is not a
 * counter: its name ends in "_now". */
struct driver_counter {
	const char *name; /* words joined by '_', a unit last where there is one */
	const uint64_t *value;
};

struct driver_ops {
	const char *name;
	const struct settings_table *settings; /* its group in the config file */
	/* Whether the settings ask for a process of its own; NULL: it runs in the gateway always. */
	bool (*apart)(const void *settings);
	/*
	 * Opens the network. `settings` points to the struct that the table describes and, like `host`, outlives the
	 * driver. `why` gets a sentence for a person on failure. -EADDRINUSE, -EACCES, -EINVAL, -ENOMEM, ….
	 */
	int (*open)(struct driver **out, struct uv_loop_s *loop, const void *settings, const struct driver_host *host,
		char *why, size_t why_size);
	/* The settings were read anew; optional. -ENOTSUP if the change needs a restart. */
	int (*reload)(struct driver *driver, const void *settings);
	/* From now on the node is to have this image; replaces a former offer. -ENOBUFS: too many offers stand;
	 * -ENOTSUP: this network carries no firmware. */
	int (*offer)(struct driver *driver, const struct driver_offer *offer);
	/* The offer to this node no longer stands; 0 also if there was none. */
	int (*withdraw)(struct driver *driver, const char *node);
	/* A word for a node, passed on when it can be, perhaps more than once; it replaces a former one that waits.
	 * Optional: a network without it takes none. -EINVAL: the node cannot be told, -ENOBUFS: too many wait. */
	int (*command)(struct driver *driver, const struct driver_command *command);
	/* A question of the operator, see above; optional. */
	void (*ask)(struct driver *driver, const struct driver_question *question);
	/* Bytes for which read() said -EAGAIN may be there now. */
	void (*images_ready)(struct driver *driver);
	/* Its figures, an array that lives as long as the driver; optional. */
	size_t (*counters)(const struct driver *driver, const struct driver_counter **out);
	/* Of a driver in a process of its own; NULL: it runs in the gateway. */
	void (*process)(const struct driver *driver, struct driver_process *out);
	/* Withdraws all offers and frees; NULL is fine. Every report's `done` has been called before. */
	void (*close)(struct driver *driver);
};

extern const struct driver_ops driver_coap;
extern const struct driver_ops driver_dummy;
extern const struct driver_ops driver_mqtt;
extern const struct driver_ops driver_zigbee;

#endif
