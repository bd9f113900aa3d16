#include "gateway/driver_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/id_map.h"
#include "gateway/log.h"
#include "store/driver_store.h"

struct kept {
	char name[DRIVER_RECORD_NAME_MAX + 1];
	bool secret;
	size_t size;
	char value[];
};

/* Of one driver. */
struct shelf {
	struct shelf *next;
	char driver[STORED_DRIVER_MAX + 1];
	struct id_map by_name;
	size_t bytes;
};

struct driver_records {
	struct store *store;
	struct shelf *shelves;
	int load_error;
};

static struct shelf *find_shelf(const struct driver_records *records, const char *driver)
{
	struct shelf *shelf = records->shelves;

	while (shelf && strcmp(shelf->driver, driver) != 0)
		shelf = shelf->next;
	return shelf;
}

static struct shelf *shelf_of(struct driver_records *records, const char *driver)
{
	struct shelf *shelf = find_shelf(records, driver);

	if (shelf || strlen(driver) > STORED_DRIVER_MAX)
		return shelf;
	shelf = calloc(1, sizeof(*shelf));
	if (!shelf)
		return NULL;
	memcpy(shelf->driver, driver, strlen(driver));
	id_map_init(&shelf->by_name);
	shelf->next = records->shelves;
	records->shelves = shelf;
	return shelf;
}

static size_t bytes_of(const struct kept *kept)
{
	return kept ? sizeof(*kept) + kept->size : 0;
}

/* Wipes a secret before its memory is anybody's; NULL is fine. */
static void kept_free(struct kept *kept)
{
	if (kept && kept->secret)
		explicit_bzero(kept->value, kept->size);
	free(kept);
}

static void discard(struct shelf *shelf, struct kept *kept)
{
	if (!kept)
		return;
	id_map_remove(&shelf->by_name, kept->name);
	shelf->bytes -= bytes_of(kept);
	kept_free(kept);
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

static int put(struct shelf *shelf, const struct driver_record *record)
{
	struct kept *kept = copy_of(record);

	if (!kept)
		return -ENOMEM;
	discard(shelf, id_map_find(&shelf->by_name, record->name));
	if (id_map_add(&shelf->by_name, kept->name, kept) < 0) {
		kept_free(kept);
		return -ENOMEM;
	}
	shelf->bytes += bytes_of(kept);
	return 0;
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

static bool has_room(const struct shelf *shelf, const struct driver_record *record)
{
	const struct kept *former = id_map_find(&shelf->by_name, record->name);
	size_t bytes = shelf->bytes - bytes_of(former) + sizeof(*former) + record->value.size;

	return bytes <= DRIVER_RECORDS_BYTES_MAX && (former || shelf->by_name.count < DRIVER_RECORDS_MAX);
}

static bool is_same(const struct kept *kept, const struct driver_record *record)
{
	return kept && kept->secret == record->secret && kept->size == record->value.size &&
	       memcmp(kept->value, record->value.data, kept->size) == 0;
}

static void on_saved(void *context, int result)
{
	if (result < 0)
		log_error("driver.record_not_kept error=\"%s\"", strerror(-result));
}

static int save(struct driver_records *records, const char *driver, const struct driver_record *record)
{
	const struct stored_driver_record stored = {
		.driver = driver,
		.name = record->name,
		.value = record->value.data,
		.size = record->value.size,
		.secret = record->secret,
	};

	return store_driver_record_save(records->store, &stored, (struct store_reply){ on_saved, records });
}

int driver_records_keep(struct driver_records *records, const char *driver, const struct driver_record *record)
{
	if (!is_well_formed(record))
		return -EINVAL;
	struct shelf *shelf = shelf_of(records, driver);
	if (!shelf)
		return strlen(driver) > STORED_DRIVER_MAX ? -EINVAL : -ENOMEM;
	struct kept *former = id_map_find(&shelf->by_name, record->name);
	if (record->value.size == 0 ? !former : is_same(former, record))
		return 0;
	if (record->value.size > 0 && !has_room(shelf, record))
		return -ENOSPC;
	if (!records->store)
		return -ESHUTDOWN;
	int error = save(records, driver, record);
	if (error < 0)
		return error;
	if (record->value.size > 0)
		return put(shelf, record);
	discard(shelf, former);
	return 0;
}

void driver_records_recall(const struct driver_records *records, const char *driver,
	void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	const struct shelf *shelf = find_shelf(records, driver);

	for (size_t i = 0; shelf && i < shelf->by_name.room; i++) {
		const struct kept *kept = shelf->by_name.entries[i].value;
		if (kept)
			each(taker, &(struct driver_record){ kept->name, { kept->value, kept->size }, kept->secret });
	}
}

/* On the store thread, while driver_records_open() waits. */
static void on_loaded(void *context, const struct stored_driver_record *stored)
{
	struct driver_records *records = context;
	const struct driver_record record = {
		.name = stored->name,
		.value = { stored->value, stored->size },
		.secret = stored->secret,
	};
	struct shelf *shelf = shelf_of(records, stored->driver);

	if (!shelf || put(shelf, &record) < 0)
		records->load_error = -ENOMEM;
}

int driver_records_open(struct driver_records **out, struct store *store)
{
	struct driver_records *records = calloc(1, sizeof(*records));

	if (!records)
		return -ENOMEM;
	records->store = store;
	int error = store_driver_records_load(store, on_loaded, records);
	if (!error)
		error = records->load_error;
	if (error) {
		driver_records_close(records);
		return error;
	}
	*out = records;
	return 0;
}

static void close_shelf(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->by_name.room; i++)
		kept_free(shelf->by_name.entries[i].value);
	id_map_finish(&shelf->by_name);
	free(shelf);
}

void driver_records_shut(struct driver_records *records)
{
	if (records)
		records->store = NULL;
}

void driver_records_close(struct driver_records *records)
{
	if (!records)
		return;
	while (records->shelves) {
		struct shelf *shelf = records->shelves;
		records->shelves = shelf->next;
		close_shelf(shelf);
	}
	free(records);
}
