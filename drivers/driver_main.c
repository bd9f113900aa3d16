/*
 * wakegate-driver: hosts one driver in a process of its own.
 *
 *     wakegate-driver DRIVER --connect ENDPOINT [--key FILE --gateway-key FILE] [--child]
 *     wakegate-driver --make-key FILE
 *
 * With --child it is the gateway's child: it ends in good order when its standard input does.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/builtin.h"
#include "drivers/driver.h"
#include "drivers/far_gateway.h"
#include "drivers/lean.h"
#include "drivers/message_socket_keys.h"

#define LEAN_FIRST_MS 2000
#define LEAN_MS 60000

struct program {
	const struct driver_ops *ops;
	const char *endpoint, *key_file, *gateway_key_file;
	bool child;
	uv_loop_t loop;
	uv_signal_t term, interrupt;
	uv_timer_t timer;
	uv_pipe_t input;
	struct far_gateway *gateway;
	int status;
};

static void print_help(FILE *out)
{
	fputs("Usage: wakegate-driver DRIVER --connect ENDPOINT\n"
	      "Hosts one driver of wakegate in a process of its own. The gateway starts it by itself\n"
	      "where its config says \"process = true\"; by hand it is for a driver on another machine.\n"
	      "\n"
	      "  -c, --connect ENDPOINT  the gateway: ipc://PATH or tcp://HOST:PORT\n"
	      "  -k, --key FILE          over a network: the driver's secret key\n"
	      "  -g, --gateway-key FILE  and the gateway's public one\n"
	      "      --make-key FILE     make a secret key and its public one, FILE.pub, and end\n"
	      "      --child             end when standard input does\n"
	      "  -h, --help              this text\n"
	      "  -V, --version           the version\n"
	      "\n"
	      "Drivers:",
		out);
	for (size_t i = 0; builtin_drivers[i]; i++)
		fprintf(out, " %s", builtin_drivers[i]->name);
	fputs("\n", out);
}

static int usage(const char *what, const char *which)
{
	fprintf(stderr, "wakegate-driver: %s%s; wakegate-driver --help explains\n", what, which);
	return EX_USAGE;
}

static int make_key(const char *path)
{
	char why[600];

	if (message_keys_make(path, why, sizeof(why)) == 0)
		return EX_OK;
	fprintf(stderr, "wakegate-driver: %s\n", why);
	return EX_CANTCREAT;
}

/* -1: go on; else the exit code. */
static int parse(struct program *program, int argc, char **argv)
{
	static const struct option options[] = {
		{ "connect", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "gateway-key", required_argument, NULL, 'g' },
		{ "make-key", required_argument, NULL, 'm' },
		{ "child", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "c:k:g:hV", options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			program->endpoint = optarg;
			break;
		case 'k':
			program->key_file = optarg;
			break;
		case 'g':
			program->gateway_key_file = optarg;
			break;
		case 'm':
			return make_key(optarg);
		case 'C':
			program->child = true;
			break;
		case 'h':
			print_help(stdout);
			return EX_OK;
		case 'V':
			puts("wakegate-driver " WAKEGATE_VERSION);
			return EX_OK;
		default:
			return usage("no such option, or it lacks its value: ", argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return usage("one driver is to be named", "");
	program->ops = builtin_driver(argv[optind]);
	if (!program->ops)
		return usage("there is no driver ", argv[optind]);
	if (!program->key_file != !program->gateway_key_file)
		return usage("--key and --gateway-key go together", "");
	return program->endpoint ? -1 : usage("--connect is missing", "");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct program *program = handle->data;

	far_gateway_stop(program->gateway, EX_OK);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	static char nothing[64];

	*out = uv_buf_init(nothing, sizeof(nothing));
}

/* Nobody writes to it: the end is all there is to read. */
static void on_input(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct program *program = stream->data;

	if (size < 0)
		far_gateway_stop(program->gateway, EX_OK);
}

static void on_lean(uv_timer_t *timer)
{
	lean_out();
}

static void on_end(void *context, int status)
{
	struct program *program = context;

	program->status = status;
	uv_close((uv_handle_t *)&program->term, NULL);
	uv_close((uv_handle_t *)&program->interrupt, NULL);
	uv_close((uv_handle_t *)&program->timer, NULL);
	if (program->child)
		uv_close((uv_handle_t *)&program->input, NULL);
	uv_stop(&program->loop);
}

static void listen_to_machine(struct program *program)
{
	uv_signal_init(&program->loop, &program->term);
	uv_signal_init(&program->loop, &program->interrupt);
	uv_timer_init(&program->loop, &program->timer);
	program->term.data = program->interrupt.data = program->input.data = program;
	uv_signal_start(&program->term, on_signal, SIGTERM);
	/* At a terminal it goes to the gateway as well, which then says when to stop. */
	if (program->child)
		(void)signal(SIGINT, SIG_IGN);
	else
		uv_signal_start(&program->interrupt, on_signal, SIGINT);
	uv_timer_start(&program->timer, on_lean, LEAN_FIRST_MS, LEAN_MS);
	if (!program->child)
		return;
	uv_pipe_init(&program->loop, &program->input, 0);
	uv_pipe_open(&program->input, STDIN_FILENO);
	uv_read_start((uv_stream_t *)&program->input, allocate, on_input);
}

static int open_gateway(struct program *program, char *why, size_t why_size)
{
	struct message_keys keys;
	const struct far_way way = { program->endpoint, program->key_file ? &keys : NULL };
	int error = 0;

	if (program->key_file)
		error = message_keys_read(&keys, program->key_file, program->gateway_key_file, why, why_size);
	if (!error)
		error = far_gateway_open(&program->gateway, &program->loop, program->ops, &way, why, why_size);
	explicit_bzero(&keys, sizeof(keys));
	return error;
}

int main(int argc, char **argv)
{
	struct program program = { 0 };
	char why[600] = "";
	int status = parse(&program, argc, argv);

	if (status >= 0)
		return status;
	lean_set_up();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(0027);
	uv_loop_init(&program.loop);
	int error = open_gateway(&program, why, sizeof(why));
	if (error) {
		fprintf(stderr, "wakegate-driver: %s\n", *why ? why : strerror(-error));
		return EX_UNAVAILABLE;
	}
	far_gateway_on_end(program.gateway, on_end, &program);
	listen_to_machine(&program);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	far_gateway_close(program.gateway);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	uv_loop_close(&program.loop);
	return program.status;
}
