#include "gateway/driver_records.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
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
	uint64_t refused_at; /* the number of what was refused last; 0: nothing was */
	int refused;         /* why */
};

/* A record on its way into the store, or one that did not get there. */
struct saving {
	struct saving *next, **at; /* of those under way, or of the others */
	struct driver_records *records;
	uint64_t number; /* in the order in which they were kept */
	int error;       /* of the store, of one that did not get there */
	char driver[STORED_DRIVER_MAX + 1];
	char name[STORED_RECORD_NAME_MAX + 1];
};

/* Somebody who waits until what a driver kept is durable: the records with numbers after `after`, up to `last`. */
struct waiting {
	struct waiting *next;
	char driver[STORED_DRIVER_MAX + 1];
	uint64_t after, last;
	void (*done)(void *context, int result);
	void *context;
};

struct driver_records {
	struct store *store;
	struct shelf *shelves;
	struct saving *under_way, *unsaved;
	struct waiting *waiting;
	uint64_t number; /* the latest */
	bool failing;    /* the log knows of it */
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

static void enter(struct saving **list, struct saving *saving)
{
	saving->next = *list;
	saving->at = list;
	if (saving->next)
		saving->next->at = &saving->next;
	*list = saving;
}

static void leave(struct saving *saving)
{
	*saving->at = saving->next;
	if (saving->next)
		saving->next->at = saving->at;
}

/* ---- who waits ---- */

static const struct saving *find_awaited(const struct saving *list, const struct waiting *waiting)
{
	while (list && (list->number <= waiting->after || list->number > waiting->last ||
			       strcmp(list->driver, waiting->driver) != 0))
		list = list->next;
	return list;
}

/* 1: not all is durable yet. */
static int outcome_of(const struct driver_records *records, const struct waiting *waiting)
{
	const struct shelf *shelf = find_shelf(records, waiting->driver);
	const struct saving *unsaved = find_awaited(records->unsaved, waiting);

	if (shelf && shelf->refused_at > waiting->after && shelf->refused_at <= waiting->last)
		return shelf->refused;
	if (unsaved)
		return unsaved->error;
	return find_awaited(records->under_way, waiting) ? 1 : 0;
}

static void tell_waiting(struct driver_records *records)
{
	struct waiting **at = &records->waiting;

	while (*at) {
		struct waiting *waiting = *at;
		int outcome = outcome_of(records, waiting);
		if (outcome > 0) {
			at = &waiting->next;
			continue;
		}
		*at = waiting->next;
		waiting->done(waiting->context, outcome);
		free(waiting);
		at = &records->waiting; /* whoever is told may wait anew */
	}
}

uint64_t driver_records_mark(const struct driver_records *records)
{
	return records->number;
}

int driver_records_wait(struct driver_records *records, const char *driver, uint64_t mark,
	void (*done)(void *context, int result), void *context)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return -ENOMEM;
	*waiting = (struct waiting){
		.next = records->waiting, .after = mark, .last = records->number, .done = done, .context = context
	};
	/* None with a longer name keeps anything. */
	(void)snprintf(waiting->driver, sizeof(waiting->driver), "%s", driver);
	records->waiting = waiting;
	tell_waiting(records);
	return 0;
}

/* ---- saving ---- */

/* A driver says what it keeps once, so it is up to us to say it again. */
static void put_aside(struct saving *saving, int error)
{
	struct driver_records *records = saving->records;

	if (!records->failing)
		log_error("driver.record_not_kept driver=%s error=\"%s\"", saving->driver, strerror(-error));
	records->failing = true;
	saving->error = error;
	enter(&records->unsaved, saving);
}

static void on_saved(void *context, int result)
{
	struct saving *saving = context;
	struct driver_records *records = saving->records;

	leave(saving);
	if (result < 0)
		put_aside(saving, result);
	else
		free(saving);
	tell_waiting(records);
	if (records->failing && !records->unsaved && result == 0) {
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

	int error = store_driver_record_save(records->store, &stored, (struct store_reply){ on_saved, saving });
	if (!error)
		enter(&records->under_way, saving);
	return error;
}

static int save_anew(struct driver_records *records, const char *driver, const struct driver_record *record)
{
	struct saving *saving = calloc(1, sizeof(*saving));

	if (!saving)
		return -ENOMEM;
	saving->records = records;
	saving->number = records->number;
	memcpy(saving->driver, driver, strlen(driver));
	memcpy(saving->name, record->name, strlen(record->name)); /* its size was checked */
	int error = save(records, saving, record);
	if (error)
		free(saving);
	return error;
}

static int keep(struct driver_records *records, struct shelf *shelf, const struct driver_record *record)
{
	int change = record_shelf_look(&shelf->kept, record);

	if (change <= 0)
		return change;
	if (!records->store)
		return -ESHUTDOWN;
	int error = save_anew(records, shelf->driver, record);
	return error < 0 ? error : record_shelf_put(&shelf->kept, record);
}

int driver_records_keep(struct driver_records *records, const char *driver, const struct driver_record *record)
{
	struct shelf *shelf = shelf_of(records, driver);

	if (!shelf)
		return strlen(driver) > STORED_DRIVER_MAX ? -EINVAL : -ENOMEM;
	records->number++;
	int error = keep(records, shelf, record);
	if (error) {
		shelf->refused_at = records->number;
		shelf->refused = error;
	}
	return error;
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
	while (list && !error) {
		struct saving *saving = list;
		struct driver_record record = { .name = saving->name }; /* empty: it was forgotten meanwhile */
		(void)record_shelf_find(&find_shelf(records, saving->driver)->kept, saving->name, &record);
		list = saving->next;
		leave(saving);
		error = save(records, saving, &record);
		if (error)
			enter(&records->unsaved, saving);
	}
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
	while (records->waiting) {
		struct waiting *waiting = records->waiting;
		records->waiting = waiting->next;
		waiting->done(waiting->context, -ESHUTDOWN);
		free(waiting);
	}
	while (records->unsaved) {
		struct saving *saving = records->unsaved;
		leave(saving);
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
