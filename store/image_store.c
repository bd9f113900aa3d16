#include "store/image_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/checksum.h"
#include "store/database.h"
#include "store/operation.h"
#include "store/row.h"
#include "store/space.h"

#define DIGEST_SIZE 32
#define CRC_SIZE 4

/* What appending and reading need of an image's row. */
struct image {
	int64_t number;
	uint32_t size_bytes, stored_bytes;
	uint32_t tail_crc; /* of what is there of a chunk that is not whole */
	bool complete;
};

static int64_t chunk_number(const struct image *image, uint32_t index)
{
	return image->number * 65536 + index;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t chunk_size(const struct image *image, uint32_t index)
{
	return smaller(IMAGE_CHUNK_SIZE, image->size_bytes - index * IMAGE_CHUNK_SIZE);
}

static void crc_to_bytes(uint32_t crc, uint8_t out[CRC_SIZE])
{
	for (int i = 0; i < CRC_SIZE; i++)
		out[i] = (uint8_t)(crc >> (8 * i));
}

/* -ENOENT if there is no such image. */
static int find_image(struct database *database, const uint8_t sha256[DIGEST_SIZE], struct image *out)
{
	static const char sql[] =
		"SELECT number, size_bytes, stored_bytes, tail_crc32c, complete FROM image WHERE sha256 = ?";
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_blob(&row, sha256, DIGEST_SIZE);
	result = database_step(database, row.statement);
	if (result <= 0)
		return result < 0 ? result : -ENOENT;
	row.next = 0;
	out->number = row_int(&row);
	out->size_bytes = (uint32_t)row_int(&row);
	out->stored_bytes = (uint32_t)row_int(&row);
	out->tail_crc = (uint32_t)row_int(&row);
	out->complete = row_int(&row) != 0;
	(void)sqlite3_reset(row.statement);
	return 0;
}

struct load {
	struct operation base;
	void (*each)(void *context, const struct stored_image *image);
	void *context;
};

static void read_image(struct row *row, struct stored_image *image)
{
	memset(image, 0, sizeof(*image));
	row->next = 0;
	(void)row_copy(row, image->sha256, sizeof(image->sha256));
	(void)row_copy(row, image->sha1, sizeof(image->sha1));
	image->size_bytes = (uint32_t)row_int(row);
	image->stored_bytes = (uint32_t)row_int(row);
	image->complete = row_int(row) != 0;
	row_text(row, image->name, sizeof(image->name));
	row_text(row, image->format, sizeof(image->format));
	row_text(row, image->version, sizeof(image->version));
	row_text(row, image->hardware, sizeof(image->hardware));
	row_text(row, image->signer, sizeof(image->signer));
	image->added_ms = row_int(row);
	image->used_ms = row_int(row);
	row_text(row, image->origin, sizeof(image->origin));
	row_text(row, image->requires, sizeof(image->requires));
	row_text(row, image->only_for, sizeof(image->only_for));
	row_text(row, image->manifest, sizeof(image->manifest));
}

static int run_load(struct operation *operation, struct database *database)
{
	static const char sql[] =
		"SELECT sha256, sha1, size_bytes, stored_bytes, complete, name, format, version, hardware,"
		" signer, added_ms, used_ms, origin, requires, only_for, text FROM image LEFT JOIN manifest"
		" ON manifest.image = image.number ORDER BY number";
	struct load *load = (struct load *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	while (result >= 0 && (result = database_step(database, row.statement)) > 0) {
		struct stored_image image;
		read_image(&row, &image);
		load->each(load->context, &image);
	}
	return result;
}

int store_images_load(struct store *store, void (*each)(void *context, const struct stored_image *image), void *context)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_READS, run_load, NULL, NULL };
	struct load load = { .base.kind = &kind, .each = each, .context = context };

	return store_await(store, &load.base);
}

struct describe {
	struct operation base;
	struct stored_image image;
};

static int submit_description(struct store *store, const struct operation_kind *kind, const struct stored_image *image,
	struct store_reply reply)
{
	struct describe *describe = operation_new(kind, sizeof(*describe), reply);

	if (!describe)
		return -ENOMEM;
	describe->image = *image;
	return store_submit(store, &describe->base);
}

static int write_manifest(struct database *database, int64_t number, const char *text)
{
	struct row row = { 0 };
	int result = database_prepare(database, "INSERT OR REPLACE INTO manifest VALUES (?, ?)", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, number);
	bind_text(&row, text);
	return database_step(database, row.statement);
}

/* The columns that begin and complete have in common. */
static void bind_description(struct row *row, const struct stored_image *image)
{
	bind_blob(row, image->sha256, sizeof(image->sha256));
	bind_blob(row, image->sha1, sizeof(image->sha1));
	bind_text(row, image->name);
	bind_text(row, image->format);
	bind_text(row, image->version);
	bind_text(row, image->hardware);
	bind_text(row, image->signer);
	bind_int(row, image->added_ms);
	bind_int(row, image->used_ms);
	bind_text(row, image->origin);
	bind_text(row, image->requires);
	bind_text(row, image->only_for);
}

static int run_begin(struct operation *operation, struct database *database)
{
	static const char sql[] =
		"INSERT INTO image(sha256, sha1, name, format, version, hardware, signer, added_ms, used_ms, origin,"
		" requires, only_for, size_bytes, stored_bytes, tail_crc32c, complete)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)";
	const struct stored_image *image = &((struct describe *)operation)->image;
	struct row row = { 0 };
	int result = space_make(database, image->size_bytes);

	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_description(&row, image);
	bind_int(&row, image->size_bytes);
	result = database_step(database, row.statement);
	if (result < 0 || !image->manifest[0])
		return result;
	return write_manifest(database, sqlite3_last_insert_rowid(database->connection), image->manifest);
}

int store_image_begin(struct store *store, const struct stored_image *image, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_WRITES, run_begin, NULL, NULL };

	return image->size_bytes ? submit_description(store, &kind, image, reply) : -EINVAL;
}

static int run_complete(struct operation *operation, struct database *database)
{
	static const char sql[] =
		"UPDATE image SET sha1 = ?2, name = ?3, format = ?4, version = ?5, hardware = ?6, signer = ?7,"
		" added_ms = ?8, used_ms = ?9, origin = ?10, requires = ?11, only_for = ?12, complete = 1 WHERE sha256 "
		"= ?1";
	const struct stored_image *description = &((struct describe *)operation)->image;
	struct image image;
	struct row row = { 0 };
	int result = find_image(database, description->sha256, &image);

	if (result == 0 && image.stored_bytes != image.size_bytes)
		return -EINVAL;
	if (result == 0)
		result = database_prepare(database, sql, &row.statement);
	if (result < 0)
		return result;
	bind_description(&row, description);
	result = database_step(database, row.statement);
	return result < 0 ? result : write_manifest(database, image.number, description->manifest);
}

int store_image_complete(struct store *store, const struct stored_image *image, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_WRITES, run_complete, NULL, NULL };

	return submit_description(store, &kind, image, reply);
}

struct append {
	struct operation base;
	uint8_t sha256[DIGEST_SIZE];
	uint32_t offset;
	size_t size;
	uint8_t data[];
};

static int insert_chunk(struct database *database, int64_t number, uint32_t crc, const void *data, uint32_t size)
{
	uint8_t crc_bytes[CRC_SIZE];
	struct row row = { 0 };
	int result = database_prepare(database, "INSERT INTO chunk VALUES (?, ?, ?)", &row.statement);

	if (result < 0)
		return result;
	crc_to_bytes(crc, crc_bytes);
	bind_int(&row, number);
	bind_blob(&row, crc_bytes, sizeof(crc_bytes));
	if (data)
		bind_blob(&row, data, size);
	else
		(void)sqlite3_bind_zeroblob(row.statement, 3, (int)size);
	return database_step(database, row.statement);
}

/* Writes inside a chunk: only the pages that it touches, not the chunk. */
static int patch_chunk(
	struct database *database, int64_t number, const char *column, const void *data, uint32_t size, uint32_t at)
{
	sqlite3_blob *blob = NULL;
	int code = sqlite3_blob_open(database->connection, "main", "chunk", column, number, 1, &blob);

	if (code == SQLITE_OK)
		code = sqlite3_blob_write(blob, data, (int)size, (int)at);
	int closed = sqlite3_blob_close(blob);
	return database_error(database, code == SQLITE_OK ? closed : code);
}

static int append_to_chunk(struct database *database, struct image *image, const void *data, uint32_t size)
{
	uint32_t index = image->stored_bytes / IMAGE_CHUNK_SIZE, at = image->stored_bytes % IMAGE_CHUNK_SIZE;
	uint32_t whole = chunk_size(image, index);
	int64_t number = chunk_number(image, index);
	uint32_t crc = crc32c(at ? image->tail_crc : 0, data, size);
	uint8_t crc_bytes[CRC_SIZE];
	int result = 0;

	image->stored_bytes += size;
	image->tail_crc = crc;
	if (size == whole)
		return insert_chunk(database, number, crc, data, size);
	if (at == 0)
		result = insert_chunk(database, number, 0, NULL, whole);
	if (result == 0)
		result = patch_chunk(database, number, "data", data, size, at);
	if (result < 0 || at + size < whole)
		return result;
	crc_to_bytes(crc, crc_bytes);
	return patch_chunk(database, number, "crc32c", crc_bytes, CRC_SIZE, 0);
}

static int write_progress(struct database *database, const struct image *image)
{
	struct row row = { 0 };
	int result = database_prepare(
		database, "UPDATE image SET stored_bytes = ?, tail_crc32c = ? WHERE number = ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, image->stored_bytes);
	bind_int(&row, image->tail_crc);
	bind_int(&row, image->number);
	return database_step(database, row.statement);
}

static int run_append(struct operation *operation, struct database *database)
{
	const struct append *append = (struct append *)operation;
	struct image image;
	int result = find_image(database, append->sha256, &image);

	if (result < 0)
		return result;
	if (image.complete || append->offset != image.stored_bytes ||
		append->size > image.size_bytes - image.stored_bytes)
		return -EINVAL;
	result = space_make(database, append->size);
	for (uint32_t done = 0; result == 0 && done < append->size;) {
		uint32_t left_in_chunk = IMAGE_CHUNK_SIZE - image.stored_bytes % IMAGE_CHUNK_SIZE;
		uint32_t piece = smaller((uint32_t)append->size - done, left_in_chunk);
		result = append_to_chunk(database, &image, append->data + done, piece);
		done += piece;
	}
	return result < 0 ? result : write_progress(database, &image);
}

int store_image_append(struct store *store, const uint8_t sha256[32], uint32_t offset, const void *data, size_t size,
	struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_WRITES, run_append, NULL, NULL };
	struct append *append;

	if (size == 0 || size > IMAGE_CHUNK_SIZE)
		return -EINVAL;
	append = operation_new(&kind, sizeof(*append) + size, reply);
	if (!append)
		return -ENOMEM;
	memcpy(append->sha256, sha256, DIGEST_SIZE);
	append->offset = offset;
	append->size = size;
	memcpy(append->data, data, size);
	return store_submit(store, &append->base);
}

struct touch {
	struct operation base;
	uint8_t sha256[DIGEST_SIZE];
	int64_t used_ms;
};

static int run_touch(struct operation *operation, struct database *database)
{
	const struct touch *touch = (struct touch *)operation;
	struct row row = { 0 };
	int result = database_prepare(database, "UPDATE image SET used_ms = ? WHERE sha256 = ?", &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, touch->used_ms);
	bind_blob(&row, touch->sha256, DIGEST_SIZE);
	return database_step(database, row.statement);
}

int store_image_touch(struct store *store, const uint8_t sha256[32], int64_t used_ms, struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_WRITES_LATER, run_touch, NULL, NULL };
	struct touch *touch = operation_new(&kind, sizeof(*touch), reply);

	if (!touch)
		return -ENOMEM;
	memcpy(touch->sha256, sha256, DIGEST_SIZE);
	touch->used_ms = used_ms;
	return store_submit(store, &touch->base);
}

struct drop {
	struct operation base;
	uint8_t sha256[DIGEST_SIZE];
};

static int delete_numbers(struct database *database, const char *sql, int64_t from, int64_t to)
{
	struct row row = { 0 };
	int result = database_prepare(database, sql, &row.statement);

	if (result < 0)
		return result;
	bind_int(&row, from);
	bind_int(&row, to);
	return database_step(database, row.statement);
}

static int run_drop(struct operation *operation, struct database *database)
{
	struct image image;
	int result = find_image(database, ((struct drop *)operation)->sha256, &image);

	if (result == 0)
		result = delete_numbers(database, "DELETE FROM chunk WHERE number BETWEEN ? AND ?",
			chunk_number(&image, 0), chunk_number(&image, 65535));
	if (result == 0)
		result = delete_numbers(
			database, "DELETE FROM manifest WHERE image BETWEEN ? AND ?", image.number, image.number);
	if (result == 0)
		result = delete_numbers(
			database, "DELETE FROM image WHERE number BETWEEN ? AND ?", image.number, image.number);
	return result;
}

int store_image_remove(struct store *store, const uint8_t sha256[32], struct store_reply reply)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_WRITES, run_drop, NULL, NULL };
	struct drop *drop = operation_new(&kind, sizeof(*drop), reply);

	if (!drop)
		return -ENOMEM;
	memcpy(drop->sha256, sha256, DIGEST_SIZE);
	return store_submit(store, &drop->base);
}

struct fetch {
	struct operation base;
	uint8_t sha256[DIGEST_SIZE];
	uint32_t index;
	struct chunk_reader reader;
	uint8_t *data;
};

/* Copies the `size` bytes there are of the chunk once their checksum is right. */
static int take_chunk(struct fetch *fetch, struct row *row, const struct image *image, uint32_t size)
{
	uint8_t expected[CRC_SIZE], found[CRC_SIZE];
	size_t found_size;

	row->next = 0;
	if (row_copy(row, expected, CRC_SIZE) != CRC_SIZE)
		return -EBADMSG;
	const void *data = row_blob(row, &found_size);
	if (found_size < size)
		return -EBADMSG;
	if (size < chunk_size(image, fetch->index))
		crc_to_bytes(image->tail_crc, expected);
	crc_to_bytes(crc32c(0, data, size), found);
	if (memcmp(expected, found, CRC_SIZE) != 0)
		return -EBADMSG;
	fetch->data = malloc(size);
	if (!fetch->data)
		return -ENOMEM;
	memcpy(fetch->data, data, size);
	return (int)size;
}

static int run_fetch(struct operation *operation, struct database *database)
{
	struct fetch *fetch = (struct fetch *)operation;
	struct image image;
	struct row row = { 0 };
	int result = find_image(database, fetch->sha256, &image);

	if (result < 0)
		return result;
	if (fetch->index >= (image.stored_bytes + (uint64_t)IMAGE_CHUNK_SIZE - 1) / IMAGE_CHUNK_SIZE)
		return -ENOENT;
	uint32_t size = smaller(IMAGE_CHUNK_SIZE, image.stored_bytes - fetch->index * IMAGE_CHUNK_SIZE);
	result = database_prepare(database, "SELECT crc32c, data FROM chunk WHERE number = ?", &row.statement);
	if (result < 0)
		return result;
	bind_int(&row, chunk_number(&image, fetch->index));
	result = database_step(database, row.statement);
	if (result > 0)
		result = take_chunk(fetch, &row, &image, size);
	else if (result == 0)
		result = -EBADMSG;
	(void)sqlite3_reset(row.statement);
	return result;
}

static void tell_fetch(struct operation *operation)
{
	struct fetch *fetch = (struct fetch *)operation;

	fetch->reader.chunk(fetch->reader.context, operation->result, operation->result < 0 ? NULL : fetch->data);
}

static void clear_fetch(struct operation *operation)
{
	free(((struct fetch *)operation)->data);
}

int store_image_read(struct store *store, const uint8_t sha256[32], uint32_t index, struct chunk_reader reader)
{
	static const struct operation_kind kind = { STORE_IMAGES, OPERATION_READS, run_fetch, tell_fetch, clear_fetch };
	struct fetch *fetch = operation_new(&kind, sizeof(*fetch), (struct store_reply){ 0 });

	if (!fetch)
		return -ENOMEM;
	memcpy(fetch->sha256, sha256, DIGEST_SIZE);
	fetch->index = index;
	fetch->reader = reader;
	fetch->base.cost += IMAGE_CHUNK_SIZE;
	return store_submit(store, &fetch->base);
}
