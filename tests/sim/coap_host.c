/*
 * coap_host: the CoAP driver alone in a process, with files as images and a host that takes every node, for interop
 * tests and benches. It tells what happens in lines of JSON.
 *
 *     coap_host [--image FILE]… [--offer NODE] [--psk FILE] [--certificate FILE --key FILE --ca FILE]
 *               [--plain open|known|off] [--plain-nodes FILE] [--listen ADDRESS] [--port N] [--dtls-port N]
 *               [--block-size SZX] [--next S] [--durable-after MS] [--slow-reads MS] [--refuse NODE] [--full NODE]
 *
 * The first image is what --offer offers. "counters", "reload" and "quit" are commands on standard input.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "drivers/coap_settings.h"
#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "tests/sim/line_host.h"

#define IMAGES_MAX 4

struct file_image {
	struct image_source source; /* first */
	struct coap_program *program;
	uint8_t *bytes;
	bool warm; /* the next read has the bytes */
};

/* A report that becomes durable later. */
struct late_report {
	uv_timer_t timer;
	void (*done)(void *context, int result, uint32_t retry_s);
	void *context;
};

struct coap_program {
	uv_loop_t loop;
	struct line_host lines;
	uv_timer_t slow;
	struct driver *driver;
	struct driver_host host;
	struct coap_settings settings;
	struct file_image images[IMAGES_MAX];
	size_t image_count;
	const char *offered_to, *refused, *full;
	uint32_t next_s;
	uint64_t durable_after_ms, slow_reads_ms;
};

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct coap_program *program = context;

	if (program->refused && strcmp(program->refused, contact->node) == 0)
		return -EACCES;
	if (program->full && strcmp(program->full, contact->node) == 0)
		return -ENOBUFS;
	answer->next_s = program->next_s;
	line_host_say(json_pack("{s:s,s:s,s:b,s:b,s:s,s:s,s:i,s:i,s:i,s:i,s:i}", "what", "contact", "node",
		contact->node, "proven", contact->proven, "reports", contact->reports, "hw", contact->hardware,
		"version", contact->version, "battery", contact->battery_percent, "rssi", contact->signal_dbm,
		"image_size", (int)contact->image_size, "bytes_in", (int)contact->bytes_in, "bytes_out",
		(int)contact->bytes_out));
	return 0;
}

static void on_late_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_late(uv_timer_t *timer)
{
	struct late_report *late = timer->data;

	late->done(late->context, 0, 0);
	uv_close((uv_handle_t *)timer, on_late_closed);
}

static void on_report(void *context, const struct reading_report *report)
{
	struct coap_program *program = context;

	line_host_say(json_pack("{s:s,s:s,s:i,s:s%,s:f,s:I}", "what", "report", "node", report->node, "count",
		(int)report->count, "name", report->count ? report->readings[0].name.data : "",
		report->count ? report->readings[0].name.size : 0, "value",
		report->count ? number_value(&report->readings[0].number) : 0.0, "exchange",
		(json_int_t)(report->exchange >> 1)));
	if (program->durable_after_ms == 0) {
		report->done(report->context, 0, 0);
		return;
	}
	struct late_report *late = calloc(1, sizeof(*late));
	late->done = report->done;
	late->context = report->context;
	late->timer.data = late;
	uv_timer_init(&program->loop, &late->timer);
	uv_timer_start(&late->timer, on_late, program->durable_after_ms, 0);
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	line_host_say(json_pack("{s:s,s:s,s:i,s:I,s:i,s:b}", "what", "progress", "node", progress->node, "state",
		(int)progress->state, "offset", (json_int_t)progress->offset, "code", progress->code, "said",
		progress->said));
}

static struct image_source *on_image(void *context, const char *name, const char *node)
{
	struct coap_program *program = context;

	for (size_t i = 0; i < program->image_count; i++)
		if (strcmp(program->images[i].source.name, name) == 0)
			return &program->images[i].source;
	return NULL;
}

static void on_replied(void *context, const struct command_reply *reply)
{
}

static void on_event(void *context, enum driver_level level, const char *line)
{
	line_host_say(json_pack("{s:s,s:i,s:s}", "what", "event", "level", (int)level, "line", line));
}

static void on_slow_ready(uv_timer_t *timer)
{
	struct coap_program *program = timer->data;

	for (size_t i = 0; i < program->image_count; i++)
		program->images[i].warm = true;
	driver_coap.images_ready(program->driver);
}

static int read_image(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	struct file_image *image = (struct file_image *)source;
	struct coap_program *program = image->program;

	if (program->slow_reads_ms > 0 && !image->warm) {
		uv_timer_start(&program->slow, on_slow_ready, program->slow_reads_ms, 0);
		return -EAGAIN;
	}
	image->warm = false;
	if (offset >= source->size_bytes)
		return 0;
	if (size > source->size_bytes - offset)
		size = source->size_bytes - offset;
	memcpy(buffer, image->bytes + offset, size);
	return (int)size;
}

static void destroy_image(struct image_source *source)
{
	free(((struct file_image *)source)->bytes);
}

static void load_image(struct coap_program *program, const char *path)
{
	static const struct image_source_ops ops = { read_image, destroy_image };
	struct file_image *image = &program->images[program->image_count++];
	FILE *file = fopen(path, "rb");

	if (!file || fseek(file, 0, SEEK_END) < 0) {
		perror(path);
		exit(2);
	}
	image->program = program;
	image->source = (struct image_source){ .ops = &ops, .references = 1, .version = "2.0.0" };
	image->source.size_bytes = (uint32_t)ftell(file);
	image->bytes = malloc(image->source.size_bytes + 1);
	rewind(file);
	if (fread(image->bytes, 1, image->source.size_bytes, file) != image->source.size_bytes)
		exit(2);
	fclose(file);
	EVP_Digest(image->bytes, image->source.size_bytes, image->source.sha256, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 8; i++)
		snprintf(image->source.name + 2 * i, 3, "%02x", image->source.sha256[i]);
	line_host_say(json_pack("{s:s,s:s,s:I}", "what", "image", "name", image->source.name, "size",
		(json_int_t)image->source.size_bytes));
}

static void say_counters(const struct coap_program *program)
{
	const struct driver_counter *counters;
	size_t count = driver_coap.counters(program->driver, &counters);
	json_t *values = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(values, counters[i].name, json_integer((json_int_t)*counters[i].value));
	line_host_say(json_pack("{s:s,s:o}", "what", "counters", "values", values));
}

static void quit(struct coap_program *program)
{
	driver_coap.close(program->driver);
	for (size_t i = 0; i < program->image_count; i++) {
		struct image_source *source = &program->images[i].source;
		image_source_release(&source);
	}
	line_host_close(&program->lines);
	uv_close((uv_handle_t *)&program->slow, NULL);
}

static void run_line(void *context, char *line)
{
	struct coap_program *program = context;

	if (strcmp(line, "counters") == 0)
		say_counters(program);
	else if (strcmp(line, "reload") == 0)
		line_host_say(json_pack("{s:s,s:i}", "what", "reload", "result",
			driver_coap.reload(program->driver, &program->settings)));
	else if (strcmp(line, "quit") == 0)
		quit(program);
}

static int plain_of(const char *name)
{
	if (strcmp(name, "known") == 0)
		return COAP_PLAIN_KNOWN;
	return strcmp(name, "off") == 0 ? COAP_PLAIN_OFF : COAP_PLAIN_OPEN;
}

static bool take_settings_argument(struct coap_settings *settings, int option)
{
	switch (option) {
	case 'p':
		settings->psk_file = optarg;
		return true;
	case 'c':
		settings->certificate_file = optarg;
		return true;
	case 'k':
		settings->key_file = optarg;
		return true;
	case 'a':
		settings->ca_file = optarg;
		return true;
	case 'P':
		settings->plain = plain_of(optarg);
		return true;
	case 'N':
		settings->plain_nodes_file = optarg;
		return true;
	case 'l':
		settings->listen = optarg;
		return true;
	case 'u':
		settings->port = atoi(optarg);
		return true;
	case 'd':
		settings->dtls_port = atoi(optarg);
		return true;
	case 'b':
		settings->block_size = atoi(optarg);
		return true;
	default:
		return false;
	}
}

static void take_argument(struct coap_program *program, int option)
{
	if (take_settings_argument(&program->settings, option))
		return;
	if (option == 'i' && program->image_count < IMAGES_MAX)
		load_image(program, optarg);
	else if (option == 'o')
		program->offered_to = optarg;
	else if (option == 'r')
		program->refused = optarg;
	else if (option == 'f')
		program->full = optarg;
	else if (option == 'n')
		program->next_s = (uint32_t)atoi(optarg);
	else if (option == 't')
		program->durable_after_ms = (uint64_t)atoi(optarg);
	else if (option == 's')
		program->slow_reads_ms = (uint64_t)atoi(optarg);
	else
		exit(2);
}

static void parse_arguments(struct coap_program *program, int argc, char **argv)
{
	static const struct option options[] = { { "image", 1, NULL, 'i' }, { "offer", 1, NULL, 'o' },
		{ "psk", 1, NULL, 'p' }, { "certificate", 1, NULL, 'c' }, { "key", 1, NULL, 'k' },
		{ "ca", 1, NULL, 'a' }, { "plain", 1, NULL, 'P' }, { "plain-nodes", 1, NULL, 'N' },
		{ "listen", 1, NULL, 'l' }, { "port", 1, NULL, 'u' }, { "dtls-port", 1, NULL, 'd' },
		{ "block-size", 1, NULL, 'b' }, { "next", 1, NULL, 'n' }, { "durable-after", 1, NULL, 't' },
		{ "slow-reads", 1, NULL, 's' }, { "refuse", 1, NULL, 'r' }, { "full", 1, NULL, 'f' },
		{ NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_argument(program, option);
}

static void init_program(struct coap_program *program)
{
	program->next_s = 60;
	program->settings = (struct coap_settings){
		.listen = "127.0.0.1",
		.plain = COAP_PLAIN_OPEN,
		.nodes_max = 20000,
		.exchanges_max = 16384,
		.sessions_max = 200,
		.session_timeout_ms = 300000,
		.block_size = 6,
		.receive_buffer_bytes = 4 * 1024 * 1024,
	};
	program->host = (struct driver_host){ .context = program,
		.contact = on_contact,
		.report = on_report,
		.progress = on_progress,
		.image = on_image,
		.event = on_event,
		.replied = on_replied };
}

int main(int argc, char **argv)
{
	static struct coap_program program;
	char why[256];

	init_program(&program);
	parse_arguments(&program, argc, argv);
	uv_loop_init(&program.loop);
	uv_timer_init(&program.loop, &program.slow);
	program.slow.data = &program;
	if (driver_coap.open(&program.driver, &program.loop, &program.settings, &program.host, why, sizeof(why)) < 0) {
		fprintf(stderr, "coap_host: %s\n", why);
		return 1;
	}
	if (program.offered_to)
		driver_coap.offer(program.driver,
			&(struct driver_offer){ .node = program.offered_to, .image = &program.images[0].source });
	line_host_open(&program.lines, &program.loop, run_line, &program);
	line_host_say(json_pack("{s:s}", "what", "ready"));
	uv_run(&program.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&program.loop) < 0;
}
