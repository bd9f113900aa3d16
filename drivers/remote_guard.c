#include "drivers/remote_guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void remote_guard_init(struct remote_guard *guard, const struct remote_limits *limits, int64_t now_ms)
{
	*guard = (struct remote_guard){
		.limits = *limits, .second_ms = now_ms, .heard_ms = now_ms, .looked_ms = now_ms
	};
}

int remote_guard_take(struct remote_guard *guard, size_t bytes, int64_t now_ms, char *why, size_t why_size)
{
	guard->heard_ms = now_ms;
	if (now_ms - guard->second_ms >= 1000) {
		guard->second_ms = now_ms;
		guard->messages = guard->bytes = 0;
	}
	guard->messages++;
	guard->bytes += (int64_t)bytes;
	if (guard->messages > guard->limits.messages_per_s) {
		snprintf(why, why_size, "it floods: more than %" PRId64 " messages in a second",
			guard->limits.messages_per_s);
		return -EDQUOT;
	}
	if (guard->bytes > guard->limits.bytes_per_s) {
		snprintf(
			why, why_size, "it floods: more than %" PRId64 " bytes in a second", guard->limits.bytes_per_s);
		return -EDQUOT;
	}
	return 0;
}

bool remote_guard_sent(struct remote_guard *guard, size_t bytes)
{
	guard->unread += bytes;
	guard->since += bytes;
	return guard->since >= REMOTE_BEAT_BYTES;
}

uint32_t remote_guard_beat(struct remote_guard *guard, int64_t now_ms)
{
	if (guard->unanswered_ms == 0)
		guard->unanswered_ms = now_ms;
	guard->since = 0;
	return ++guard->beat;
}

int remote_guard_came(struct remote_guard *guard, uint32_t beat, int64_t now_ms)
{
	if (beat <= guard->came || beat > guard->beat)
		return -EBADMSG;
	guard->came = beat;
	if (beat == guard->beat)
		guard->unread = guard->since;
	guard->unanswered_ms = beat == guard->beat ? 0 : now_ms;
	return 0;
}

int remote_guard_look(struct remote_guard *guard, int64_t now_ms, char *why, size_t why_size)
{
	bool stood_still = now_ms - guard->looked_ms > guard->limits.silence_ms / 2;
	bool reads = guard->came != guard->came_before;

	guard->looked_ms = now_ms;
	guard->came_before = guard->came;
	if (stood_still) {
		guard->heard_ms = now_ms;
		guard->unanswered_ms = guard->unanswered_ms ? now_ms : 0;
	}
	if (now_ms - guard->heard_ms > guard->limits.silence_ms) {
		snprintf(why, why_size, "it stalls: not heard of for %" PRId64 " ms", now_ms - guard->heard_ms);
		return -ETIMEDOUT;
	}
	if (guard->unanswered_ms && now_ms - guard->unanswered_ms > guard->limits.silence_ms) {
		snprintf(why, why_size, "it stalls: what it was sent was not read for %" PRId64 " ms",
			now_ms - guard->unanswered_ms);
		return -ETIMEDOUT;
	}
	/* Who is told a hundred thousand offers at once reads them bit by bit. */
	if (guard->unread > REMOTE_UNREAD_MAX && !reads) {
		snprintf(why, why_size, "it stalls: %" PRIu64 " bytes that it was sent were not read", guard->unread);
		return -ETIMEDOUT;
	}
	return 0;
}
