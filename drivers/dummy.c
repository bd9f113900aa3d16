#include "drivers/dummy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/id_map.h"
#include "drivers/image_source.h"

#define OFFERS_MAX 100000
#define COMMAND_SIZE (NODE_ID_MAX + NODE_COMMAND_MAX + 16)

struct standing_offer {
	struct driver_offer offer;
	char node[NODE_ID_MAX + 1];
};

struct driver {
	const struct driver_host *host;
	struct id_map offers;
	struct dummy_calls calls;
	struct driver_counter counter;
	uint64_t offers_total;
	char command[COMMAND_SIZE];
	struct driver_question waiting; /* without `done`: none */
};

int dummy_contact(struct driver *driver, const struct node_contact *contact, struct contact_answer *answer)
{
	return driver->host->contact(driver->host->context, contact, answer);
}

static void on_done(void *context, int result, uint32_t retry_s)
{
	struct dummy_report *report = context;

	*report = (struct dummy_report){ .done = true, .result = result, .retry_s = retry_s };
}

void dummy_repeat(struct driver *driver, const struct reading_report *from, struct dummy_report *outcome)
{
	struct reading_report report = *from;

	*outcome = (struct dummy_report){ 0 };
	report.done = on_done;
	report.context = outcome;
	driver->host->report(driver->host->context, &report);
}

void dummy_report(struct driver *driver, const char *node, const struct reading *readings, size_t count,
	struct dummy_report *outcome)
{
	dummy_repeat(driver, &(struct reading_report){ .node = node, .readings = readings, .count = count }, outcome);
}

void dummy_progress(struct driver *driver, const struct delivery_progress *progress)
{
	driver->host->progress(driver->host->context, progress);
}

int dummy_keep(struct driver *driver, const struct driver_record *record)
{
	return driver->host->keep(driver->host->context, record);
}

void dummy_recall(struct driver *driver, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	driver->host->recall(driver->host->context, each, taker);
}

bool dummy_answer(struct driver *driver, int result, struct span answer)
{
	const struct driver_question question = driver->waiting;

	driver->waiting = (struct driver_question){ 0 };
	if (question.done)
		question.done(question.context, result, answer);
	return question.done;
}

const struct driver_offer *dummy_offer(const struct driver *driver, const char *node)
{
	const struct standing_offer *standing = id_map_find(&driver->offers, node);

	return standing ? &standing->offer : NULL;
}

const struct dummy_calls *dummy_calls(const struct driver *driver)
{
	return &driver->calls;
}

const char *dummy_command(const struct driver *driver)
{
	return driver->command;
}

static int open_dummy(struct driver **out, struct uv_loop_s *loop, const void *settings, const struct driver_host *host,
	char *why, size_t why_size)
{
	struct driver *driver = calloc(1, sizeof(*driver));

	if (!driver) {
		(void)snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	driver->host = host;
	driver->counter = (struct driver_counter){ "offers_total", &driver->offers_total };
	id_map_init(&driver->offers);
	*out = driver;
	return 0;
}

static int reload(struct driver *driver, const void *settings)
{
	driver->calls.reloads++;
	return 0;
}

static void release(struct standing_offer *standing)
{
	image_source_release(&standing->offer.image);
	free(standing);
}

static int withdraw(struct driver *driver, const char *node)
{
	struct standing_offer *standing = id_map_find(&driver->offers, node);

	driver->calls.withdrawals++;
	if (!standing)
		return 0;
	id_map_remove(&driver->offers, node);
	driver->calls.standing--;
	release(standing);
	return 0;
}

static int take_offer(struct driver *driver, const struct driver_offer *offer)
{
	struct standing_offer *former = id_map_find(&driver->offers, offer->node);

	if (!former && driver->offers.count == OFFERS_MAX)
		return -ENOBUFS;
	struct standing_offer *standing = calloc(1, sizeof(*standing));
	if (!standing)
		return -ENOMEM;
	(void)snprintf(standing->node, sizeof(standing->node), "%s", offer->node);
	standing->offer = *offer;
	standing->offer.node = standing->node;
	(void)image_source_hold(offer->image);
	if (former) {
		id_map_remove(&driver->offers, former->node);
		driver->calls.standing--;
		release(former);
	}
	int result = id_map_add(&driver->offers, standing->node, standing);
	if (result < 0) {
		release(standing);
		return result;
	}
	driver->calls.offers++;
	driver->calls.standing++;
	driver->offers_total++;
	return 0;
}

void dummy_reply(struct driver *driver, const struct command_reply *reply)
{
	driver->host->replied(driver->host->context, reply);
}

static int command(struct driver *driver, const struct driver_command *command)
{
	driver->calls.commands++;
	(void)snprintf(driver->command, sizeof(driver->command), "%s %u %s", command->node, command->id, command->text);
	return 0;
}

static void refuse(const struct driver_question *question, const char *why)
{
	question->done(question->context, -ENOTSUP, (struct span){ why, strlen(why) });
}

static void ask(struct driver *driver, const struct driver_question *question)
{
	if (strcmp(question->verb, "echo") == 0)
		question->done(question->context, 0, question->arguments);
	else if (strcmp(question->verb, "wait") != 0)
		refuse(question, "a dummy knows echo and wait");
	else if (driver->waiting.done)
		refuse(question, "another question waits");
	else
		driver->waiting = *question;
}

static void images_ready(struct driver *driver)
{
	driver->calls.images_ready++;
}

static size_t counters(const struct driver *driver, const struct driver_counter **out)
{
	*out = &driver->counter;
	return 1;
}

static void close_dummy(struct driver *driver)
{
	static const char why[] = "it was closed";

	if (!driver)
		return;
	(void)dummy_answer(driver, -ECANCELED, (struct span){ why, sizeof(why) - 1 });
	for (size_t i = 0; i < driver->offers.room; i++)
		if (driver->offers.entries[i].key)
			release(driver->offers.entries[i].value);
	id_map_finish(&driver->offers);
	free(driver);
}

const struct driver_ops driver_dummy = {
	.name = "dummy",
	.settings = NULL, /* nothing can be set */
	.open = open_dummy,
	.reload = reload,
	.offer = take_offer,
	.withdraw = withdraw,
	.command = command,
	.ask = ask,
	.images_ready = images_ready,
	.counters = counters,
	.close = close_dummy,
};
