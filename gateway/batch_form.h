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

struct batch_form;
struct batch_label;
struct batch_options;
struct segment_entry;

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
	/* The message of the `count` readings added, at most as large as the options say; borrowed until begin(). */
	struct span (*finish)(struct batch_form *form, const struct batch_label *label, size_t count);
};

extern const struct batch_form_ops batch_json;    /* SenML in JSON */
extern const struct batch_form_ops batch_cbor;    /* SenML in CBOR */
extern const struct batch_form_ops batch_columns; /* columns */

#endif
