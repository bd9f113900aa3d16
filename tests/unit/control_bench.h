/*
 * control_bench: nodes, updates and images over a real store, asked through the control commands.
 */
#ifndef WAKEGATE_TESTS_CONTROL_BENCH_H
#define WAKEGATE_TESTS_CONTROL_BENCH_H

#include <jansson.h>
#include <string.h>

#include "drivers/driver.h"
#include "gateway/control.h"
#include "gateway/control_images.h"
#include "gateway/control_log.h"
#include "gateway/control_nodes.h"
#include "gateway/control_updates.h"
#include "gateway/control_uploads.h"
#include "gateway/digest.h"
#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/image_policy.h"
#include "gateway/log.h"
#include "gateway/node_removals.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "gateway/schedule.h"
#include "gateway/updates.h"
#include "protocols/hex.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/suite.h"

struct control_bench {
	struct scratch_store scratch;
	struct clock clock;
	struct moment now;
	struct random random;
	struct nodes *nodes;
	struct updates *updates;
	struct node_removals *removals;
	struct image_policy *policy;
	struct image_cache *images;
	struct image_imports *imports;
	struct control *control;
	struct control_nodes node_parts;
	struct control_updates update_parts;
	struct control_images image_parts;
	struct control_log log_parts;
	struct control_uploads *uploads;
	json_t *reply; /* the last one */
};

static inline struct moment bench_now(void *context)
{
	return ((struct control_bench *)context)->now;
}

static inline struct image_source *bench_image(void *context, const uint8_t sha256[32], const char **hardware)
{
	struct control_bench *bench = context;
	const struct stored_image *image = image_cache_find(bench->images, sha256);

	if (image)
		*hardware = image->hardware;
	return image ? image_cache_source(bench->images, sha256) : NULL;
}

static inline int bench_offer(void *context, const struct node *node, const struct driver_offer *offer)
{
	return 0;
}

static inline void bench_withdraw(void *context, const struct node *node)
{
}

static inline bool bench_needed(void *context, const uint8_t sha256[32])
{
	struct control_bench *bench = context;

	return bench->updates && updates_need(bench->updates, sha256);
}

static inline void bench_ready(void *context)
{
}

static inline void bench_open_images(struct control_bench *bench)
{
	static const char *const workbench[] = { "meter-2", "valve-1" };
	static const struct image_settings settings = { .unsigned_hardware = { workbench, 2 },
		.max_size_bytes = 1024 * 1024,
		.quota_bytes = 4 * 1024 * 1024,
		.cached_chunks = 4,
		.imports = 2 };
	struct image_cache_options options = { .store = bench->scratch.store,
		.quota_bytes = (uint64_t)settings.quota_bytes,
		.cached_chunks = 4,
		.context = bench,
		.needed = bench_needed,
		.ready = bench_ready };
	char why[256];

	ck_assert_int_eq(image_policy_open(&bench->policy, &settings, why, sizeof(why)), 0);
	ck_assert_int_eq(image_cache_open(&bench->images, &options), 0);
	struct image_imports_options importing = { bench->scratch.store, bench->images, bench->policy };
	ck_assert_int_eq(image_imports_open(&bench->imports, &importing), 0);
}

static inline void bench_open_nodes(struct control_bench *bench)
{
	static const struct nodes_settings nodes = { .most = 1000, .flush_interval_ms = 300000, .missed_wakes = 2 };
	static const struct update_settings updates = { .attempts = 3,
		.retry_after_ms = 600000,
		.retry_most_ms = 3600000,
		.stall_after_ms = 1800000,
		.deadline_ms = 86400000 };
	struct updates_parts parts = { .store = bench->scratch.store,
		.random = &bench->random,
		.settings = &updates,
		.port = { bench, bench_image, bench_offer, bench_withdraw, NULL, NULL } };

	ck_assert_int_eq(nodes_open(&bench->nodes, bench->scratch.store, &nodes), 0);
	parts.nodes = bench->nodes;
	ck_assert_int_eq(updates_open(&bench->updates, &parts, bench->now), 0);
	bench->removals = node_removals_open(bench->scratch.store, bench->nodes, bench->updates);
	ck_assert_ptr_nonnull(bench->removals);
}

static inline void bench_register(struct control_bench *bench)
{
	static const struct schedule_settings schedule = { .interval_ms = 900000, .jitter_percent = 10 };
	struct store *store = bench->scratch.store;
	struct control_uploads_parts uploads = { &bench->clock, store, bench->images, bench->imports };

	bench->control = control_open();
	bench->node_parts = (struct control_nodes){ .clock = &bench->clock,
		.store = store,
		.nodes = bench->nodes,
		.updates = bench->updates,
		.removals = bench->removals,
		.schedule = &schedule };
	bench->update_parts =
		(struct control_updates){ &bench->clock, bench->nodes, bench->updates, bench->images, &schedule };
	bench->image_parts =
		(struct control_images){ &bench->clock, store, bench->images, bench->nodes, bench->updates };
	bench->log_parts = (struct control_log){ store };
	ck_assert_int_eq(control_nodes_register(bench->control, &bench->node_parts), 0);
	ck_assert_int_eq(control_updates_register(bench->control, &bench->update_parts), 0);
	ck_assert_int_eq(control_images_register(bench->control, &bench->image_parts), 0);
	ck_assert_int_eq(control_log_register(bench->control, &bench->log_parts), 0);
	ck_assert_int_eq(control_uploads_open(&bench->uploads, bench->control, &uploads), 0);
}

static inline struct control_bench *bench_open(void)
{
	struct control_bench *bench = calloc(1, sizeof(*bench));

	log_set_level(LOG_LEVEL_ERROR);
	bench->now = (struct moment){ .monotonic_ms = 1000, .wall_ms = INT64_C(1790000000000) };
	bench->clock = (struct clock){ bench_now, bench };
	scratch_store_open(&bench->scratch);
	bench_open_images(bench);
	bench_open_nodes(bench);
	bench_register(bench);
	return bench;
}

static inline void bench_close(struct control_bench *bench)
{
	json_decref(bench->reply);
	control_close(bench->control);
	control_uploads_close(bench->uploads);
	image_imports_close(bench->imports);
	nodes_flush(bench->nodes);
	scratch_store_close(&bench->scratch);
	image_cache_close(bench->images);
	image_policy_close(bench->policy);
	node_removals_close(bench->removals);
	updates_close(bench->updates);
	nodes_close(bench->nodes);
	free(bench);
}

static inline int bench_on_reply(void *context, const char *json, size_t size, bool last)
{
	struct control_bench *bench = context;

	json_decref(bench->reply);
	bench->reply = json_loadb(json, size, 0, NULL);
	ck_assert_ptr_nonnull(bench->reply);
	return 0;
}

/* Asks with bytes beside; returns the request if it is not answered yet. Takes `request`. */
static inline struct control_request *bench_ask_with(
	struct control_bench *bench, json_t *request, struct control_bytes bytes)
{
	const struct control_asker asker = { "operator", false, bench_on_reply, bench };
	char *text = json_dumps(request, JSON_COMPACT);

	json_decref(request);
	json_decref(bench->reply);
	bench->reply = NULL;
	struct control_request *asked = control_dispatch(bench->control, &asker, text, strlen(text), &bytes);
	free(text);
	return asked;
}

/* Asks and waits for the answer: the result, or NULL if it failed. Borrowed until the next question. */
static inline json_t *bench_ask(struct control_bench *bench, json_t *request)
{
	(void)bench_ask_with(bench, request, (struct control_bytes){ 0 });
	while (!bench->reply)
		scratch_store_settle(&bench->scratch);
	return json_object_get(bench->reply, "result");
}

/* Asserts that the last answer was a failure of that code. */
static inline void ck_failed(const struct control_bench *bench, const char *code)
{
	const char *found = json_string_value(json_object_get(json_object_get(bench->reply, "error"), "code"));

	ck_assert_msg(found && strcmp(found, code) == 0, "found %s", found ? found : "success");
}

static inline int64_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static inline const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static inline struct node *bench_add_node(struct control_bench *bench, const char *id, const char *hardware)
{
	struct node_contact contact = { .node = id,
		.reports = true,
		.hardware = hardware,
		.version = "1.0.0",
		.image = { 9, 9, 9, 9 },
		.image_size = 4,
		.battery_percent = 80 };
	struct node *node;

	ck_assert_int_eq(nodes_contact(bench->nodes, "coap", &contact, bench->now, &node), 0);
	return node;
}

/* Uploads `size` bytes of `fill` for that hardware; the head of its digest goes to `name`. */
static inline void bench_add_image(
	struct control_bench *bench, uint8_t fill, size_t size, const char *hardware, char name[17])
{
	uint8_t sha256[32], *data = malloc(size);
	char hex[65], file[16];

	memset(data, fill, size);
	digest_compute(DIGEST_SHA256, data, size, sha256);
	hex_print(hex, sha256, sizeof(sha256));
	snprintf(file, sizeof(file), "app-%u.bin", fill);
	json_t *result = bench_ask(
		bench, json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "command", "image.upload", "name", file, "size",
			       (json_int_t)size, "sha256", hex, "hardware", hardware, "version", "2.0.0"));
	int64_t upload = number_of(result, "upload");
	(void)bench_ask_with(bench,
		json_pack("{s:s, s:I, s:i}", "command", "image.upload.data", "upload", (json_int_t)upload, "offset", 0),
		(struct control_bytes){ data, size });
	while (!bench->reply)
		scratch_store_settle(&bench->scratch);
	result = bench_ask(
		bench, json_pack("{s:s, s:I}", "command", "image.upload.finish", "upload", (json_int_t)upload));
	ck_assert_str_eq(text_of(json_object_get(result, "image"), "sha256"), hex);
	snprintf(name, 17, "%.16s", hex);
	free(data);
}

#endif
