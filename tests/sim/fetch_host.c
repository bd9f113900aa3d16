/*
 * fetch_host: one HTTP fetch in a process of its own, for interop tests: the bytes go to a file, a line of JSON per
 * event to standard output.
 *
 *     fetch_host --uri URI --size BYTES --out FILE [--offset N --etag TAG --rate BYTES/S --slow-ms N --ca FILE …]
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/http_fetch.h"
#include "tests/sim/line_host.h"

struct fetch_program {
	uv_loop_t loop;
	uv_timer_t pause;
	struct http_options options;
	struct fetch_source *source;
	struct fetch *fetch;
	struct fetch_request request;
	FILE *out;
	uint64_t pause_ms; /* after every piece, to play a slow disk */
	bool paused;
	uint64_t begun_ns;
	int result;
};

static int on_begin(void *context, uint32_t offset, const char *etag)
{
	struct fetch_program *program = context;

	line_host_say(json_pack("{s:s,s:i,s:s*}", "what", "begin", "offset", (int)offset, "etag", etag));
	return fseek(program->out, (long)offset, SEEK_SET) < 0 ? -EIO : 0;
}

static void on_pause_over(uv_timer_t *timer)
{
	struct fetch_program *program = timer->data;

	http_fetch.resume(program->fetch);
}

static int on_data(void *context, const void *data, size_t size)
{
	struct fetch_program *program = context;

	if (program->pause_ms && !program->paused) {
		program->paused = true;
		uv_timer_start(&program->pause, on_pause_over, program->pause_ms, 0);
		return -EAGAIN;
	}
	program->paused = false;
	return fwrite(data, 1, size, program->out) == size ? 0 : -EIO;
}

static void on_end(void *context, int result, uint32_t retry_after_s, const char *sentence)
{
	struct fetch_program *program = context;

	program->result = result;
	line_host_say(json_pack("{s:s,s:i,s:i,s:s,s:f}", "what", "end", "result", result, "retry_after",
		(int)retry_after_s, "sentence", sentence, "seconds", (double)(uv_hrtime() - program->begun_ns) / 1e9));
	http_source_close(program->source);
	uv_close((uv_handle_t *)&program->pause, NULL);
}

static void parse_arguments(struct fetch_program *program, int argc, char **argv)
{
	static const struct option options[] = { { "uri", 1, NULL, 'u' }, { "size", 1, NULL, 's' },
		{ "out", 1, NULL, 'o' }, { "offset", 1, NULL, 'f' }, { "etag", 1, NULL, 'e' }, { "rate", 1, NULL, 'r' },
		{ "slow-ms", 1, NULL, 'p' }, { "ca", 1, NULL, 'a' }, { "secure", 0, NULL, 'S' },
		{ "low-speed", 1, NULL, 'l' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'u':
			program->request.uri = optarg;
			break;
		case 's':
			program->request.size_bytes = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			program->out = fopen(optarg, "r+");
			break;
		case 'f':
			program->request.offset = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'e':
			program->request.etag = optarg;
			break;
		case 'r':
			program->options.rate_bytes_per_s = atol(optarg);
			break;
		case 'p':
			program->pause_ms = strtoul(optarg, NULL, 10);
			break;
		case 'a':
			program->options.ca_file = optarg;
			break;
		case 'S':
			program->options.allow_plain = false;
			break;
		case 'l':
			program->options.low_speed_bytes_per_s = atol(optarg);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static struct fetch_program program = {
		.options = { .allow_plain = true, .connect_timeout_ms = 3000, .low_speed_ms = 2000 },
	};
	static const uint8_t sha256[32];
	struct fetch_host host = { .context = &program, .begin = on_begin, .data = on_data, .end = on_end };

	program.request.sha256 = sha256;
	parse_arguments(&program, argc, argv);
	if (!program.request.uri || !program.out)
		return 2;
	uv_loop_init(&program.loop);
	uv_timer_init(&program.loop, &program.pause);
	program.pause.data = &program;
	program.begun_ns = uv_hrtime();
	if (http_source_open(&program.source, &program.loop, &program.options) < 0 ||
		http_fetch.start(&program.fetch, program.source, &program.request, &host) < 0)
		return 2;
	uv_run(&program.loop, UV_RUN_DEFAULT);
	fclose(program.out);
	return uv_loop_close(&program.loop) < 0 ? 3 : program.result < 0;
}
