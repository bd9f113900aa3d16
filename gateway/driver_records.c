#include "gateway/driver_records.h"

#include <errno.h>
#include <stdbool.h>
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

/* A record on its way into the store, or one that did not get there. */
struct saving {
	struct saving *next;
	struct driver_records *records;
	char driver[STORED_DRIVER_MAX + 1];
	char name[STORED_RECORD_NAME_MAX + 1];
};

struct driver_records {
	struct store *store;
	struct shelf *shelves;
	struct saving *unsaved;
	bool failing; /* the log knows of it */
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

/* A driver says what it keeps once, so it is up to us to say it again. */
static void put_aside(struct saving *saving, int error)
{
	struct driver_records *records = saving->records;

	if (!records->failing)
		log_error("driver.record_not_kept driver=%s error=\"%s\"", saving->driver, strerror(-error));
	records->failing = true;
	saving->next = records->unsaved;
	records->unsaved = saving;
}

static void on_saved(void *context, int result)
{
	struct saving *saving = context;
	struct driver_records *records = saving->records;

	if (result < 0) {
		put_aside(saving, result);
		return;
	}
	free(saving);
	if (records->failing && !records->unsaved) {
		records->failing = false;
		log_notice("driver.records_kept_again");
	}
}

/* Takes `saving`, but for an error. */
static int save(struct driver_records *records, struct saving *saving, const struct driver_record *record)
{
	const struct stored_driver_record stored = {
		.driver = saving->driver,
		.name = saving->name,
		.value = record->value.data,
		.size = record->value.size,
		.secret = record->secret,
	};

	return store_driver_record_save(records->store, &stored, (struct store_reply){ on_saved, saving });
}

static int save_anew(struct driver_records *records, const char *driver, const struct driver_record *record)
{
	struct saving *saving = calloc(1, sizeof(*saving));

	if (!saving)
		return -ENOMEM;
	saving->records = records;
	memcpy(saving->driver, driver, strlen(driver));
	memcpy(saving->name, record->name, strlen(record->name)); /* its size was checked */
	int error = save(records, saving, record);
	if (error)
		free(saving);
	return error;
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
	int error = save_anew(records, driver, record);
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

void driver_records_tick(struct driver_records *records)
{
	struct saving *list = records->unsaved;
	int error = 0;

	if (!list || !records->store)
		return;
	records->unsaved = NULL;
	while (list && !error) {
		struct saving *saving = list;
		struct driver_record record = { .name = saving->name }; /* empty: it was forgotten meanwhile */
		(void)record_shelf_find(&find_shelf(records, saving->driver)->kept, saving->name, &record);
		error = save(records, saving, &record);
		if (!error)
			list = saving->next;
	}
	records->unsaved = list;
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
	while (records->unsaved) {
		struct saving *saving = records->unsaved;
		records->unsaved = saving->next;
		free(saving);
	}
	while (records->shelves) {
		struct shelf *shelf = records->shelves;
		records->shelves = shelf->next;
		record_shelf_finish(&shelf->kept);
		free(shelf);
	}
	free(records);
}
