/*
 * image_upload: carries a firmware file to the daemon, which may not be able to read it itself, piece by piece.
 */
#ifndef WAKEGATE_GATEWAY_CLI_IMAGE_UPLOAD_H
#define WAKEGATE_GATEWAY_CLI_IMAGE_UPLOAD_H

#include <jansson.h>

struct cli;

#define IMAGE_UPLOAD_MAX (1024 * 1024 * 1024) /* bytes of a file that is read at all; the daemon's limit is lower */

struct image_upload {
	const char *path;
	const char *name;           /* what it is to be called; NULL: the file's name */
	const char *hardware;       /* NULL: what the image says */
	const char *version;        /* NULL: likewise */
	const char *requires;       /* NULL: likewise */
	const char *only_for;       /* for which Zigbee nodes, see protocols/zigbee_fit.h; NULL: all */
	const char *signature_path; /* NULL: PATH.sig if there is one */
};

/* CLI_OK with *result yours: {"image": …, "exists": bool}. Shows progress on a terminal. Blocks. */
int image_upload(struct cli *cli, const struct image_upload *upload, json_t **result);

#endif
