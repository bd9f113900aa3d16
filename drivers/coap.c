/* The CoAP driver: puts the node profile, the UDP endpoint and the DTLS endpoint together. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "drivers/coap_dtls.h"
#include "drivers/coap_keys.h"
#include "drivers/coap_nodes.h"
#include "drivers/coap_server.h"
#include "drivers/coap_settings.h"
#include "drivers/coap_udp.h"
#include "drivers/driver.h"

#define COUNTERS_MAX 96
#define LINE_SIZE 512

struct driver {
	uv_loop_t *loop;
	const struct driver_host *host;
	enum coap_plain plain;
	bool has_keys; /* a key file is set */
	struct coap_keys keys;
	struct coap_keys plain_nodes;
	struct coap_nodes *nodes;
	struct coap_udp *udp;   /* NULL: plain is off */
	struct coap_dtls *dtls; /* NULL: no keys and no certificates */
	struct driver_counter counters[COUNTERS_MAX];
	size_t counter_count;
};

static __attribute__((format(printf, 3, 4))) void tell(
	const struct driver *driver, enum driver_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	driver->host->event(driver->host->context, level, line);
}

/* A node that has a key is never believed without it. */
static bool may_speak(void *context, const char *node, bool proven)
{
	const struct driver *driver = context;

	if (proven)
		return true;
	if (coap_keys_find(&driver->keys, node))
		return false;
	return driver->plain == COAP_PLAIN_OPEN ||
	       (driver->plain == COAP_PLAIN_KNOWN && coap_keys_find(&driver->plain_nodes, node));
}

static int64_t monotonic_ms(void *context)
{
	const struct driver *driver = context;

	return (int64_t)uv_now(driver->loop);
}

static int64_t wall_us(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Names of counters and where they are in their struct. */
struct counter_place {
	const char *name;
	size_t offset;
};

#define SERVER(prefix, member)                                                \
	{                                                                     \
		prefix #member, offsetof(struct coap_server_counters, member) \
	}
#define SERVER_ALL(prefix)                                                                                            \
	SERVER(prefix, datagrams_in), SERVER(prefix, bytes_in), SERVER(prefix, datagrams_out),                        \
		SERVER(prefix, bytes_out), SERVER(prefix, ignored_not_coap), SERVER(prefix, ignored_multicast),       \
		SERVER(prefix, reset_format_error), SERVER(prefix, ignored_format_error), SERVER(prefix, reset_ping), \
		SERVER(prefix, ignored_empty), SERVER(prefix, reset_response), SERVER(prefix, ignored_response),      \
		SERVER(prefix, refused_option), SERVER(prefix, ignored_option), SERVER(prefix, refused_block),        \
		SERVER(prefix, refused_proxy), SERVER(prefix, refused_size), SERVER(prefix, refused_full),            \
		SERVER(prefix, answered), SERVER(prefix, repeated), SERVER(prefix, parked),                           \
		SERVER(prefix, parked_dropped), SERVER(prefix, acknowledged_late), SERVER(prefix, separate),          \
		SERVER(prefix, separate_repeated), SERVER(prefix, separate_lost)
#define UDP(member)                                                        \
	{                                                                  \
		"udp_" #member, offsetof(struct coap_udp_counters, member) \
	}
#define DTLS(member)                                                         \
	{                                                                    \
		"dtls_" #member, offsetof(struct coap_dtls_counters, member) \
	}
#define NODES(member)                                                 \
	{                                                             \
#member, offsetof(struct coap_nodes_counters, member) \
	}

static const struct counter_place udp_server_places[] = { SERVER_ALL("udp_") };
static const struct counter_place dtls_server_places[] = { SERVER_ALL("dtls_") };
static const struct counter_place udp_places[] = { UDP(receive_errors), UDP(send_errors), UDP(send_dropped) };
static const struct counter_place dtls_places[] = { DTLS(handshakes), DTLS(handshakes_failed), DTLS(sessions_now),
	DTLS(send_dropped), DTLS(spins) };
static const struct counter_place nodes_places[] = { NODES(checkins), NODES(reports), NODES(statuses), NODES(replies),
	NODES(readings), NODES(blocks), NODES(block_bytes), NODES(valid), NODES(images_not_found),
	NODES(paths_not_found), NODES(methods_refused), NODES(formats_refused), NODES(payloads_malformed),
	NODES(blocks_out_of_range), NODES(blocks_put_off), NODES(strangers_put_off), NODES(identities_missing),
	NODES(identities_unproven), NODES(nodes_refused), NODES(overloads), NODES(offers_now) };

#define COUNT(places) (sizeof(places) / sizeof((places)[0]))
_Static_assert(
	2 * COUNT(udp_server_places) + COUNT(udp_places) + COUNT(dtls_places) + COUNT(nodes_places) <= COUNTERS_MAX,
	"every counter has a place");

static void add_counters(struct driver *driver, const struct counter_place *places, size_t count, const void *values)
{
	for (size_t i = 0; i < count; i++)
		driver->counters[driver->counter_count++] = (struct driver_counter){
			places[i].name,
			(const uint64_t *)((const char *)values + places[i].offset),
		};
}

static void list_counters(struct driver *driver)
{
	add_counters(driver, nodes_places, COUNT(nodes_places), coap_nodes_counters(driver->nodes));
	if (driver->udp) {
		add_counters(
			driver, udp_server_places, COUNT(udp_server_places), coap_udp_server_counters(driver->udp));
		add_counters(driver, udp_places, COUNT(udp_places), coap_udp_counters(driver->udp));
	}
	if (driver->dtls) {
		add_counters(
			driver, dtls_server_places, COUNT(dtls_server_places), coap_dtls_server_counters(driver->dtls));
		add_counters(driver, dtls_places, COUNT(dtls_places), coap_dtls_counters(driver->dtls));
	}
}

static int read_files(struct driver *driver, const struct coap_settings *settings, char *why, size_t why_size)
{
	int result = 0;

	if (settings->psk_file)
		result = coap_keys_read(&driver->keys, settings->psk_file, why, why_size);
	if (result == 0 && settings->plain_nodes_file)
		result = coap_nodes_read(&driver->plain_nodes, settings->plain_nodes_file, why, why_size);
	return result;
}

static int open_udp(struct driver *driver, const struct coap_settings *settings, char *why, size_t why_size)
{
	const struct coap_udp_config config = {
		.address = settings->listen,
		.port = (uint16_t)settings->port,
		.buffer_bytes = (int)settings->receive_buffer_bytes,
		.exchanges = (size_t)settings->exchanges_max,
	};

	if (settings->plain == COAP_PLAIN_OFF)
		return 0;
	int result =
		coap_udp_open(&driver->udp, driver->loop, &config, coap_nodes_resources(driver->nodes), why, why_size);
	if (result < 0)
		return result;
	tell(driver, DRIVER_NOTICE, "coap.listening transport=udp address=%s port=%u receive_buffer=%d",
		settings->listen, coap_udp_port(driver->udp), coap_udp_buffer_bytes(driver->udp));
	return 0;
}

static int open_dtls(struct driver *driver, const struct coap_settings *settings, char *why, size_t why_size)
{
	const struct coap_dtls_config config = {
		.address = settings->listen,
		.port = (uint16_t)settings->dtls_port,
		.exchanges = (size_t)settings->exchanges_max,
		.sessions_max = (unsigned)settings->sessions_max,
		.session_timeout_s = (unsigned)((settings->session_timeout_ms + 999) / 1000),
		.keys = driver->has_keys ? &driver->keys : NULL,
		.certificate_file = settings->certificate_file,
		.key_file = settings->key_file,
		.ca_file = settings->ca_file,
	};

	if (!settings->psk_file && !settings->certificate_file)
		return 0;
	int result = coap_dtls_open(
		&driver->dtls, driver->loop, &config, coap_nodes_resources(driver->nodes), why, why_size);
	if (result < 0)
		return result;
	tell(driver, DRIVER_NOTICE, "coap.listening transport=dtls address=%s port=%u keys=%zu certificates=%s",
		settings->listen, coap_dtls_port(driver->dtls), driver->keys.count,
		settings->certificate_file ? "yes" : "no");
	return 0;
}

static void coap_close(struct driver *driver)
{
	if (!driver)
		return;
	coap_udp_close(driver->udp);
	coap_dtls_close(driver->dtls);
	coap_nodes_close(driver->nodes);
	coap_keys_finish(&driver->keys);
	coap_keys_finish(&driver->plain_nodes);
	free(driver);
}

static int open_parts(struct driver *driver, const struct coap_settings *settings, char *why, size_t why_size)
{
	const struct coap_nodes_config config = {
		.host = driver->host,
		.nodes_max = (size_t)settings->nodes_max,
		.szx = (uint8_t)settings->block_size,
		.stranger_rate = settings->stranger_rate,
		.context = driver,
		.may_speak = may_speak,
		.monotonic_ms = monotonic_ms,
		.wall_us = wall_us,
	};
	int result = read_files(driver, settings, why, why_size);

	if (result == 0)
		result = coap_nodes_open(&driver->nodes, &config);
	if (result == 0)
		result = open_udp(driver, settings, why, why_size);
	if (result == 0)
		result = open_dtls(driver, settings, why, why_size);
	return result;
}

static int coap_open(struct driver **out, struct uv_loop_s *loop, const void *values, const struct driver_host *host,
	char *why, size_t why_size)
{
	const struct coap_settings *settings = values;
	struct driver *driver = calloc(1, sizeof(*driver));

	(void)snprintf(why, why_size, "out of memory");
	if (!driver)
		return -ENOMEM;
	driver->loop = loop;
	driver->host = host;
	driver->plain = (enum coap_plain)settings->plain;
	driver->has_keys = settings->psk_file != NULL;
	coap_keys_init(&driver->keys);
	coap_keys_init(&driver->plain_nodes);
	int result = open_parts(driver, settings, why, why_size);
	if (result < 0) {
		coap_close(driver);
		return result;
	}
	list_counters(driver);
	*out = driver;
	return 0;
}

/* Keys, plain nodes and "open" or "known" change while it runs; sockets do not. */
static int coap_reload(struct driver *driver, const void *values)
{
	const struct coap_settings *settings = values;
	char why[LINE_SIZE / 2];

	if ((settings->plain == COAP_PLAIN_OFF) != (driver->plain == COAP_PLAIN_OFF))
		return -ENOTSUP;
	if ((settings->psk_file != NULL) != driver->has_keys)
		return -ENOTSUP;
	int result = read_files(driver, settings, why, sizeof(why));
	if (result < 0) {
		tell(driver, DRIVER_ERROR, "coap.reload_failed reason=\"%s\"", why);
		return result;
	}
	driver->plain = (enum coap_plain)settings->plain;
	tell(driver, DRIVER_NOTICE, "coap.reloaded keys=%zu plain_nodes=%zu", driver->keys.count,
		driver->plain_nodes.count);
	return 0;
}

static int coap_offer_node(struct driver *driver, const struct driver_offer *offer)
{
	return coap_nodes_offer(driver->nodes, offer);
}

static int coap_withdraw(struct driver *driver, const char *node)
{
	coap_nodes_withdraw(driver->nodes, node);
	return 0;
}

static int coap_command(struct driver *driver, const struct driver_command *command)
{
	return coap_nodes_command(driver->nodes, command);
}

static void coap_images_ready(struct driver *driver)
{
	if (driver->udp)
		coap_udp_retry(driver->udp);
	if (driver->dtls)
		coap_dtls_retry(driver->dtls);
}

static size_t coap_counters(const struct driver *driver, const struct driver_counter **out)
{
	*out = driver->counters;
	return driver->counter_count;
}

static bool apart(const void *values)
{
	return ((const struct coap_settings *)values)->process;
}

const struct driver_ops driver_coap = {
	.name = "coap",
	.settings = &coap_settings_table,
	.apart = apart,
	.open = coap_open,
	.reload = coap_reload,
	.offer = coap_offer_node,
	.withdraw = coap_withdraw,
	.command = coap_command,
	.images_ready = coap_images_ready,
	.counters = coap_counters,
	.close = coap_close,
};
