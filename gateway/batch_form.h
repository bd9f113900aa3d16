/*
 * batch_form: how the readings of a batch become the bytes of one message: one of gateway/batch_*.c, chosen by
 * gateway/batch.c.
 *
 * A form keeps one batch at a time, in memory of its own.
 */
#ifndef WAKEGATE_GATEWAY_BATCH_FORM_H
#define WAKEGATE_GATEWAY_BATCH_FORM_H

#include <stddef.h>

#include "protocols/reading.h"

#define BATCH_COLUMNS_MAGIC 0x57 /* 'W': no SenML, no zstd frame and no Sparkplug payload begins with it */

struct batch_form;
struct batch_label;
struct batch_options;
struct segment_entry;
struct uplink_message;

struct batch_form_ops {
	const char *content_type;
	const char *content_type_zstd;
	int zstd_level;
	/* -ENOMEM. The options outlive the form. */
	int (*open)(struct batch_form **out, const struct batch_options *options);
	/* NULL is fine. */
	void (*close)(struct batch_form *form);
	/* Begins a batch; what was built before is gone. */
	void (*begin)(struct batch_form *form);
	/* Adds a reading; its texts are copied. -ENOBUFS: it does not fit, the batch is as it was. */
	int (*add)(struct batch_form *form, const struct segment_entry *entry);
	/* Optional: the readings of the batch are backlog. After begin(). */
	void (*mark_historical)(struct batch_form *form);
	/* Optional: sends what has to go before the batch. As uplink_ops.publish. */
	int (*announce)(struct batch_form *form);
	/* The message of the `count` readings added, at most as large as the options say; borrowed until begin(). May
	 * give it a topic and a QoS of its own. */
	struct span (*finish)(
		struct batch_form *form, const struct batch_label *label, size_t count, struct uplink_message *out);
	/* Optional: the message finished was sent. */
	void (*sent)(struct batch_form *form);
};

extern const struct batch_form_ops batch_json;      /* SenML in JSON */
extern const struct batch_form_ops batch_cbor;      /* SenML in CBOR */
extern const struct batch_form_ops batch_columns;   /* columns */
extern const struct batch_form_ops batch_sparkplug; /* Sparkplug B, one node in a message */

#endif
