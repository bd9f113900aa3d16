/*
 * senml: Sensor Measurement Lists (RFC 8428) in JSON and CBOR, from bytes to readings and back.
 *
 * Parsing resolves base fields (section 4.6), refuses versions above 10 and unknown fields that end in "_" (section
 * 4.4), and keeps numbers exactly as sent. A relative time (below 2^28 s, section 4.5.3) is counted from the caller's
 * now; a record without time, or with time 0, has none. Leniences, for what real nodes send: a record of base fields
 * alone gives no reading, and a name may begin with '/' as those of OMA LwM2M do.
 */
#ifndef WAKEGATE_PROTOCOLS_SENML_H
#define WAKEGATE_PROTOCOLS_SENML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"
#include "protocols/token_writer.h"
#include "protocols/tokens.h"

#define SENML_VERSION 10
#define SENML_RELATIVE_S (INT64_C(1) << 28) /* times below are relative */

struct senml_source {
	enum token_format format;
	struct span data;
	int64_t now_us; /* since 1970-01-01 UTC */
	bool any_start; /* names that follow a node's own: they begin with any character of a name */
};

/* The caller's memory, and what was found. Readings borrow from the source's data and from the scratch. */
struct senml_pack {
	struct reading *readings;
	size_t capacity; /* READINGS_MAX is always enough */
	void *scratch;   /* for joined names, unescaped texts and decoded data */
	size_t scratch_size;
	size_t count;
	size_t fault_offset; /* where parsing stopped, set on failure only */
};

/* Whether the character may stand in a name (section 4.5.1). */
bool senml_is_name_character(char c);

/*
 * Parses a whole pack; one without readings is fine. -EBADMSG malformed, or against RFC 8428; -ENOTSUP a version or a
 * field that must be understood; -ENOBUFS over a limit of reading.h, the capacity or the scratch; -ERANGE a number.
 */
int senml_parse(struct senml_pack *pack, const struct senml_source *source);

/*
 * Writes a pack record by record: the base name is given again where it changes, the base time once. A failed
 * `tokens.out` says that it did not fit. Times before 1978-07-04 (2^28 s) cannot be said and are written as "now".
 */
struct senml_writer {
	struct token_writer tokens;
	struct span base_name;
	int64_t base_time_us; /* 0: none yet */
};

/* `out` outlives the writer. Writes nothing: the array around the records is the caller's. */
void senml_writer_init(struct senml_writer *writer, enum token_format format, struct writer *out);

/* Writes one record. Its name is `prefix`, which outlives the writer, followed by the reading's. */
void senml_write_reading(struct senml_writer *writer, struct span prefix, const struct reading *reading);

/* Writes a whole pack of readings with one prefix; the size, or -ENOBUFS. */
int64_t senml_write(
	enum token_format format, struct writer *out, struct span prefix, const struct reading *readings, size_t count);

#endif
