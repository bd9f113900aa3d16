#include "gateway/segment_pack.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "gateway/segment_columns.h"
#include "protocols/columns.h"
#include "protocols/segment.h"

#define LEVEL 3      /* smaller by a third than level 1 on reports; beyond it only the time grows */
#define SMALLEST 128 /* bytes below which a frame's own overhead wins */

struct segment_packer {
	ZSTD_CCtx *context;
	struct columns_room columns;
	uint8_t *frame;
	size_t frame_bytes;
};

int segment_packer_open(struct segment_packer **out)
{
	struct segment_packer *packer = calloc(1, sizeof(*packer));

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
	segment_packer_rest(packer);
	free(packer);
}

void segment_packer_rest(struct segment_packer *packer)
{
	columns_room_clear(&packer->columns);
	free(packer->frame);
	packer->frame = NULL;
	packer->frame_bytes = 0;
}

/* The columns take the place of the rows in `best` where they are smaller; where they cannot be had, rows do. */
static void try_columns(struct segment_packer *packer, size_t count, struct packed_segment *best)
{
	const struct bytes rows = { best->data, best->size };
	struct bytes columns;

	if (segment_to_columns(&packer->columns, &rows, count, &columns) < 0)
		return;
	if (columns.size < best->size)
		*best = (struct packed_segment){ columns.data, columns.size, COLUMNS_VERSION };
}

static void try_frame(struct segment_packer *packer, struct packed_segment *best)
{
	size_t room = ZSTD_compressBound(best->size);

	if (best->size < SMALLEST)
		return;
	if (room > packer->frame_bytes) {
		free(packer->frame);
		packer->frame = malloc(room);
		packer->frame_bytes = packer->frame ? room : 0;
	}
	if (!packer->frame)
		return;
	size_t size = ZSTD_compressCCtx(packer->context, packer->frame, room, best->data, best->size, LEVEL);
	if (!ZSTD_isError(size) && size < best->size)
		*best = (struct packed_segment){ packer->frame, size, best->codec | SEGMENT_ZSTD };
}

void segment_pack(
	struct segment_packer *packer, const void *data, size_t size, size_t count, struct packed_segment *out)
{
	assert(size <= SEGMENT_BYTES_MAX);
	*out = (struct packed_segment){ .data = data, .size = size, .codec = SEGMENT_ROWS };
	try_columns(packer, count, out);
	try_frame(packer, out);
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

int segment_inflate(const struct packed_segment *packed, uint8_t **out, size_t *size)
{
	return packed->codec & SEGMENT_ZSTD ? decompress(packed, out, size) : copy(packed, out, size);
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

/* Columns become rows in their place. */
static int make_rows(uint8_t **data, size_t *size)
{
	uint8_t *columns = *data;
	int result;

	*data = NULL;
	result = segment_from_columns(columns, *size, data, size);
	free(columns);
	return result;
}

int segment_unpack(const struct packed_segment *packed, uint32_t count, uint8_t **out, size_t *size)
{
	uint8_t codec = packed->codec & (uint8_t)~SEGMENT_ZSTD;
	uint8_t *data = NULL;
	size_t data_size = 0;
	int result;

	if (codec != SEGMENT_ROWS && codec != COLUMNS_VERSION)
		return -ENOTSUP;
	result = segment_inflate(packed, &data, &data_size);
	if (result == 0 && codec == COLUMNS_VERSION)
		result = make_rows(&data, &data_size);
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
