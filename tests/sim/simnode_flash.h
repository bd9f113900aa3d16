/*
 * simnode_flash: the flash memory of a simulated node, as files of a folder of its own.
 *
 * What is written survives the node's reboots; each call opens and closes its file. Failures of the file system end the
 * simulation: they are not what is simulated.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODE_FLASH_H
#define WAKEGATE_TESTS_SIM_SIMNODE_FLASH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum flash_area {
	FLASH_RUNNING,  /* the image that the node boots */
	FLASH_NEW,      /* the image that it fetches */
	FLASH_FORMER,   /* the image that it ran before */
	FLASH_DOWNLOAD, /* what is being fetched, to resume */
	FLASH_READINGS, /* what was measured and is not acknowledged */
	FLASH_TRIAL,    /* there while an image is on trial */
	FLASH_AREAS,
};

struct simnode_flash {
	char folder[512];
};

/* Makes the folder if it is not there. */
void flash_init(struct simnode_flash *flash, const char *parent, const char *name);

/* The bytes in an area; -1 if it is empty. */
long flash_size(const struct simnode_flash *flash, enum flash_area area);

void flash_append(const struct simnode_flash *flash, enum flash_area area, const void *data, size_t size);

/* Makes a running time error look like a worn cell: inverts one byte. */
void flash_flip(const struct simnode_flash *flash, enum flash_area area, long offset);

/* Cuts off everything from `size` on. */
void flash_cut(const struct simnode_flash *flash, enum flash_area area, long size);

void flash_erase(const struct simnode_flash *flash, enum flash_area area);

/* Moves the content; what was in `to` is lost. */
void flash_move(const struct simnode_flash *flash, enum flash_area from, enum flash_area to);

/* Opens an area for reading, or anew for writing; NULL if it is empty (reading only). Close with fclose(). */
FILE *flash_read(const struct simnode_flash *flash, enum flash_area area);
FILE *flash_write(const struct simnode_flash *flash, enum flash_area area);

/* SHA-256 of an area's content. */
void flash_digest(const struct simnode_flash *flash, enum flash_area area, uint8_t sha256[32]);

#endif
