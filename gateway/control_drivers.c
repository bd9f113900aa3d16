#include "gateway/control_drivers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/control_describe.h"
#include "gateway/control_request.h"
#include "gateway/networks.h"

#define TIMEOUT_S 30
#define TIMEOUT_MOST_S 600
#define LOOK_MS 1000
#define VERB_MAX 32 /* bytes */
#define SENTENCE_MAX 400

/* Somebody who waits for a driver; gone only when the driver has answered. */
struct asked {
	struct asked *next, **at;
	struct control_drivers *parts;   /* NULL: closed */
	struct control_request *request; /* NULL: has left, or was told that it took too long */
	int64_t until_ms, timeout_s;
	char driver[NODE_TEXT_MAX + 1];
};

struct control_drivers {
	struct networks *networks;
	const struct clock *clock;
	struct asked *waiting;
	size_t count;
};

/* What a driver runs in, and its figures. */

struct listing {
	json_t *list;
	const struct networks *networks;
};

struct figures {
	const char *driver;
	json_t *counters;
};

static void add_counter(void *context, const char *driver, const struct driver_counter *counter)
{
	const struct figures *figures = context;

	if (strcmp(driver, figures->driver) == 0)
		(void)json_object_set_new(figures->counters, counter->name, json_integer((json_int_t)*counter->value));
}

static void add_driver(
	void *context, const char *driver, const struct driver_process *process, const struct network_trouble *trouble)
{
	const struct listing *listing = context;
	struct figures figures = { driver, json_object() };
	json_t *json = json_pack("{s:s, s:s, s:s}", "driver", driver, "runs", process ? "apart" : "inside", "state",
		process ? process->state : "running");

	if (process) {
		(void)json_object_set_new(json, "restarts", json_integer((json_int_t)process->restarts));
		if (process->pid > 0)
			(void)json_object_set_new(json, "pid", json_integer(process->pid));
	}
	const char *wrong = process && *process->trouble ? process->trouble : trouble->sentence;
	describe_text(json, "trouble", wrong);
	networks_counters(listing->networks, add_counter, &figures);
	(void)json_object_set_new(json, "counters", figures.counters);
	(void)json_array_append_new(listing->list, json);
}

static void handle_list(void *context, struct control_request *request)
{
	const struct control_drivers *drivers = context;
	struct listing listing = { json_array(), drivers->networks };

	networks_drivers(drivers->networks, add_driver, &listing);
	control_done(request, json_pack("{s:o}", "drivers", listing.list));
}

/* A question. */

static void leave(struct asked *asked)
{
	if (asked->parts) {
		asked->parts->count--;
		*asked->at = asked->next;
		if (asked->next)
			asked->next->at = asked->at;
	}
	free(asked);
}

static void answer(struct control_request *request, const char *driver, int result, struct span text)
{
	if (result < 0) {
		int size = text.size < SENTENCE_MAX ? (int)text.size : SENTENCE_MAX;
		if (size > 0)
			control_fail(request, result, "%.*s", size, text.data);
		else
			control_fail(request, result, "%s: %s", driver, strerror(-result));
		return;
	}
	json_t *json = json_loadb(text.data, text.size, 0, NULL);
	if (json_is_object(json)) {
		control_done(request, json);
		return;
	}
	json_decref(json);
	control_fail(request, -EBADMSG, "%s answered with what is no JSON object", driver);
}

static void on_answer(void *context, int result, struct span text)
{
	struct asked *asked = context;
	struct control_request *request = asked->request;
	char driver[sizeof(asked->driver)];

	memcpy(driver, asked->driver, sizeof(driver));
	leave(asked);
	if (request)
		answer(request, driver, result, text);
}

static void on_cancelled(void *context)
{
	struct asked *asked = context;

	asked->request = NULL;
}

static void enter(struct control_drivers *drivers, struct asked *asked)
{
	asked->parts = drivers;
	asked->next = drivers->waiting;
	asked->at = &drivers->waiting;
	if (asked->next)
		asked->next->at = &asked->next;
	drivers->waiting = asked;
	drivers->count++;
}

/* The driver may answer from within, so `asked` is not to be touched after. */
static void put_question(struct asked *asked, const char *verb, char *arguments)
{
	struct control_request *request = asked->request;
	const struct driver_question question = {
		.verb = verb,
		.arguments = { arguments, strlen(arguments) },
		.done = on_answer,
		.context = asked,
	};
	char driver[sizeof(asked->driver)];

	memcpy(driver, asked->driver, sizeof(driver));
	control_on_cancel(request, on_cancelled, asked);
	int error = networks_ask(asked->parts->networks, driver, &question);
	free(arguments);
	if (!error)
		return;
	leave(asked);
	if (error == -ENODEV)
		control_fail(request, -ENOENT, "there is no driver \"%s\" in the config", driver);
	else
		control_fail(request, error, "the driver %s is asked nothing", driver);
}

static bool is_word(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return size > 0 && size <= VERB_MAX && !text[size];
}

static void handle_ask(void *context, struct control_request *request)
{
	struct control_drivers *drivers = context;
	const char *driver = control_text(request, "driver"), *verb = control_text(request, "verb");
	const json_t *arguments = control_object(request, "arguments");
	int64_t timeout_s = control_integer(request, "timeout", TIMEOUT_S);

	if (!is_word(verb) || strlen(driver) > NODE_TEXT_MAX) {
		control_fail(request, -EINVAL, "a verb has 1 to %d of a to z, 0 to 9, '_' and '-'", VERB_MAX);
		return;
	}
	if (timeout_s < 1 || timeout_s > TIMEOUT_MOST_S) {
		control_fail(request, -EINVAL, "the timeout has 1 to %d seconds", TIMEOUT_MOST_S);
		return;
	}
	if (drivers->count >= DRIVER_QUESTIONS_MAX) {
		control_fail(request, -ENOBUFS, "too many questions are not answered yet");
		return;
	}
	struct asked *asked = calloc(1, sizeof(*asked));
	char *text = arguments ? json_dumps(arguments, JSON_COMPACT) : strdup("{}");
	if (!asked || !text) {
		free(asked);
		free(text);
		control_fail(request, -ENOMEM, "out of memory");
		return;
	}
	asked->request = request;
	asked->timeout_s = timeout_s;
	asked->until_ms = clock_moment(drivers->clock).monotonic_ms + timeout_s * 1000;
	snprintf(asked->driver, sizeof(asked->driver), "%s", driver);
	enter(drivers, asked);
	put_question(asked, verb, text);
}

int64_t control_drivers_tick(struct control_drivers *drivers, struct moment now)
{
	for (struct asked *asked = drivers->waiting; asked; asked = asked->next) {
		struct control_request *request = asked->request;
		if (!request || asked->until_ms > now.monotonic_ms)
			continue;
		asked->request = NULL;
		control_fail(request, -ETIMEDOUT, "%s did not answer within %lld s", asked->driver,
			(long long)asked->timeout_s);
	}
	return LOOK_MS;
}

static const struct control_argument ask_arguments[] = {
	{ "driver", CONTROL_TEXT, true, "its name, as driver.list has it" },
	{ "verb", CONTROL_TEXT, true, "one word, as the driver defines it" },
	{ "arguments", CONTROL_OBJECT, false, "what the driver wants to know beside", .secret = true },
	{ "timeout", CONTROL_INTEGER, false, "seconds to wait for the answer, 30 unless told, 600 at most" },
	{ 0 },
};

static const struct control_command commands[] = {
	{ "driver.list", "the drivers, what they run in, and their figures", NULL, CONTROL_REMOTE | CONTROL_READS,
		handle_list },
	{ "driver.ask", "asks a driver in its own words", ask_arguments, 0, handle_ask },
};

int control_drivers_open(
	struct control_drivers **out, struct control *control, struct networks *networks, const struct clock *clock)
{
	struct control_drivers *drivers = calloc(1, sizeof(*drivers));

	if (!drivers)
		return -ENOMEM;
	drivers->networks = networks;
	drivers->clock = clock;
	int error = control_register(control, commands, sizeof(commands) / sizeof(commands[0]), drivers);
	if (error) {
		free(drivers);
		return error;
	}
	*out = drivers;
	return 0;
}

void control_drivers_close(struct control_drivers *drivers)
{
	if (!drivers)
		return;
	for (struct asked *asked = drivers->waiting; asked; asked = asked->next)
		asked->parts = NULL;
	free(drivers);
}
