/*
 * segment_pack: segments as the store keeps them: as columns and compressed with zstd, where that makes them smaller.
 */
#ifndef WAKEGATE_GATEWAY_SEGMENT_PACK_H
#define WAKEGATE_GATEWAY_SEGMENT_PACK_H

#include <stddef.h>
#include <stdint.h>

#define SEGMENT_ZSTD 0x80              /* added to the codec of what is compressed */
#define SEGMENT_BYTES_MAX (512 * 1024) /* of an uncompressed segment: the largest report fits */

struct segment_packer;

/* -ENOMEM. */
int segment_packer_open(struct segment_packer **out);
void segment_packer_close(struct segment_packer *packer);

/* Frees the memory that it keeps between segments, which grows to what the largest one needs: 200 bytes for each of its
 * readings. What was packed last is gone. */
void segment_packer_rest(struct segment_packer *packer);

struct packed_segment {
	const void *data; /* borrowed from the packer or from what was packed, until the next call */
	size_t size;
	uint8_t codec;
};

/* Packs at most SEGMENT_BYTES_MAX bytes of version SEGMENT_ROWS, which hold `count` readings. */
void segment_pack(
	struct segment_packer *packer, const void *data, size_t size, size_t count, struct packed_segment *out);

/* The bytes without zstd, *out for free(), in the format of the codec without SEGMENT_ZSTD. -EBADMSG, -ENOMEM. */
int segment_inflate(const struct packed_segment *packed, uint8_t **out, size_t *size);

/*
 * Unpacks into version SEGMENT_ROWS and walks through it: *out, for free(), holds exactly `count` readings. -EBADMSG if
 * it does not, -ENOTSUP a codec of a newer version, -ENOMEM.
 */
int segment_unpack(const struct packed_segment *packed, uint32_t count, uint8_t **out, size_t *size);

#endif
