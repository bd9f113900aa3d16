#include "gateway/alert_post.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/alert_text.h"
#include "gateway/alerts.h"
#include "gateway/upstream.h"

#define TICK_MS 1000
#define IN_FLIGHT_MAX 2 /* changes: most of the window is for readings */

/* A change that the broker has not acknowledged. */
struct letter {
	uint64_t ticket; /* 0: free */
	enum alert_kind kind;
	char subject[ALERT_SUBJECT_MAX + 1];
	uint32_t changes;
};

struct alert_post {
	struct alert_post_parts parts;
	struct upstream_client client;
	struct letter letters[IN_FLIGHT_MAX];
	uint64_t next_ticket;
	uint64_t list_ticket; /* of the list under way; 0: none is */
	bool connected;
	bool list_due;
};

/* The list of another run may be retained at the broker still, so it is told at each connect. */
static void on_connected(void *context, unsigned window, struct moment now)
{
	struct alert_post *post = context;

	post->connected = true;
	post->list_due = true;
	(void)alert_post_tick(post, now);
}

static void on_disconnected(void *context, struct moment now)
{
	struct alert_post *post = context;

	post->connected = false;
	post->list_ticket = 0;
	memset(post->letters, 0, sizeof(post->letters));
}

static void settle(struct alert_post *post, const struct letter *letter)
{
	if (alerts_told(post->parts.alerts, letter->kind, letter->subject, letter->changes))
		post->parts.told(post->parts.context, alerts_get(post->parts.alerts, letter->kind, letter->subject));
}

static void on_delivered(void *context, uint64_t ticket, int result, struct moment now)
{
	struct alert_post *post = context;

	if (ticket == post->list_ticket) {
		post->list_ticket = 0;
		post->list_due |= result == -ENOTCONN;
	}
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
		struct letter letter = post->letters[i];
		if (letter.ticket != ticket)
			continue;
		post->letters[i] = (struct letter){ 0 };
		/* One that the broker refuses is not told again and again: it would refuse it again. */
		if (result != -ENOTCONN)
			settle(post, &letter);
	}
	(void)alert_post_tick(post, now);
}

int alert_post_open(struct alert_post **out, const struct alert_post_parts *parts)
{
	struct alert_post *post = calloc(1, sizeof(*post));

	if (!post)
		return -ENOMEM;
	post->parts = *parts;
	post->client = (struct upstream_client){
		.tickets = ALERT_TICKETS,
		.context = post,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.delivered = on_delivered,
	};
	int error = upstream_attach(parts->upstream, &post->client);
	if (error) {
		free(post);
		return error;
	}
	*out = post;
	return 0;
}

void alert_post_close(struct alert_post *post)
{
	free(post);
}

void alert_post_changed(struct alert_post *post)
{
	post->list_due = true;
}

/* The ticket, or 0: not now. Takes the text. */
static uint64_t publish(struct alert_post *post, const char *topic, char *text, bool retain)
{
	uint64_t ticket = ALERT_TICKETS | ++post->next_ticket;
	struct uplink_message message = { .topic = topic,
		.payload = text,
		.size = text ? strlen(text) : 0,
		.content_type = "application/json",
		.retain = retain,
		.quality = 1 };
	int result = text ? upstream_publish(post->parts.upstream, &message, ticket) : -ENOMEM;

	free(text);
	return result == 0 ? ticket : 0;
}

static bool is_under_way(const struct alert_post *post, const struct alert *alert)
{
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
		const struct letter *letter = &post->letters[i];
		if (letter->ticket && letter->kind == alert->kind && strcmp(letter->subject, alert->subject) == 0)
			return true;
	}
	return false;
}

static struct letter *free_letter(struct alert_post *post)
{
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		if (!post->letters[i].ticket)
			return &post->letters[i];
	return NULL;
}

/* In the order of the changes. */
static void send_changes(struct alert_post *post)
{
	const struct alerts *alerts = post->parts.alerts;
	struct letter *letter;

	for (size_t i = 0; i < alerts_count(alerts) && (letter = free_letter(post)); i++) {
		const struct alert *alert = alerts_at(alerts, i);
		if (alert->told || is_under_way(post, alert))
			continue;
		letter->ticket =
			publish(post, post->parts.changes, alert_change_text(alert, post->parts.gateway), false);
		if (!letter->ticket)
			return;
		letter->kind = alert->kind;
		letter->changes = alert->changes;
		memcpy(letter->subject, alert->subject, sizeof(letter->subject));
	}
}

int64_t alert_post_tick(struct alert_post *post, struct moment now)
{
	if (!post->connected)
		return TICK_MS;
	send_changes(post);
	if (post->list_due && !post->list_ticket) {
		post->list_ticket = publish(post, post->parts.standing,
			alert_list_text(post->parts.alerts, post->parts.gateway, now.wall_ms), true);
		post->list_due = !post->list_ticket;
	}
	return TICK_MS;
}
