/*
 * recording: readings in a file, as somebody kept them: a SenML pack in JSON or CBOR, packs line by line, a batch as it
 * went upstream (SenML, columns), or what "wakegate telemetry tail --json" printed; any of it in zstd frames. Which it
 * is, its bytes say.
 */
#ifndef WAKEGATE_GATEWAY_CLI_RECORDING_H
#define WAKEGATE_GATEWAY_CLI_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/reading.h"

#define RECORDING_BYTES_MAX (4 * 1024 * 1024) /* also of what is unpacked */
#define RECORDED_MAX 200000

struct cli;

struct recorded {
	struct span node;
	int64_t received_ms; /* the reading's own time, or that of the one before it */
	struct reading reading;
};

struct recording {
	struct recorded *list;
	size_t count, room;
	void **memory; /* what the readings borrow from */
	size_t memory_count, memory_room;
};

/* Reads the file; readings that name no node are of `node`. CLI_OK; else a sentence was said, and nothing is kept. */
int recording_read(const struct cli *cli, const char *path, const char *node, struct recording *out);
void recording_finish(struct recording *recording);

#endif
