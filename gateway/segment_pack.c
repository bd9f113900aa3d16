#include "gateway/segment_pack.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "protocols/segment.h"

#define LEVEL 3      /* smaller by a third than level 1 on reports; beyond it only the time grows */
#define SMALLEST 128 /* bytes below which a frame's own overhead wins */

struct segment_packer {
	ZSTD_CCtx *context;
	uint8_t out[ZSTD_COMPRESSBOUND(SEGMENT_BYTES_MAX)];
};

int segment_packer_open(struct segment_packer **out)
{
	struct segment_packer *packer = malloc(sizeof(*packer));

	if (!packer)
		return -ENOMEM;
	packer->context = ZSTD_createCCtx();
	if (!packer->context) {
		free(packer);
		return -ENOMEM;
	}
	*out = packer;
	return 0;
}

void segment_packer_close(struct segment_packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->context);
	free(packer);
}

void segment_pack(struct segment_packer *packer, const void *data, size_t size, struct packed_segment *out)
{
	assert(size <= SEGMENT_BYTES_MAX);
	*out = (struct packed_segment){ .data = data, .size = size, .codec = SEGMENT_ROWS };
	if (size < SMALLEST)
		return;
	size_t packed = ZSTD_compressCCtx(packer->context, packer->out, sizeof(packer->out), data, size, LEVEL);
	if (!ZSTD_isError(packed) && packed < size)
		*out = (struct packed_segment){ packer->out, packed, SEGMENT_ROWS | SEGMENT_ZSTD };
}

static int decompress(const struct packed_segment *packed, uint8_t **out, size_t *size)
{
	unsigned long long said = ZSTD_getFrameContentSize(packed->data, packed->size);

	if (said == 0 || said > SEGMENT_BYTES_MAX)
		return -EBADMSG;
	uint8_t *data = malloc((size_t)said);
	if (!data)
		return -ENOMEM;
	if (ZSTD_decompress(data, (size_t)said, packed->data, packed->size) != said) {
		free(data);
		return -EBADMSG;
	}
	*out = data;
	*size = (size_t)said;
	return 0;
}

static int copy(const struct packed_segment *packed, uint8_t **out, size_t *size)
{
	if (packed->size == 0 || packed->size > SEGMENT_BYTES_MAX)
		return -EBADMSG;
	*out = malloc(packed->size);
	if (!*out)
		return -ENOMEM;
	memcpy(*out, packed->data, packed->size);
	*size = packed->size;
	return 0;
}

static int check_count(const uint8_t *data, size_t size, uint32_t count)
{
	struct segment_walk *walk = malloc(sizeof(*walk));
	struct segment_entry entry;
	uint32_t found = 0;
	int result;

	if (!walk)
		return -ENOMEM;
	segment_walk_init(walk, data, size);
	while ((result = segment_walk_next(walk, &entry)) == 1 && found <= count)
		found++;
	free(walk);
	return result == 0 && found == count ? 0 : -EBADMSG;
}

int segment_unpack(const struct packed_segment *packed, uint32_t count, uint8_t **out, size_t *size)
{
	uint8_t *data = NULL;
	size_t data_size = 0;
	int result;

	if ((packed->codec & ~SEGMENT_ZSTD) != SEGMENT_ROWS)
		return -ENOTSUP;
	result = packed->codec & SEGMENT_ZSTD ? decompress(packed, &data, &data_size) : copy(packed, &data, &data_size);
	if (result == 0)
		result = check_count(data, data_size, count);
	if (result < 0) {
		free(data);
		return result;
	}
	*out = data;
	*size = data_size;
	return 0;
}
