#include "gateway/downloads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/image_cache.h"
#include "gateway/image_import.h"
#include "gateway/random.h"
#include "tests/unit/suite.h"

#define HEAD "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0"
#define SIZE 1000

/* ---- imports and cache, played by the test ---- */

struct image_import {
	bool open;
	struct import_observer observer;
	struct image_claim claim;
	uint32_t offset;
	bool full; /* takes nothing now */
};

static struct image_import import;
static uint32_t stored; /* what a suspended import left */
static int begin_result;
static int verdict;
static unsigned begun, finished, suspended, cancelled, removed;
static const char *partial_manifest;

int image_import_begin(struct image_imports *imports, const struct image_claim *claim,
	const struct import_observer *observer, struct moment now, struct image_import **out, char *why)
{
	begun++;
	snprintf(why, IMAGE_SENTENCE_SIZE, "import says no");
	if (begin_result < 0)
		return begin_result;
	import = (struct image_import){ .open = true, .observer = *observer, .claim = *claim, .offset = stored };
	*out = &import;
	return 0;
}

uint32_t image_import_offset(const struct image_import *it)
{
	return it->offset;
}

int image_import_write(struct image_import *it, const void *data, size_t size)
{
	ck_assert(it->open);
	if (it->full)
		return -EAGAIN;
	it->offset += (uint32_t)size;
	return 0;
}

void image_import_finish(struct image_import *it)
{
	ck_assert(it->open);
	it->open = false;
	finished++;
	stored = 0;
	it->observer.done(it->observer.context, verdict, NULL, verdict < 0 ? "judged bad" : "");
}

void image_import_suspend(struct image_import *it)
{
	ck_assert(it->open);
	it->open = false;
	suspended++;
	stored = it->offset;
}

void image_import_cancel(struct image_import *it)
{
	ck_assert(it->open);
	it->open = false;
	cancelled++;
	stored = 0;
	it->observer.done(it->observer.context, -ECANCELED, NULL, "cancelled");
}

int image_cache_remove(struct image_cache *cache, const uint8_t sha256[32], bool forced, struct store_reply reply)
{
	removed++;
	return 0;
}

void image_cache_each(
	const struct image_cache *cache, void (*each)(void *context, const struct stored_image *image), void *context)
{
	struct stored_image image = { 0 };

	snprintf(image.manifest, sizeof(image.manifest), "%s", partial_manifest ? partial_manifest : "");
	each(context, &image);
}

/* ---- a source, played by the test ---- */

struct fetch {
	bool open;
	struct fetch_host host;
	uint32_t offset;
	char uri[64];
	char etag[32];
};

static struct fetch fetch;
static int start_result;
static unsigned started, resumed;

static int fake_start(struct fetch **out, struct fetch_source *source, const struct fetch_request *request,
	const struct fetch_host *host)
{
	started++;
	if (start_result < 0)
		return start_result;
	fetch = (struct fetch){ .open = true, .host = *host, .offset = request->offset };
	snprintf(fetch.uri, sizeof(fetch.uri), "%s", request->uri);
	snprintf(fetch.etag, sizeof(fetch.etag), "%s", request->etag ? request->etag : "");
	*out = &fetch;
	return 0;
}

static void fake_resume(struct fetch *it)
{
	resumed++;
}

static void fake_cancel(struct fetch *it)
{
	it->open = false;
}

static const struct fetch_ops fake_fetch = { fake_start, fake_resume, fake_cancel };

/* ---- the scene ---- */

static struct download_settings settings;
static struct downloads *downloads;
static struct random randomness;
static struct moment now;
static struct download told[16];
static size_t told_count;
static char why[256];

static void on_changed(void *context, const struct download *download)
{
	if (told_count < 16)
		told[told_count++] = *download;
}

static void begin_scene(void)
{
	struct downloads_parts parts = { .settings = &settings,
		.random = &randomness,
		.http = &fake_fetch,
		.mqtt = &fake_fetch,
		.changed = on_changed };

	settings = (struct download_settings){ .concurrent = 1,
		.attempts = 3,
		.deadline_ms = 3600000,
		.backoff_least_ms = 1000,
		.backoff_most_ms = 60000 };
	random_init(&randomness, 1);
	now = (struct moment){ 5000, 1700000000000 };
	ck_assert_int_eq(downloads_open(&downloads, &parts), 0);
}

static void end_scene(void)
{
	downloads_close(downloads);
}

static int offer(char last_digit, const char *uri)
{
	char text[512];

	snprintf(text, sizeof(text),
		"{\"version\":\"1\",\"hardware\":\"h\",\"size\":%d,\"sha256\":\"" HEAD "%c\",\"uri\":\"%s\"}", SIZE,
		last_digit, uri);
	return downloads_on_manifest(downloads, text, strlen(text), now, why, sizeof(why));
}

static int64_t tick(void)
{
	return downloads_tick(downloads, now);
}

/* Time passes until the first download wants its next attempt. */
static int64_t wait_for_attempt(void)
{
	int64_t wait_ms = downloads_at(downloads, 0)->due_ms - now.monotonic_ms;

	now.monotonic_ms += wait_ms;
	tick();
	return wait_ms;
}

static void open_import(void)
{
	import.observer.writable(import.observer.context, &import);
	tick();
}

/* The manifest is taken and bytes are about to come. */
static void begin_download(void)
{
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	open_import();
	ck_assert(fetch.open);
}

static int send(size_t size)
{
	static const uint8_t bytes[SIZE];

	return fetch.host.data(fetch.host.context, bytes, size);
}

static void end_fetch(int result)
{
	fetch.open = false;
	fetch.host.end(fetch.host.context, result, 0, "fetch says why");
	tick();
}

static enum download_state state(void)
{
	return downloads_at(downloads, 0)->state;
}

START_TEST(a_manifest_becomes_an_image)
{
	begin_scene();
	begin_download();
	ck_assert_str_eq(import.claim.origin, "http");
	ck_assert_int_eq(state(), DOWNLOAD_FETCHING);
	ck_assert_int_eq(fetch.host.begin(fetch.host.context, 0, "\"e\""), 0);
	ck_assert_int_eq(send(600), 0);
	ck_assert_uint_eq(downloads_at(downloads, 0)->stored_bytes, 600);
	ck_assert_int_eq(send(400), 0);
	end_fetch(0);
	ck_assert_uint_eq(finished, 1);
	ck_assert_int_eq(state(), DOWNLOAD_COMPLETE);
	ck_assert_uint_eq(told_count, 2);
	ck_assert_int_eq(told[0].state, DOWNLOAD_FETCHING);
	ck_assert_int_eq(told[1].state, DOWNLOAD_COMPLETE);
	end_scene();
}
END_TEST

START_TEST(a_malformed_manifest_is_refused_with_a_sentence)
{
	begin_scene();
	ck_assert_int_eq(downloads_on_manifest(downloads, "{}", 2, now, why, sizeof(why)), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "version"));
	ck_assert_ptr_null(downloads_at(downloads, 0));
	end_scene();
}
END_TEST

START_TEST(plain_http_needs_leave)
{
	begin_scene();
	ck_assert_int_eq(offer('8', "http://h/f"), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "allow_http"));
	settings.http.allow_plain = true;
	ck_assert_int_eq(offer('8', "http://h/f"), 0);
	end_scene();
}
END_TEST

START_TEST(a_cut_download_goes_on_at_its_byte_after_a_pause)
{
	begin_scene();
	begin_download();
	fetch.host.begin(fetch.host.context, 0, "\"e\"");
	send(600);
	end_fetch(-ECONNRESET);
	ck_assert_int_eq(state(), DOWNLOAD_WAITING);
	ck_assert_uint_eq(suspended, 1);
	ck_assert_uint_eq(downloads_at(downloads, 0)->attempts, 0);
	int64_t wait_ms = wait_for_attempt();
	ck_assert_int_ge(wait_ms, 500);
	ck_assert_int_le(wait_ms, 1000);
	open_import();
	ck_assert_uint_eq(fetch.offset, 600);
	ck_assert_str_eq(fetch.etag, "\"e\"");
	ck_assert_int_eq(fetch.host.begin(fetch.host.context, 600, "\"e\""), 0);
	ck_assert_int_eq(send(400), 0);
	end_fetch(0);
	ck_assert_int_eq(state(), DOWNLOAD_COMPLETE);
	end_scene();
}
END_TEST

START_TEST(a_source_without_ranges_is_skipped_to_the_byte)
{
	begin_scene();
	stored = 600;
	begin_download();
	ck_assert_uint_eq(fetch.offset, 600);
	ck_assert_int_eq(fetch.host.begin(fetch.host.context, 0, NULL), 0);
	ck_assert_int_eq(send(500), 0);
	ck_assert_uint_eq(import.offset, 600);
	import.full = true;
	ck_assert_int_eq(send(500), -EAGAIN);
	import.full = false;
	import.observer.writable(import.observer.context, &import);
	ck_assert_uint_eq(resumed, 1);
	ck_assert_int_eq(send(500), 0);
	ck_assert_uint_eq(import.offset, SIZE);
	end_fetch(0);
	ck_assert_int_eq(state(), DOWNLOAD_COMPLETE);
	end_scene();
}
END_TEST

START_TEST(a_changed_file_is_begun_anew)
{
	begin_scene();
	begin_download();
	fetch.host.begin(fetch.host.context, 0, "\"one\"");
	send(600);
	end_fetch(-ECONNRESET);
	wait_for_attempt();
	open_import();
	ck_assert_int_eq(fetch.host.begin(fetch.host.context, 0, "\"two\""), -ESTALE);
	end_fetch(-ESTALE);
	ck_assert_uint_eq(cancelled, 1);
	ck_assert_int_eq(state(), DOWNLOAD_FETCHING);
	open_import();
	ck_assert_uint_eq(fetch.offset, 0);
	ck_assert_str_eq(fetch.etag, "");
	end_scene();
}
END_TEST

START_TEST(pieces_that_make_no_image_are_fetched_once_more_from_the_start)
{
	begin_scene();
	stored = 600;
	begin_download();
	fetch.host.begin(fetch.host.context, 600, NULL);
	send(400);
	verdict = -EBADMSG;
	end_fetch(0);
	ck_assert_int_eq(state(), DOWNLOAD_FETCHING);
	open_import();
	ck_assert_uint_eq(fetch.offset, 0);
	fetch.host.begin(fetch.host.context, 0, NULL);
	send(1000);
	end_fetch(0);
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_str_eq(downloads_at(downloads, 0)->sentence, "judged bad");
	end_scene();
}
END_TEST

START_TEST(an_unsigned_image_fails_for_good)
{
	begin_scene();
	begin_download();
	fetch.host.begin(fetch.host.context, 0, NULL);
	send(1000);
	verdict = -EKEYREJECTED;
	end_fetch(0);
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_int_eq(downloads_at(downloads, 0)->result, -EKEYREJECTED);
	/* The retained manifest comes again at every connect. */
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	/* A corrected one is another matter. */
	ck_assert_int_eq(offer('8', "https://h/g"), 0);
	ck_assert_int_eq(state(), DOWNLOAD_WAITING);
	end_scene();
}
END_TEST

START_TEST(attempts_that_bring_nothing_wait_ever_longer_and_end)
{
	begin_scene();
	begin_download();
	end_fetch(-ECONNREFUSED);
	int64_t first_ms = wait_for_attempt();
	open_import();
	end_fetch(-ECONNREFUSED);
	int64_t second_ms = wait_for_attempt();
	ck_assert_int_ge(second_ms, 1000);
	ck_assert_int_le(first_ms, 1000);
	open_import();
	end_fetch(-ECONNREFUSED);
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_uint_eq(cancelled, 1);
	ck_assert_str_eq(told[told_count - 1].sentence, "fetch says why");
	/* The server may be back by the next time it says so. */
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	ck_assert_int_eq(state(), DOWNLOAD_WAITING);
	end_scene();
}
END_TEST

START_TEST(the_sources_own_wish_to_wait_is_granted_up_to_a_limit)
{
	begin_scene();
	begin_download();
	fetch.host.end(fetch.host.context, -EAGAIN, 30, "busy");
	tick();
	ck_assert_int_eq(wait_for_attempt(), 30000);
	open_import();
	fetch.host.end(fetch.host.context, -EAGAIN, 86400, "busy");
	tick();
	ck_assert_int_eq(wait_for_attempt(), 60000);
	end_scene();
}
END_TEST

START_TEST(a_download_ends_at_its_deadline)
{
	begin_scene();
	settings.concurrent = 0;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	now.monotonic_ms += 3600000;
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_int_eq(downloads_at(downloads, 0)->result, -ETIMEDOUT);
	ck_assert_uint_eq(removed, 1);
	end_scene();
}
END_TEST

START_TEST(only_so_many_run_at_once_in_the_order_they_came)
{
	begin_scene();
	ck_assert_int_eq(offer('1', "https://h/1"), 0);
	ck_assert_int_eq(offer('2', "https://h/2"), 0);
	tick();
	ck_assert_uint_eq(begun, 1);
	open_import();
	ck_assert_str_eq(fetch.uri, "https://h/1");
	fetch.host.begin(fetch.host.context, 0, NULL);
	send(1000);
	end_fetch(0);
	ck_assert_uint_eq(begun, 2);
	open_import();
	ck_assert_str_eq(fetch.uri, "https://h/2");
	end_scene();
}
END_TEST

START_TEST(an_image_that_is_here_is_told_as_complete)
{
	begin_scene();
	begin_result = -EEXIST;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_COMPLETE);
	ck_assert_uint_eq(started, 0);
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	ck_assert_uint_eq(told_count, 2);
	end_scene();
}
END_TEST

START_TEST(an_image_that_somebody_else_imports_is_waited_for)
{
	begin_scene();
	begin_result = -EALREADY;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_WAITING);
	ck_assert_uint_eq(downloads_at(downloads, 0)->attempts, 0);
	begin_result = 0;
	wait_for_attempt();
	ck_assert_int_eq(state(), DOWNLOAD_FETCHING);
	end_scene();
}
END_TEST

START_TEST(a_full_disk_is_told_and_may_pass)
{
	begin_scene();
	begin_result = -ENOSPC;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_str_eq(downloads_at(downloads, 0)->sentence, "import says no");
	begin_result = 0;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_FETCHING);
	end_scene();
}
END_TEST

START_TEST(a_partial_image_is_taken_up_after_a_restart)
{
	begin_scene();
	partial_manifest =
		"{\"version\":\"1\",\"hardware\":\"h\",\"size\":1000,\"sha256\":\"" HEAD "8\",\"uri\":\"mqtt:\"}";
	stored = 700;
	downloads_take_up(downloads, now);
	tick();
	open_import();
	ck_assert_str_eq(import.claim.origin, "mqtt");
	ck_assert_uint_eq(fetch.offset, 700);
	end_scene();
}
END_TEST

START_TEST(all_bytes_stored_need_no_fetch)
{
	begin_scene();
	stored = SIZE;
	ck_assert_int_eq(offer('8', "https://h/f"), 0);
	tick();
	open_import();
	ck_assert_uint_eq(started, 0);
	ck_assert_int_eq(state(), DOWNLOAD_JUDGING);
	tick();
	ck_assert_int_eq(state(), DOWNLOAD_COMPLETE);
	end_scene();
}
END_TEST

START_TEST(a_connection_makes_what_comes_over_mqtt_due)
{
	begin_scene();
	start_result = -ENOTCONN;
	ck_assert_int_eq(offer('8', "mqtt:"), 0);
	tick();
	open_import();
	ck_assert_int_eq(state(), DOWNLOAD_WAITING);
	start_result = 0;
	downloads_on_connected(downloads, now);
	tick();
	open_import();
	ck_assert(fetch.open);
	end_scene();
}
END_TEST

START_TEST(a_cancelled_download_leaves_nothing)
{
	begin_scene();
	begin_download();
	send(100);
	ck_assert_int_eq(downloads_cancel(downloads, downloads_at(downloads, 0)->manifest.sha256), 0);
	tick();
	ck_assert(!fetch.open);
	ck_assert_uint_eq(cancelled, 1);
	ck_assert_int_eq(state(), DOWNLOAD_FAILED);
	ck_assert_int_eq(downloads_at(downloads, 0)->result, -ECANCELED);
	end_scene();
}
END_TEST

START_TEST(closing_keeps_what_is_stored)
{
	begin_scene();
	begin_download();
	fetch.host.begin(fetch.host.context, 0, NULL);
	send(300);
	end_scene();
	ck_assert(!fetch.open);
	ck_assert_uint_eq(suspended, 1);
	ck_assert_uint_eq(stored, 300);
}
END_TEST

START_TEST(sixteen_manifests_wait_and_no_more)
{
	begin_scene();
	settings.concurrent = 0;
	for (int i = 0; i < DOWNLOADS_MAX; i++)
		ck_assert_int_eq(offer("0123456789abcdef"[i], "https://h/f"), 0);
	char text[] = "{\"version\":\"1\",\"hardware\":\"h\",\"size\":1,\"uri\":\"mqtt:\",\"sha256\":"
		      "\"0000000000000000000000000000000000000000000000000000000000000000\"}";
	ck_assert_int_eq(downloads_on_manifest(downloads, text, strlen(text), now, why, sizeof(why)), -ENOBUFS);
	ck_assert_int_eq(downloads_cancel(downloads, downloads_at(downloads, 3)->manifest.sha256), 0);
	ck_assert_int_eq(downloads_on_manifest(downloads, text, strlen(text), now, why, sizeof(why)), 0);
	end_scene();
}
END_TEST

TEST_SUITE(downloads, a_manifest_becomes_an_image, a_malformed_manifest_is_refused_with_a_sentence,
	plain_http_needs_leave, a_cut_download_goes_on_at_its_byte_after_a_pause,
	a_source_without_ranges_is_skipped_to_the_byte, a_changed_file_is_begun_anew,
	pieces_that_make_no_image_are_fetched_once_more_from_the_start, an_unsigned_image_fails_for_good,
	attempts_that_bring_nothing_wait_ever_longer_and_end, the_sources_own_wish_to_wait_is_granted_up_to_a_limit,
	a_download_ends_at_its_deadline, only_so_many_run_at_once_in_the_order_they_came,
	an_image_that_is_here_is_told_as_complete, an_image_that_somebody_else_imports_is_waited_for,
	a_full_disk_is_told_and_may_pass, a_partial_image_is_taken_up_after_a_restart, all_bytes_stored_need_no_fetch,
	a_connection_makes_what_comes_over_mqtt_due, a_cancelled_download_leaves_nothing, closing_keeps_what_is_stored,
	sixteen_manifests_wait_and_no_more)
