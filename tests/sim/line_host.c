#include "tests/sim/line_host.h"

#include <stdio.h>
#include <string.h>

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct line_host *host = handle->data;

	*buffer = uv_buf_init(host->line + host->size, (unsigned)(sizeof(host->line) - host->size - 1));
}

static void on_input(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct line_host *host = stream->data;
	char quit[] = "quit";
	char *end;

	if (size < 0) {
		host->run(host->context, quit);
		return;
	}
	host->size += (size_t)size;
	host->line[host->size] = '\0';
	while ((end = strchr(host->line, '\n'))) {
		*end = '\0';
		host->run(host->context, host->line);
		host->size -= (size_t)(end + 1 - host->line);
		memmove(host->line, end + 1, host->size + 1);
	}
}

void line_host_open(struct line_host *host, uv_loop_t *loop, void (*run)(void *context, char *line), void *context)
{
	host->run = run;
	host->context = context;
	host->size = 0;
	uv_pipe_init(loop, &host->input, 0);
	uv_pipe_open(&host->input, 0);
	host->input.data = host;
	uv_read_start((uv_stream_t *)&host->input, on_allocate, on_input);
}

void line_host_close(struct line_host *host)
{
	uv_close((uv_handle_t *)&host->input, NULL);
}

void line_host_say(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}
