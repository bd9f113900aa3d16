#include "gateway/durable_answer.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver_orders.h"
#include "gateway/driver_records.h"

struct held_answer {
	struct driver_question question; /* whose it is; its texts are not touched any more */
	struct driver_records *records;
	uint64_t mark;
	const char *driver; /* behind it */
	char *text;
	size_t size;
};

static void tell(struct held_answer *held, int result, struct span text)
{
	held->question.done(held->question.context, result, text);
	free(held->text);
	free(held);
}

static void on_kept(void *context, int result)
{
	struct held_answer *held = context;
	char sentence[160];

	if (result == 0) {
		tell(held, 0, (struct span){ held->text, held->size });
		return;
	}
	int size = snprintf(sentence, sizeof(sentence),
		"it is done, but could not be kept (%s): a restart of the gateway may undo it", strerror(-result));
	tell(held, result, (struct span){ sentence, (size_t)size });
}

static void on_answer(void *context, int result, struct span text)
{
	struct held_answer *held = context;

	if (result < 0) {
		tell(held, result, text);
		return;
	}
	held->text = malloc(text.size + 1);
	if (held->text && text.size)
		memcpy(held->text, text.data, text.size);
	held->size = text.size;
	int error = held->text ? driver_records_wait(held->records, held->driver, held->mark, on_kept, held) : -ENOMEM;
	if (error)
		on_kept(held, error);
}

int durable_answer_begin(struct driver_question *out, struct driver_records *records, const char *driver,
	const struct driver_question *question)
{
	size_t size = strlen(driver) + 1;
	struct held_answer *held = malloc(sizeof(*held) + size);

	if (!held)
		return -ENOMEM;
	*held = (struct held_answer){
		.question = *question,
		.records = records,
		.mark = driver_records_mark(records),
		.driver = memcpy(held + 1, driver, size),
	};
	*out = *question;
	out->done = on_answer;
	out->context = held;
	return 0;
}
