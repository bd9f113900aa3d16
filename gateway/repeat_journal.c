#include "gateway/repeat_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/exchange_table.h"
#include "gateway/runtime_folder.h"
#include "gateway/telemetry.h"
#include "protocols/cursor.h"
#include "store/checksum.h"

#define MAGIC UINT64_C(0x3154414550455257) /* "WREPEAT" and the version, 1 */
#define HEADER_SIZE 48
#define ENTRY_HEAD 24
#define NOTE_MAX 65536                  /* fingerprints of one note, COMMIT_REPORTS_MAX */
#define FILE_BYTES (EXCHANGES_MAX * 16) /* then the other file is begun: small notes are mostly heads */
#define FILE_MOST (FILE_BYTES + 1024 * 1024)

struct header {
	uint64_t generation, session, known;
	int64_t begun_ms;
};

struct repeat_journal {
	const struct runtime_folder *folder;
	int fd;    /* of the file that is written, or -1 */
	int index; /* which of the two it is */
	struct header header;
	uint64_t known;
	size_t exchanges, bytes; /* in it */
	uint8_t *buffer;         /* of one entry */
};

/* A file as it was found. */
struct found_file {
	uint8_t *data;
	size_t size; /* 0: not to be believed */
	struct header header;
};

static void file_name(const struct repeat_journal *journal, int index, char name[40])
{
	(void)snprintf(name, 40, "repeats-%016" PRIx64 ".%d", journal->folder->name, index);
}

static void write_header(const struct repeat_journal *journal, uint8_t bytes[HEADER_SIZE])
{
	struct writer out;

	writer_init(&out, bytes, HEADER_SIZE);
	write_le64(&out, MAGIC);
	write_le64(&out, journal->header.generation);
	write_le64(&out, journal->header.session);
	write_le64(&out, journal->header.known);
	write_le64(&out, (uint64_t)journal->header.begun_ms);
	write_le32(&out, journal->folder->boot);
	write_le32(&out, crc32c(0, bytes, HEADER_SIZE - 4));
}

static bool read_header(const struct repeat_journal *journal, struct found_file *file)
{
	struct reader in;

	reader_init(&in, file->data, file->size);
	uint64_t magic = read_le64(&in);
	file->header.generation = read_le64(&in);
	file->header.session = read_le64(&in);
	file->header.known = read_le64(&in);
	file->header.begun_ms = (int64_t)read_le64(&in);
	uint32_t boot = read_le32(&in);
	uint32_t checksum = read_le32(&in);
	return !in.failed && magic == MAGIC && boot == journal->folder->boot &&
	       checksum == crc32c(0, file->data, HEADER_SIZE - 4);
}

static int find_file(const struct repeat_journal *journal, int index, struct found_file *out)
{
	char name[40];

	file_name(journal, index, name);
	int result = runtime_folder_read(journal->folder, name, FILE_MOST, &out->data, &out->size);
	if (result == -ENOENT || result == -EFBIG)
		return 0;
	if (result < 0)
		return result;
	if (!read_header(journal, out)) {
		out->size = 0;
		out->header = (struct header){ 0 };
	}
	return 0;
}

/* The next entry's end, or `at` if no whole one follows. */
static size_t read_entry(
	const struct found_file *file, size_t at, const struct repeat_journal_reader *reader, uint64_t *known)
{
	struct reader in;

	reader_init(&in, file->data + at, file->size - at);
	uint32_t checksum = read_le32(&in);
	uint32_t count = read_le32(&in);
	if (in.failed || count > NOTE_MAX || reader_left(&in) < 16 + 8 * (size_t)count)
		return at;
	size_t size = ENTRY_HEAD + 8 * (size_t)count;
	if (checksum != crc32c(0, file->data + at + 4, size - 4))
		return at;
	uint64_t end = read_le64(&in);
	int64_t kept_at_ms = (int64_t)read_le64(&in);
	for (uint32_t i = 0; i < count; i++)
		reader->exchange(reader->context, read_le64(&in), kept_at_ms);
	if (*known < end)
		*known = end;
	return at + size;
}

/* Reads all whole entries and leaves the file's size as what they take. */
static void read_entries(struct repeat_journal *journal, struct found_file *file,
	const struct repeat_journal_reader *reader, struct repeat_journal_found *found)
{
	size_t at = HEADER_SIZE, next;

	while ((next = read_entry(file, at, reader, &found->known)) > at)
		at = next;
	file->size = at;
	if (found->known < file->header.known)
		found->known = file->header.known;
	if (found->session < file->header.session)
		found->session = file->header.session;
	journal->header = file->header;
	journal->bytes = at;
	/* As many as there can be: so the file is left early rather than late. */
	journal->exchanges = (at - HEADER_SIZE) / 8;
}

static int open_file(struct repeat_journal *journal, size_t size)
{
	char name[40];

	file_name(journal, journal->index, name);
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = openat(journal->folder->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->fd < 0 || ftruncate(journal->fd, (off_t)size) < 0 || lseek(journal->fd, (off_t)size, SEEK_SET) < 0)
		return -errno;
	return 0;
}

static int put_header(struct repeat_journal *journal)
{
	uint8_t bytes[HEADER_SIZE];

	write_header(journal, bytes);
	return pwrite(journal->fd, bytes, sizeof(bytes), 0) == sizeof(bytes) ? 0 : -EIO;
}

/* Leaves the file that is written for the other one. */
static int change_file(struct repeat_journal *journal, int64_t now_ms)
{
	journal->index = !journal->index;
	journal->header.generation++;
	journal->header.known = journal->known;
	journal->header.begun_ms = now_ms;
	journal->exchanges = 0;
	journal->bytes = HEADER_SIZE;
	int result = open_file(journal, 0);
	if (result == 0)
		result = put_header(journal);
	if (result == 0 && lseek(journal->fd, HEADER_SIZE, SEEK_SET) < 0)
		result = -errno;
	return result;
}

static int read_files(
	struct repeat_journal *journal, const struct repeat_journal_reader *reader, struct repeat_journal_found *found)
{
	struct found_file files[2] = { 0 };
	int result = find_file(journal, 0, &files[0]);

	if (result == 0)
		result = find_file(journal, 1, &files[1]);
	if (result == 0) {
		int older = files[1].header.generation < files[0].header.generation;
		if (files[older].size > 0)
			read_entries(journal, &files[older], reader, found);
		if (files[!older].size > 0)
			read_entries(journal, &files[!older], reader, found);
		journal->index = files[!older].size > 0 ? !older : older;
	}
	free(files[0].data);
	free(files[1].data);
	return result;
}

int repeat_journal_open(struct repeat_journal **out, const struct runtime_folder *folder,
	const struct repeat_journal_reader *reader, struct repeat_journal_found *found)
{
	struct repeat_journal *journal = calloc(1, sizeof(*journal));
	int result = -ENOMEM;

	if (!journal)
		return -ENOMEM;
	journal->folder = folder;
	journal->fd = -1;
	journal->buffer = malloc(ENTRY_HEAD + 8 * NOTE_MAX);
	*found = (struct repeat_journal_found){ 0 };
	if (journal->buffer)
		result = read_files(journal, reader, found);
	if (result < 0) {
		repeat_journal_close(journal);
		return result;
	}
	*out = journal;
	return 0;
}

int repeat_journal_begin(struct repeat_journal *journal, uint64_t session, uint64_t known, int64_t now_ms)
{
	journal->known = known;
	journal->header.session = session;
	journal->header.known = known;
	if (journal->bytes == 0)
		return change_file(journal, now_ms);
	int result = open_file(journal, journal->bytes);
	return result < 0 ? result : put_header(journal);
}

static bool is_full(const struct repeat_journal *journal, const struct repeat_note *note, int64_t now_ms)
{
	return journal->exchanges + note->count > EXCHANGES_MAX || journal->bytes >= FILE_BYTES ||
	       now_ms - journal->header.begun_ms > EXCHANGE_LIFE_MS;
}

int repeat_journal_note(struct repeat_journal *journal, const struct repeat_note *note, int64_t now_ms)
{
	size_t size = ENTRY_HEAD + 8 * note->count;
	struct writer out;
	int result = 0;

	if (note->count > NOTE_MAX)
		return -EINVAL;
	if (journal->known < note->end)
		journal->known = note->end;
	if (is_full(journal, note, now_ms))
		result = change_file(journal, now_ms);
	if (result < 0)
		return result;
	writer_init(&out, journal->buffer, size);
	write_le32(&out, 0);
	write_le32(&out, (uint32_t)note->count);
	write_le64(&out, note->end);
	write_le64(&out, (uint64_t)now_ms);
	for (size_t i = 0; i < note->count; i++)
		write_le64(&out, note->exchanges[i]);
	uint32_t checksum = crc32c(0, journal->buffer + 4, size - 4);
	writer_init(&out, journal->buffer, size);
	write_le32(&out, checksum);
	result = runtime_file_append(journal->fd, journal->buffer, size);
	if (result < 0)
		return result;
	journal->bytes += size;
	journal->exchanges += note->count;
	return 0;
}

void repeat_journal_close(struct repeat_journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	free(journal->buffer);
	free(journal);
}
