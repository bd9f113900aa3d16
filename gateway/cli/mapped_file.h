/*
 * mapped_file: a whole file in memory, to be read only.
 */
#ifndef WAKEGATE_GATEWAY_CLI_MAPPED_FILE_H
#define WAKEGATE_GATEWAY_CLI_MAPPED_FILE_H

#include <stddef.h>
#include <stdint.h>

struct cli;

struct mapped_file {
	uint8_t *data;
	size_t size;
};

/* CLI_OK; else a sentence was said: not there, not readable, not a file of 1 to `most` bytes. */
int mapped_file_open(const struct cli *cli, const char *path, size_t most, struct mapped_file *out);
void mapped_file_close(struct mapped_file *file);

#endif
