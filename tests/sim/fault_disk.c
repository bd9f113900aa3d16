#include "tests/sim/fault_disk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fault_change {
	struct fault_change *older;
	int64_t size_before; /* of the file */
	int64_t size_after;
	int64_t offset;
	size_t before_size, after_size;
	bool deletes;
	uint8_t bytes[]; /* what was there, then what is written */
};

/* A file in memory while it is put together again. */
struct content {
	uint8_t *bytes;
	int64_t size, space;
};

static void *must_allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

static struct content read_content(const char *path)
{
	struct content content = { 0 };
	struct stat status;
	FILE *file = fopen(path, "rb");

	if (!file)
		return content;
	if (fstat(fileno(file), &status) != 0)
		abort();
	content.size = status.st_size;
	content.bytes = must_allocate((size_t)content.size);
	if (fread(content.bytes, 1, (size_t)content.size, file) != (size_t)content.size)
		abort();
	(void)fclose(file);
	return content;
}

static void write_content(const char *path, const struct content *content)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(content->bytes, 1, (size_t)content->size, file) != (size_t)content->size ||
		fclose(file) != 0)
		abort();
}

static void resize(struct content *content, int64_t size)
{
	if (size >= content->space) {
		content->space = 2 * size + 1;
		content->bytes = realloc(content->bytes, (size_t)content->space);
	}
	if (!content->bytes)
		abort();
	if (size > content->size)
		memset(content->bytes + content->size, 0, (size_t)(size - content->size));
	content->size = size;
}

void fault_disk_init(struct fault_disk *disk, uint64_t seed)
{
	disk->files = NULL;
	disk->remains = REMAINS_ANY;
	random_init(&disk->random, seed);
}

static void forget_changes(struct fault_file *file)
{
	while (file->changes) {
		struct fault_change *older = file->changes->older;
		free(file->changes);
		file->changes = older;
	}
}

void fault_disk_finish(struct fault_disk *disk)
{
	while (disk->files) {
		struct fault_file *next = disk->files->next;
		forget_changes(disk->files);
		free(disk->files);
		disk->files = next;
	}
}

struct fault_file *fault_disk_file(struct fault_disk *disk, const char *path)
{
	struct fault_file *file = disk->files;
	struct stat status;

	while (file && strcmp(file->path, path) != 0)
		file = file->next;
	if (!file) {
		file = must_allocate(sizeof(*file));
		(void)snprintf(file->path, sizeof(file->path), "%s", path);
		file->next = disk->files;
		disk->files = file;
	}
	file->size = stat(path, &status) == 0 ? status.st_size : 0;
	return file;
}

static struct fault_change *note(struct fault_file *file, size_t before_size, size_t after_size, int64_t size_after)
{
	struct fault_change *change = must_allocate(sizeof(*change) + before_size + after_size);

	change->size_before = file->size;
	change->size_after = size_after;
	change->before_size = before_size;
	change->after_size = after_size;
	change->older = file->changes;
	file->changes = change;
	file->size = size_after;
	return change;
}

void fault_disk_write(
	struct fault_file *file, int64_t offset, const void *data, size_t size, const void *before, size_t before_size)
{
	int64_t end = offset + (int64_t)size;
	struct fault_change *change = note(file, before_size, size, end > file->size ? end : file->size);

	change->offset = offset;
	memcpy(change->bytes, before, before_size);
	memcpy(change->bytes + before_size, data, size);
}

/* Notes that all bytes from `size` on go. */
static struct fault_change *note_tail(struct fault_file *file, int64_t size)
{
	struct content content = { 0 };

	if (file->size > size)
		content = read_content(file->path);
	size_t tail = content.size > size ? (size_t)(content.size - size) : 0;
	struct fault_change *change = note(file, tail, 0, size);

	change->offset = size;
	if (tail)
		memcpy(change->bytes, content.bytes + size, tail);
	free(content.bytes);
	return change;
}

void fault_disk_truncate(struct fault_file *file, int64_t size)
{
	(void)note_tail(file, size);
}

void fault_disk_delete(struct fault_file *file, int synced)
{
	if (access(file->path, F_OK) != 0)
		return;
	note_tail(file, 0)->deletes = true;
	if (synced)
		forget_changes(file);
}

void fault_disk_sync(struct fault_file *file)
{
	forget_changes(file);
}

int64_t fault_disk_size(const struct fault_disk *disk)
{
	int64_t size = 0;

	for (const struct fault_file *file = disk->files; file; file = file->next)
		size += file->size;
	return size;
}

static void take_back(struct content *content, const struct fault_change *change)
{
	resize(content, change->size_before);
	memcpy(content->bytes + change->offset, change->bytes, change->before_size);
}

/* Lets the sectors of a write reach the disk as chance will have it: each may be old, new, or neither. */
static void tear(struct fault_disk *disk, struct content *content, const struct fault_change *change)
{
	const uint8_t *after = change->bytes + change->before_size;

	for (size_t at = 0; at < change->after_size;) {
		int64_t offset = change->offset + (int64_t)at;
		size_t sector = FAULT_SECTOR_SIZE - (size_t)(offset % FAULT_SECTOR_SIZE);
		size_t size = change->after_size - at < sector ? change->after_size - at : sector;
		uint64_t fate = random_below(&disk->random, 16);
		if (fate == 0)
			memset(content->bytes + offset, (int)random_below(&disk->random, 256), size);
		else if (fate < 8)
			memcpy(content->bytes + offset, after + at, size);
		at += size;
	}
}

static void happen(struct fault_disk *disk, struct content *content, const struct fault_change *change)
{
	uint64_t fate = disk->remains == REMAINS_TORN ? 1 : random_below(&disk->random, 4);

	if (fate == 0 || disk->remains == REMAINS_NOTHING)
		return;
	if (change->after_size == 0) {
		resize(content, change->size_after);
		return;
	}
	if (change->offset + (int64_t)change->after_size > content->size)
		resize(content, change->offset + (int64_t)change->after_size);
	if (fate == 1)
		tear(disk, content, change);
	else
		memcpy(content->bytes + change->offset, change->bytes + change->before_size, change->after_size);
}

/* The changes in the order in which they were made; ends with NULL, frees with free(). */
static struct fault_change **in_order(const struct fault_file *file)
{
	size_t count = 0;
	struct fault_change **changes;

	for (struct fault_change *change = file->changes; change; change = change->older)
		count++;
	changes = must_allocate((count + 1) * sizeof(changes[0]));
	for (struct fault_change *change = file->changes; change; change = change->older)
		changes[--count] = change;
	return changes;
}

static void lose_file(struct fault_disk *disk, struct fault_file *file)
{
	struct content content = read_content(file->path);
	struct fault_change **changes = in_order(file);
	bool gone = access(file->path, F_OK) != 0;

	for (const struct fault_change *change = file->changes; change; change = change->older)
		take_back(&content, change);
	for (size_t i = 0; changes[i]; i++) {
		if (!changes[i]->deletes)
			happen(disk, &content, changes[i]);
		else if (changes[i + 1])
			resize(&content, 0);
		else
			gone = disk->remains != REMAINS_NOTHING && random_below(&disk->random, 2) == 0;
	}
	if (gone)
		(void)unlink(file->path);
	else
		write_content(file->path, &content);
	file->size = gone ? 0 : content.size;
	free(content.bytes);
	free(changes);
	forget_changes(file);
}

void fault_disk_lose_power(struct fault_disk *disk)
{
	for (struct fault_file *file = disk->files; file; file = file->next) {
		if (file->changes)
			lose_file(disk, file);
	}
}
