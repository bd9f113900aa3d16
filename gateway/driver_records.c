#include "gateway/driver_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/record_shelf.h"
#include "gateway/log.h"
#include "store/driver_store.h"

/* Of one driver. */
struct shelf {
	struct shelf *next;
	char driver[STORED_DRIVER_MAX + 1];
	struct record_shelf kept;
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
	record_shelf_init(&shelf->kept);
	shelf->next = records->shelves;
	records->shelves = shelf;
	return shelf;
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
	struct shelf *shelf = shelf_of(records, driver);

	if (!shelf)
		return strlen(driver) > STORED_DRIVER_MAX ? -EINVAL : -ENOMEM;
	int change = record_shelf_look(&shelf->kept, record);
	if (change <= 0)
		return change;
	if (!records->store)
		return -ESHUTDOWN;
	int error = save(records, driver, record);
	return error < 0 ? error : record_shelf_put(&shelf->kept, record);
}

void driver_records_recall(const struct driver_records *records, const char *driver,
	void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	const struct shelf *shelf = find_shelf(records, driver);

	if (shelf)
		record_shelf_each(&shelf->kept, each, taker);
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

	if (!shelf || record_shelf_put(&shelf->kept, &record) < 0)
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
		record_shelf_finish(&shelf->kept);
		free(shelf);
	}
	free(records);
}
