#include "drivers/record_shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	char name[DRIVER_RECORD_NAME_MAX + 1];
	bool secret;
	size_t size;
	char value[];
};

void record_shelf_init(struct record_shelf *shelf)
{
	id_map_init(&shelf->by_name);
	shelf->bytes = 0;
}

/* Wipes a secret before its memory is anybody's; NULL is fine. */
static void kept_free(struct kept *kept)
{
	if (kept && kept->secret)
		explicit_bzero(kept->value, kept->size);
	free(kept);
}

void record_shelf_finish(struct record_shelf *shelf)
{
	for (size_t i = 0; i < shelf->by_name.room; i++)
		kept_free(shelf->by_name.entries[i].value);
	id_map_finish(&shelf->by_name);
}

static size_t bytes_of(const struct kept *kept)
{
	return kept ? sizeof(*kept) + kept->size : 0;
}

static bool is_well_formed(const struct driver_record *record)
{
	size_t size = strlen(record->name);

	if (size == 0 || size > DRIVER_RECORD_NAME_MAX || record->value.size > DRIVER_RECORD_MAX)
		return false;
	for (const char *c = record->name; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

int record_shelf_look(const struct record_shelf *shelf, const struct driver_record *record)
{
	if (!is_well_formed(record))
		return -EINVAL;
	const struct kept *former = id_map_find(&shelf->by_name, record->name);
	if (record->value.size == 0)
		return former ? 1 : 0;
	if (former && former->secret == record->secret && former->size == record->value.size &&
		memcmp(former->value, record->value.data, former->size) == 0)
		return 0;
	size_t bytes = shelf->bytes - bytes_of(former) + sizeof(*former) + record->value.size;
	if (bytes > DRIVER_RECORDS_BYTES_MAX || (!former && shelf->by_name.count >= DRIVER_RECORDS_MAX))
		return -ENOSPC;
	return 1;
}

static struct kept *copy_of(const struct driver_record *record)
{
	struct kept *kept = calloc(1, sizeof(*kept) + record->value.size);

	if (!kept)
		return NULL;
	memcpy(kept->name, record->name, strlen(record->name));
	kept->secret = record->secret;
	kept->size = record->value.size;
	memcpy(kept->value, record->value.data, record->value.size);
	return kept;
}

static void discard(struct record_shelf *shelf, struct kept *kept)
{
	if (!kept)
		return;
	id_map_remove(&shelf->by_name, kept->name);
	shelf->bytes -= bytes_of(kept);
	kept_free(kept);
}

int record_shelf_put(struct record_shelf *shelf, const struct driver_record *record)
{
	struct kept *former = id_map_find(&shelf->by_name, record->name);
	struct kept *kept = record->value.size > 0 ? copy_of(record) : NULL;

	if (!kept && record->value.size > 0)
		return -ENOMEM;
	discard(shelf, former);
	if (!kept)
		return 0;
	if (id_map_add(&shelf->by_name, kept->name, kept) < 0) {
		kept_free(kept);
		return -ENOMEM;
	}
	shelf->bytes += bytes_of(kept);
	return 0;
}

static struct driver_record record_of(const struct kept *kept)
{
	return (struct driver_record){ kept->name, { kept->value, kept->size }, kept->secret };
}

bool record_shelf_find(const struct record_shelf *shelf, const char *name, struct driver_record *out)
{
	const struct kept *kept = id_map_find(&shelf->by_name, name);

	if (kept)
		*out = record_of(kept);
	return kept;
}

void record_shelf_each(
	const struct record_shelf *shelf, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	for (size_t i = 0; i < shelf->by_name.room; i++) {
		const struct kept *kept = shelf->by_name.entries[i].value;
		if (!kept)
			continue;
		const struct driver_record record = record_of(kept);
		each(taker, &record);
	}
}
