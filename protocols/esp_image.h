/*
 * esp_image: the layout of an ESP-IDF application image: header, segments, checksum, appended SHA-256, signature.
 *
 * After esp-idf's esp_app_format.h and esp_image_format.h; little-endian. The checksum is verified here, the appended
 * digest is located here and verified elsewhere.
 */
#ifndef WAKEGATE_PROTOCOLS_ESP_IMAGE_H
#define WAKEGATE_PROTOCOLS_ESP_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_IMAGE_SEGMENTS_MAX 16
#define ESP_IMAGE_TEXT_SIZE 33 /* 32 bytes and the terminator */

struct esp_image {
	uint8_t segments;
	uint16_t chip_id;
	const char *chip; /* "esp32c3", a constant; "" for an unknown chip */
	uint32_t secure_version;
	char version[ESP_IMAGE_TEXT_SIZE];
	char project[ESP_IMAGE_TEXT_SIZE];
	uint32_t hashed_size;   /* bytes before the appended SHA-256, which it covers */
	bool has_appended_hash; /* 32 bytes at hashed_size */
	uint32_t end;           /* of the image itself; then padding or a secure boot signature */
};

/* Whether the word is a chip's name as `chip` has it. */
bool esp_image_names_chip(const char *word);

/* Whether the bytes begin like an ESP-IDF application: magic and application descriptor. */
bool esp_image_recognize(const void *data, size_t size);

/*
 * Parses a whole image. -EBADMSG with a clause in `fault` (a constant): cut, over-declared, wrong checksum, or bytes
 * after the end that are neither 0xff padding nor a secure boot signature block (v1 or v2).
 */
int esp_image_parse(struct esp_image *out, const void *data, size_t size, const char **fault);

#endif
