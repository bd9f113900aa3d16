#include "gateway/batch_open.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "gateway/batch_form.h"
#include "protocols/columns.h"
#include "protocols/cursor.h"

#define ZSTD_FIRST 0x28 /* of the magic number b5 2f fd, which zstd itself looks at */

/* What the frame says of its size, or else the most that is taken. */
static int room_for(struct span frame, size_t most, size_t *out)
{
	unsigned long long said = ZSTD_getFrameContentSize(frame.data, frame.size);

	if (said == ZSTD_CONTENTSIZE_ERROR)
		return -EBADMSG;
	if (said != ZSTD_CONTENTSIZE_UNKNOWN && said > most)
		return -ENOBUFS;
	*out = said == ZSTD_CONTENTSIZE_UNKNOWN ? most : (size_t)said;
	return 0;
}

int batch_open_zstd(struct span *data, size_t most, uint8_t **out, size_t *size)
{
	size_t frame_size, room;

	if (data->size == 0 || data->data[0] != ZSTD_FIRST)
		return 0;
	frame_size = ZSTD_findFrameCompressedSize(data->data, data->size);
	if (ZSTD_isError(frame_size))
		return -EBADMSG;
	int result = room_for((struct span){ data->data, frame_size }, most, &room);
	if (result < 0)
		return result;
	uint8_t *content = malloc(room > 0 ? room : 1);
	if (!content)
		return -ENOMEM;
	size_t got = ZSTD_decompress(content, room, data->data, frame_size);
	if (ZSTD_isError(got)) {
		free(content);
		return -EBADMSG;
	}
	*out = content;
	*size = got;
	*data = (struct span){ data->data + frame_size, data->size - frame_size };
	return 1;
}

struct span batch_open_columns(struct span data)
{
	struct reader in;

	if (data.size > 0 && data.data[0] == COLUMNS_VERSION)
		return data;
	reader_init(&in, data.data, data.size);
	if (read_u8(&in) != BATCH_COLUMNS_MAGIC)
		return (struct span){ NULL, 0 };
	(void)read_bytes(&in, (size_t)read_varint(&in)); /* gateway */
	for (int i = 0; i < 3; i++)
		(void)read_varint(&in); /* boot, first and last number */
	if (in.failed)
		return (struct span){ NULL, 0 };
	size_t head = data.size - reader_left(&in);
	return (struct span){ data.data + head, data.size - head };
}
