#include "gateway/offer_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/runtime_folder.h"
#include "gateway/segment_pack.h"
#include "protocols/cursor.h"
#include "protocols/segment.h"
#include "store/checksum.h"
#include "store/segment_store.h"

#define MAGIC UINT64_C(0x31524546464f4757) /* "WGOFFER" and the version, 1 */
#define HEAD_SIZE 80
#define FILE_MOST (HEAD_SIZE + 8 * SEGMENT_EXCHANGES_MAX + SEGMENT_BYTES_MAX)
#define NAME_SIZE 64

static void file_name(const struct runtime_folder *folder, uint64_t first, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "offer-%016" PRIx64 "-%" PRIu64, folder->name, first);
}

static void write_segment(
	const struct runtime_folder *folder, uint64_t session, const struct stored_segment *segment, struct writer *out)
{
	write_le64(out, MAGIC);
	write_le32(out, 0);
	write_le32(out, folder->boot);
	write_le64(out, session);
	write_le64(out, segment->first);
	write_le32(out, segment->count);
	write_le32(out, segment->boot);
	write_le64(out, (uint64_t)segment->oldest_us);
	write_le64(out, (uint64_t)segment->newest_us);
	write_le64(out, (uint64_t)segment->kept_at_ms);
	write_le32(out, segment->codec);
	write_le32(out, (uint32_t)segment->exchange_count);
	write_le64(out, segment->size);
	for (size_t i = 0; i < segment->exchange_count; i++)
		write_le64(out, segment->exchanges[i]);
	write_bytes(out, segment->data, segment->size);
}

int offer_file_write(const struct runtime_folder *folder, uint64_t session, const struct stored_segment *segment)
{
	size_t size = HEAD_SIZE + 8 * segment->exchange_count + segment->size;
	uint8_t *bytes = malloc(size);
	struct writer out;
	char name[NAME_SIZE];

	if (!bytes)
		return -ENOMEM;
	writer_init(&out, bytes, size);
	write_segment(folder, session, segment, &out);
	writer_init(&out, bytes + 8, 4);
	write_le32(&out, crc32c(0, bytes + 12, size - 12));
	file_name(folder, segment->first, name);
	int result = runtime_folder_write(folder, name, bytes, size);
	free(bytes);
	return result;
}

void offer_file_remove(const struct runtime_folder *folder, uint64_t first)
{
	char name[NAME_SIZE];

	file_name(folder, first, name);
	runtime_folder_remove(folder, name);
}

/* The fingerprints go to `exchanges`, which has room for SEGMENT_EXCHANGES_MAX. */
static int read_segment(struct reader *in, uint64_t *exchanges, struct stored_segment *out)
{
	*out = (struct stored_segment){ .first = read_le64(in), .exchanges = exchanges };
	out->count = read_le32(in);
	out->boot = read_le32(in);
	out->oldest_us = (int64_t)read_le64(in);
	out->newest_us = (int64_t)read_le64(in);
	out->kept_at_ms = (int64_t)read_le64(in);
	out->codec = (uint8_t)read_le32(in);
	out->exchange_count = read_le32(in);
	uint64_t size = read_le64(in);
	if (in->failed || out->exchange_count > SEGMENT_EXCHANGES_MAX || out->first == 0 || out->count == 0)
		return -EBADMSG;
	for (size_t i = 0; i < out->exchange_count; i++)
		exchanges[i] = read_le64(in);
	if (in->failed || size == 0 || size != reader_left(in) || size > SEGMENT_BYTES_MAX)
		return -EBADMSG;
	out->size = (size_t)size;
	out->data = read_bytes(in, out->size);
	return out->codec == SEGMENT_ROWS ? 0 : -EBADMSG;
}

struct found_offer {
	uint64_t exchanges[SEGMENT_EXCHANGES_MAX];
	struct stored_segment segment;
};

static int parse(const struct runtime_folder *folder, uint64_t session, struct reader *in, struct found_offer *out)
{
	uint64_t magic = read_le64(in);
	uint32_t checksum = read_le32(in);

	if (in->failed || magic != MAGIC || checksum != crc32c(0, in->at, reader_left(in)))
		return -EBADMSG;
	if (read_le32(in) != folder->boot || read_le64(in) < session)
		return -EBADMSG;
	return read_segment(in, out->exchanges, &out->segment);
}

static int load_file(const struct runtime_folder *folder, uint64_t session, const char *name, struct found_offer *out,
	uint8_t **bytes)
{
	struct reader in;
	size_t size;
	int result = runtime_folder_read(folder, name, FILE_MOST, bytes, &size);

	if (result == -EFBIG)
		result = -EBADMSG;
	if (result < 0)
		return result;
	reader_init(&in, *bytes, size);
	return parse(folder, session, &in, out);
}

static int load_all(const struct runtime_folder *folder, uint64_t session, DIR *listing,
	void (*each)(void *context, const struct stored_segment *segment), void *context)
{
	struct found_offer *found = malloc(sizeof(*found));
	struct dirent *entry;
	char prefix[NAME_SIZE];
	int result = found ? 0 : -ENOMEM;

	(void)snprintf(prefix, sizeof(prefix), "offer-%016" PRIx64 "-", folder->name);
	while (result == 0 && (entry = readdir(listing))) {
		uint8_t *bytes = NULL;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		result = load_file(folder, session, entry->d_name, found, &bytes);
		if (result == 0)
			each(context, &found->segment);
		free(bytes);
		if (result != -EBADMSG)
			continue;
		runtime_folder_remove(folder, entry->d_name);
		result = 0;
	}
	free(found);
	return result;
}

int offer_files_load(const struct runtime_folder *folder, uint64_t session,
	void (*each)(void *context, const struct stored_segment *segment), void *context)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);

	if (!listing) {
		int error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	int result = load_all(folder, session, listing, each, context);
	closedir(listing);
	return result;
}
