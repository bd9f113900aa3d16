#include "drivers/remote_process.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <uv.h>

#include "drivers/own_descriptors.h"

struct remote_process {
	uv_process_t process;
	uv_pipe_t pipe;
	unsigned handles; /* that the loop still knows */
	bool running;
	void (*exited)(void *context, int64_t status, int signal); /* NULL: let go */
	void *context;
};

static void on_closed(uv_handle_t *handle)
{
	struct remote_process *process = handle->data;

	if (--process->handles == 0)
		free(process);
}

static void on_exit_of(uv_process_t *handle, int64_t status, int number)
{
	struct remote_process *process = handle->data;

	process->running = false;
	if (process->exited)
		process->exited(process->context, status, number);
}

static void close_all(struct remote_process *process)
{
	process->handles = 2;
	uv_close((uv_handle_t *)&process->pipe, on_closed);
	uv_close((uv_handle_t *)&process->process, on_closed);
}

static int spawn(struct remote_process *process, struct uv_loop_s *loop, const char *const *argv)
{
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&process->pipe },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
	};
	const uv_process_options_t options = {
		.file = argv[0],
		.args = (char **)(uintptr_t)argv,
		.stdio = stdio,
		.stdio_count = 3,
		.exit_cb = on_exit_of,
	};

	own_descriptors();
	return uv_spawn(loop, &process->process, &options);
}

int remote_process_start(struct remote_process **out, struct uv_loop_s *loop, const char *const *argv,
	void (*exited)(void *context, int64_t status, int signal), void *context, char *why, size_t why_size)
{
	struct remote_process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	uv_pipe_init(loop, &process->pipe, 0);
	process->pipe.data = process->process.data = process;
	process->exited = exited;
	process->context = context;
	int error = spawn(process, loop, argv);
	if (error) {
		snprintf(why, why_size, "%s cannot be started: %s", argv[0], uv_strerror(error));
		process->exited = NULL;
		close_all(process);
		return error;
	}
	process->running = true;
	*out = process;
	return 0;
}

int remote_process_pid(const struct remote_process *process)
{
	return process->process.pid;
}

bool remote_process_has_ended(const struct remote_process *process)
{
	siginfo_t info = { 0 };

	if (!process->running)
		return true;
	/* libuv is to find it still. */
	int result = waitid(P_PID, (id_t)process->process.pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return result == 0 && info.si_pid != 0;
}

void remote_process_kill(struct remote_process *process)
{
	if (process->running)
		(void)uv_process_kill(&process->process, SIGKILL);
}

void remote_process_let_go(struct remote_process *process, bool at_once)
{
	if (!process)
		return;
	process->exited = NULL;
	if (at_once)
		remote_process_kill(process);
	close_all(process);
}
