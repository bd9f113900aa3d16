#include "gateway/block_fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"
#include "drivers/uplink.h"
#include "gateway/topics.h"
#include "protocols/hex.h"

#define HEAD_DIGITS 16
#define IDLE_MS 60000

/* A block that is asked for, or here and waiting for those before it. */
struct slot {
	uint32_t offset;
	uint32_t size;
	bool asked;
	bool here;
	unsigned repeats;
	int64_t asked_at_ms;
	uint8_t *bytes; /* once here */
};

struct fetch {
	struct fetch *next;
	struct fetch_source *source;
	struct fetch_host host;
	char sha256[65];
	uint32_t size_bytes;
	uint32_t offset;                     /* handed over so far */
	uint32_t planned;                    /* end of the last slot */
	struct slot slots[BLOCK_WINDOW_MAX]; /* a ring in the order of offsets */
	unsigned first, count;
	bool begun;
	bool paused;
	bool missing;        /* the server says that it does not have the bytes */
	int64_t next_ask_ms; /* not before, for the rate */
};

struct fetch_source {
	struct block_source_parts parts;
	bool stands;
	struct fetch *fetches;
};

/* ---- starting and ending ---- */

static int block_start(struct fetch **out, struct fetch_source *source, const struct fetch_request *request,
	const struct fetch_host *host)
{
	if (!source->stands)
		return -ENOTCONN;
	if (request->offset >= request->size_bytes)
		return -EINVAL;
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return -ENOMEM;
	fetch->source = source;
	fetch->host = *host;
	hex_print(fetch->sha256, request->sha256, 32);
	fetch->size_bytes = request->size_bytes;
	fetch->offset = fetch->planned = request->offset;
	fetch->next = source->fetches;
	source->fetches = fetch;
	*out = fetch;
	return 0;
}

static void discard(struct fetch *fetch)
{
	struct fetch **link = &fetch->source->fetches;

	while (*link != fetch)
		link = &(*link)->next;
	*link = fetch->next;
	for (unsigned i = 0; i < fetch->count; i++)
		free(fetch->slots[(fetch->first + i) % BLOCK_WINDOW_MAX].bytes);
	free(fetch);
}

static void block_cancel(struct fetch *fetch)
{
	if (fetch)
		discard(fetch);
}

static void block_resume(struct fetch *fetch)
{
	fetch->paused = false;
}

const struct fetch_ops block_fetch = { .start = block_start, .resume = block_resume, .cancel = block_cancel };

static void finish(struct fetch *fetch, int result, const char *sentence)
{
	struct fetch_host host = fetch->host;

	discard(fetch);
	host.end(host.context, result, 0, sentence);
}

/* ---- requests ---- */

static struct slot *slot_at(struct fetch *fetch, unsigned index)
{
	return &fetch->slots[(fetch->first + index) % BLOCK_WINDOW_MAX];
}

/* Opens slots up to the window. */
static void plan(struct fetch *fetch)
{
	const struct block_settings *settings = fetch->source->parts.settings;

	while (fetch->count < (unsigned)settings->window && fetch->planned < fetch->size_bytes) {
		uint32_t left = fetch->size_bytes - fetch->planned;
		uint32_t size = left < settings->size_bytes ? left : (uint32_t)settings->size_bytes;

		*slot_at(fetch, fetch->count++) = (struct slot){ .offset = fetch->planned, .size = size };
		fetch->planned += size;
	}
}

static int ask(struct fetch *fetch, struct slot *slot, struct moment now)
{
	const struct block_source_parts *parts = &fetch->source->parts;
	char text[160];

	snprintf(text, sizeof(text), "{\"sha256\":\"%s\",\"offset\":%" PRIu32 ",\"size\":%" PRIu32 "}", fetch->sha256,
		slot->offset, slot->size);
	int result = parts->publish(parts->context, &(struct uplink_message){ .topic = parts->topics->requests,
							    .payload = text,
							    .size = strlen(text),
							    .content_type = "application/json" });
	if (result < 0)
		return result;
	slot->repeats += slot->asked;
	slot->asked = true;
	slot->asked_at_ms = now.monotonic_ms;
	return 0;
}

static int64_t pace_ms(const struct fetch *fetch, uint32_t size)
{
	int64_t rate = fetch->source->parts.settings->rate_bytes_per_s;

	return rate ? (int64_t)size * 1000 / rate : 0;
}

/* Makes the requests that are due; milliseconds until the next one is, or -ETIMEDOUT. */
static int64_t ask_due(struct fetch *fetch, struct moment now)
{
	int64_t timeout_ms = fetch->source->parts.settings->timeout_ms;
	int64_t next_ms = IDLE_MS;

	plan(fetch);
	for (unsigned i = 0; i < fetch->count; i++) {
		struct slot *slot = slot_at(fetch, i);
		int64_t due_ms = slot->asked ? slot->asked_at_ms + timeout_ms : fetch->next_ask_ms;

		if (slot->here)
			continue;
		if (due_ms <= now.monotonic_ms) {
			if (slot->repeats == BLOCK_REPEATS_MAX)
				return -ETIMEDOUT;
			if (!slot->asked)
				fetch->next_ask_ms = now.monotonic_ms + pace_ms(fetch, slot->size);
			/* A request that does not leave now is one that was lost. */
			(void)ask(fetch, slot, now);
			due_ms = now.monotonic_ms + timeout_ms;
		}
		if (due_ms - now.monotonic_ms < next_ms)
			next_ms = due_ms - now.monotonic_ms;
	}
	return next_ms;
}

/* ---- blocks ---- */

static struct fetch *find(struct fetch_source *source, const char *head)
{
	for (struct fetch *fetch = source->fetches; fetch; fetch = fetch->next)
		if (strncmp(fetch->sha256, head, HEAD_DIGITS) == 0)
			return fetch;
	return NULL;
}

/* HEAD/OFFSET; false if it is neither. */
static bool parse_place(const char *text, char head[HEAD_DIGITS + 1], uint32_t *offset)
{
	int used = 0;

	return strspn(text, "0123456789abcdef") == HEAD_DIGITS && strlen(text) < 32 &&
	       sscanf(text, "%16[0-9a-f]/%" SCNu32 "%n", head, offset, &used) == 2 && text[used] == '\0';
}

static void keep(struct fetch *fetch, struct slot *slot, const struct uplink_message *message)
{
	if (message->size == 0) {
		fetch->missing = true;
		return;
	}
	/* Another size is not what was asked for; it is asked for again. */
	if (slot->here || message->size != slot->size || !(slot->bytes = malloc(message->size)))
		return;
	memcpy(slot->bytes, message->payload, message->size);
	slot->here = true;
}

void block_source_on_message(struct fetch_source *source, const struct uplink_message *message, struct moment now)
{
	char head[HEAD_DIGITS + 1];
	uint32_t offset;

	if (message->retain || !parse_place(message->topic + strlen(source->parts.topics->blocks), head, &offset))
		return;
	struct fetch *fetch = find(source, head);
	for (unsigned i = 0; fetch && i < fetch->count; i++)
		if (slot_at(fetch, i)->asked && slot_at(fetch, i)->offset == offset)
			keep(fetch, slot_at(fetch, i), message);
}

/* Passes on what is here in order. 0, or what the host said. */
static int hand_over(struct fetch *fetch)
{
	while (fetch->count && !fetch->paused && slot_at(fetch, 0)->here) {
		struct slot *slot = slot_at(fetch, 0);
		int result = 0;

		if (!fetch->begun)
			result = fetch->host.begin(fetch->host.context, fetch->offset, NULL);
		if (result < 0)
			return result;
		fetch->begun = true;
		fetch->paused = true; /* resume() may come from within data() */
		result = fetch->host.data(fetch->host.context, slot->bytes, slot->size);
		if (result == -EAGAIN)
			return 0;
		if (result < 0)
			return result;
		fetch->paused = false;
		fetch->offset += slot->size;
		free(slot->bytes);
		slot->bytes = NULL;
		fetch->first = (fetch->first + 1) % BLOCK_WINDOW_MAX;
		fetch->count--;
	}
	return 0;
}

/* Milliseconds until the fetch wants to be looked at again; it may be gone. */
static int64_t advance(struct fetch *fetch, struct moment now)
{
	int result = hand_over(fetch);
	int64_t next_ms = IDLE_MS;

	if (result < 0)
		finish(fetch, result, "not wanted any more");
	else if (fetch->offset == fetch->size_bytes)
		finish(fetch, 0, "");
	else if (fetch->missing)
		finish(fetch, -ENOENT, "the server does not have the image");
	else if ((next_ms = ask_due(fetch, now)) < 0)
		finish(fetch, -ETIMEDOUT, "the server does not answer");
	return next_ms < 0 ? 0 : next_ms;
}

int64_t block_source_tick(struct fetch_source *source, struct moment now)
{
	int64_t next_ms = IDLE_MS;
	struct fetch *next;

	for (struct fetch *fetch = source->fetches; fetch; fetch = next) {
		next = fetch->next;
		int64_t wait_ms = advance(fetch, now);
		next_ms = wait_ms < next_ms ? wait_ms : next_ms;
	}
	return next_ms;
}

void block_source_on_session(struct fetch_source *source, bool stands, struct moment now)
{
	source->stands = stands;
	while (!stands && source->fetches)
		finish(source->fetches, -ENOTCONN, "the connection to the broker is gone");
}

int block_source_open(struct fetch_source **out, const struct block_source_parts *parts)
{
	struct fetch_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->parts = *parts;
	*out = source;
	return 0;
}

void block_source_close(struct fetch_source *source)
{
	if (!source)
		return;
	while (source->fetches)
		discard(source->fetches);
	free(source);
}

/* ---- settings ---- */

#define OFFSET(member) offsetof(struct block_settings, member)

static const struct setting settings_list[] = {
	{ .name = "size",
		.type = SETTING_SIZE,
		.offset = OFFSET(size_bytes),
		.initial = "32 KB",
		.least = 1024,
		.most = BLOCK_SIZE_MAX,
		.reloadable = true,
		.help = "Bytes of one block; the broker must let messages of that size pass." },
	{ .name = "window",
		.type = SETTING_INTEGER,
		.offset = OFFSET(window),
		.initial = "4",
		.least = 1,
		.most = BLOCK_WINDOW_MAX,
		.reloadable = true,
		.help = "Blocks asked for at once." },
	{ .name = "timeout",
		.type = SETTING_DURATION,
		.offset = OFFSET(timeout_ms),
		.initial = "15 s",
		.least = 1000,
		.most = 600000,
		.reloadable = true,
		.help = "A block that has not come so long after it was asked for is asked for again." },
	{ .name = "rate",
		.type = SETTING_SIZE,
		.offset = OFFSET(rate_bytes_per_s),
		.initial = "0 B",
		.least = 0,
		.most = INT64_C(1) << 30,
		.reloadable = true,
		.help = "Bytes per second that one download may take; 0: no cap." },
};

const struct settings_table block_settings_table = {
	.group = "blocks",
	.help = "Firmware images that come in blocks over MQTT.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct block_settings),
};
