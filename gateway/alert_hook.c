#include "gateway/alert_hook.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/own_descriptors.h"
#include "gateway/alert_settings.h"
#include "gateway/alert_text.h"
#include "gateway/alerts.h"
#include "gateway/log.h"

#define TICK_MS 1000
#define VARIABLES 11
#define VARIABLE_SIZE 256

/* One start of the program; lives until the loop has closed its handles. */
struct run {
	struct alert_hook *hook; /* NULL: closed meanwhile */
	uv_process_t process;
	uv_pipe_t input;
	uv_write_t write;
	char *text; /* what it reads */
	unsigned handles;
	int64_t begun_ms; /* monotonic */
	bool killed;
};

struct alert_hook {
	struct uv_loop_s *loop;
	const struct alert_settings *settings;
	const char *gateway;
	struct alert queue[ALERT_HOOK_QUEUE_MAX];
	size_t first; /* in the queue */
	struct run *run;
	struct alert_hook_figures figures;
};

struct environment {
	char text[VARIABLES][VARIABLE_SIZE];
	char *list[VARIABLES + 1];
};

int alert_hook_open(
	struct alert_hook **out, struct uv_loop_s *loop, const struct alert_settings *settings, const char *gateway)
{
	struct alert_hook *hook = calloc(1, sizeof(*hook));

	if (!hook)
		return -ENOMEM;
	hook->loop = loop;
	hook->settings = settings;
	hook->gateway = gateway;
	*out = hook;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->handles > 0)
		return;
	free(run->text);
	free(run);
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The program and all that it started and did not put into another group. */
static void kill_run(struct run *run)
{
	if (uv_is_active((uv_handle_t *)&run->process))
		(void)kill(-uv_process_get_pid(&run->process), SIGKILL);
	run->killed = true;
}

void alert_hook_close(struct alert_hook *hook)
{
	if (!hook)
		return;
	if (hook->run) {
		kill_run(hook->run);
		hook->run->hook = NULL;
		close_handle((uv_handle_t *)&hook->run->process);
		close_handle((uv_handle_t *)&hook->run->input);
	}
	free(hook);
}

static void on_ended(uv_process_t *process, int64_t code, int number)
{
	struct run *run = process->data;
	struct alert_hook *hook = run->hook;

	if (run->killed)
		log_warning("alert.hook_killed after_ms=%lld", hook ? (long long)hook->settings->hook_timeout_ms : 0);
	else if (code != 0 || number != 0)
		log_warning("alert.hook_failed code=%lld signal=%d", (long long)code, number);
	close_handle((uv_handle_t *)&run->process);
	close_handle((uv_handle_t *)&run->input);
	if (!hook)
		return;
	hook->figures.failed += run->killed || code != 0 || number != 0;
	hook->run = NULL;
	/* The next one begins with the tick: a program that ends at once must not keep the loop busy. */
}

/* Read or not, there is no more. */
static void on_written(uv_write_t *write, int status)
{
	struct run *run = write->data;

	close_handle((uv_handle_t *)&run->input);
}

__attribute__((format(printf, 3, 4))) static void set(
	struct environment *environment, unsigned at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(environment->text[at], VARIABLE_SIZE, format, arguments);
	va_end(arguments);
	environment->list[at] = environment->text[at];
	environment->list[at + 1] = NULL;
}

static void fill_environment(struct environment *out, const struct alert *alert, const char *gateway)
{
	set(out, 0, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	set(out, 1, "LANG=C.UTF-8");
	set(out, 2, "WAKEGATE_GATEWAY=%s", gateway);
	set(out, 3, "WAKEGATE_ALERT_STATE=%s", alert->stands ? "raised" : "cleared");
	set(out, 4, "WAKEGATE_ALERT_KIND=%s", alert_kind_name(alert->kind));
	set(out, 5, "WAKEGATE_ALERT_SUBJECT=%s", alert->subject);
	set(out, 6, "WAKEGATE_ALERT_SEVERITY=%s", alert_severity_name(alert->severity));
	set(out, 7, "WAKEGATE_ALERT_TEXT=%s", alert->text);
	set(out, 8, "WAKEGATE_ALERT_TIMES=%u", alert->times);
	set(out, 9, "WAKEGATE_ALERT_RAISED_MS=%lld", (long long)alert->raised_ms);
	set(out, 10, "WAKEGATE_ALERT_CHANGED_MS=%lld", (long long)alert->changed_ms);
}

static int spawn(struct run *run, const struct setting_list *words, char *const *environment)
{
	char *arguments[ALERT_HOOK_WORDS_MAX + 1] = { NULL };
	uv_stdio_container_t streams[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&run->input },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
	};
	uv_process_options_t options = {
		.exit_cb = on_ended,
		.file = words->items[0],
		.args = arguments,
		.env = (char **)environment,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED, /* a group of its own, to be killed as one */
		.stdio_count = 3,
		.stdio = streams,
	};

	for (size_t i = 0; i < words->count && i < ALERT_HOOK_WORDS_MAX; i++)
		arguments[i] = (char *)words->items[i];
	own_descriptors();
	return uv_spawn(run->hook->loop, &run->process, &options);
}

static struct run *run_create(struct alert_hook *hook, const struct alert *alert, struct moment now)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->hook = hook;
	run->begun_ms = now.monotonic_ms;
	run->text = alert_change_text(alert, hook->gateway);
	run->process.data = run->input.data = run->write.data = run;
	(void)uv_pipe_init(hook->loop, &run->input, 0);
	run->handles = 2; /* uv_spawn() begins the process's, also where it fails */
	return run;
}

static void start(struct alert_hook *hook, const struct alert *alert, struct moment now)
{
	struct environment environment;
	struct run *run = run_create(hook, alert, now);

	if (!run)
		return;
	fill_environment(&environment, alert, hook->gateway);
	hook->figures.runs++;
	int error = spawn(run, &hook->settings->hook, environment.list);
	if (error) {
		log_warning("alert.hook_not_started program=%s reason=\"%s\"", hook->settings->hook.items[0],
			uv_strerror(error));
		hook->figures.failed++;
		close_handle((uv_handle_t *)&run->process);
		close_handle((uv_handle_t *)&run->input);
		return;
	}
	hook->run = run;
	uv_buf_t buffer = uv_buf_init(run->text, run->text ? (unsigned)strlen(run->text) : 0);
	if (uv_write(&run->write, (uv_stream_t *)&run->input, &buffer, 1, on_written) < 0)
		close_handle((uv_handle_t *)&run->input);
}

static void start_next(struct alert_hook *hook, struct moment now)
{
	if (hook->run || hook->figures.waiting == 0)
		return;
	struct alert alert = hook->queue[hook->first];
	hook->first = (hook->first + 1) % ALERT_HOOK_QUEUE_MAX;
	hook->figures.waiting--;
	if (hook->settings->hook.count > 0)
		start(hook, &alert, now);
}

void alert_hook_changed(struct alert_hook *hook, const struct alert *alert, struct moment now)
{
	if (hook->settings->hook.count == 0)
		return;
	if (hook->figures.waiting == ALERT_HOOK_QUEUE_MAX) {
		hook->first = (hook->first + 1) % ALERT_HOOK_QUEUE_MAX;
		hook->figures.waiting--;
		hook->figures.dropped++;
	}
	hook->queue[(hook->first + hook->figures.waiting++) % ALERT_HOOK_QUEUE_MAX] = *alert;
	start_next(hook, now);
}

int64_t alert_hook_tick(struct alert_hook *hook, struct moment now)
{
	struct run *run = hook->run;

	if (run && !run->killed && now.monotonic_ms - run->begun_ms >= hook->settings->hook_timeout_ms)
		kill_run(run);
	start_next(hook, now);
	return hook->run || hook->figures.waiting ? TICK_MS / 5 : TICK_MS;
}

void alert_hook_figures(const struct alert_hook *hook, struct alert_hook_figures *out)
{
	*out = hook->figures;
	out->running = hook->run;
}
