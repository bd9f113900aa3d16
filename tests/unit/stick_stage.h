/*
 * stick_stage: the world of a stick under test: a line without a port, a clock that the test turns, and a host that
 * writes down what it is told, a line each.
 */
#ifndef WAKEGATE_TESTS_STICK_STAGE_H
#define WAKEGATE_TESTS_STICK_STAGE_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drivers/stick.h"
#include "protocols/hex.h"
#include "tests/unit/suite.h"

struct stick_stage {
	struct stick_line line;
	struct stick *stick;
	int64_t now_ms, alarm_ms;
	unsigned reopened;
	char reopened_why[256];
	uint8_t sent[16384]; /* by the stick's machine, not yet taken by the test */
	size_t sent_size;
	char log[16384];
};

__attribute__((format(printf, 2, 3))) static inline void stage_note(void *context, const char *format, ...)
{
	struct stick_stage *stage = context;
	size_t used = strlen(stage->log);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(stage->log + used, sizeof(stage->log) - used, format, arguments);
	va_end(arguments);
}

/* ---- the host ---- */

static inline void stage_on_state(void *context, const struct stick_report *report)
{
	static const char *const names[] = { "opening", "empty", "up", "down", "refused" };

	stage_note(context, "state %s [%s]\n", names[report->state], report->why);
}

static inline void stage_on_received(void *context, const struct zigbee_message *message)
{
	char payload[600];

	ck_assert_uint_lt(message->payload.size, 300);
	hex_print(payload, message->payload.data, message->payload.size);
	stage_note(context, "received %04x/%u-%u %04x:%04x %s\n", message->peer, message->peer_endpoint,
		message->own_endpoint, message->profile, message->cluster, payload);
}

static inline void stage_on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	static const char *const names[] = { "sent", "no_ack", "no_route", "expired", "busy", "too_long", "lost" };

	stage_note(context, "sent %" PRIu32 " %s\n", tag, names[outcome]);
}

static inline void stage_on_joined(void *context, uint64_t eui64, uint16_t nwk, uint16_t parent)
{
	stage_note(context, "joined %016" PRIx64 " %04x %04x\n", eui64, nwk, parent);
}

static inline void stage_on_left(void *context, uint64_t eui64, uint16_t nwk)
{
	stage_note(context, "left %016" PRIx64 " %04x\n", eui64, nwk);
}

static inline void stage_on_routed(void *context, uint16_t nwk, uint8_t relays)
{
	stage_note(context, "routed %04x %u\n", nwk, relays);
}

static inline void stage_on_scanned(void *context, uint8_t channel, uint8_t energy)
{
	stage_note(context, "scanned %u %u\n", channel, energy);
}

static inline void stage_on_key(void *context, const struct stick_link_key *key)
{
	char digits[33];

	if (!key) {
		stage_note(context, "keys end\n");
		return;
	}
	hex_print(digits, key->key, 16);
	stage_note(context, "key %016" PRIx64 " %s %" PRIu32 " %" PRIu32 "\n", key->eui64, digits, key->tx_counter,
		key->rx_counter);
}

static inline void stage_on_event(void *context, int level, const char *line)
{
	stage_note(context, "event %s\n", line);
}

static inline void stage_on_permitted(void *context, const char *failed)
{
	stage_note(context, "permitted [%s]\n", failed ? failed : "");
}

static inline struct stick_host stage_host(struct stick_stage *stage)
{
	return (struct stick_host){ stage, stage_on_state, stage_on_received, stage_on_sent, stage_on_joined,
		stage_on_left, stage_on_routed, stage_on_scanned, stage_on_key, stage_on_event, stage_on_permitted };
}

/* ---- the line ---- */

static inline int64_t stage_now_ms(struct stick_line *line)
{
	return ((struct stick_stage *)line)->now_ms;
}

static inline void stage_write(struct stick_line *line, const void *data, size_t size)
{
	struct stick_stage *stage = (struct stick_stage *)line;

	ck_assert_uint_le(stage->sent_size + size, sizeof(stage->sent));
	memcpy(stage->sent + stage->sent_size, data, size);
	stage->sent_size += size;
}

static inline void stage_set_alarm(struct stick_line *line, int64_t at_ms)
{
	((struct stick_stage *)line)->alarm_ms = at_ms;
}

static inline void stage_reopen(struct stick_line *line, const char *why)
{
	struct stick_stage *stage = (struct stick_stage *)line;

	stage->reopened++;
	snprintf(stage->reopened_why, sizeof(stage->reopened_why), "%s", why);
	stick_on_down(stage->stick, why);
}

static inline void stage_close(struct stick_line *line)
{
}

static const struct stick_line_ops stage_line_ops = { stage_now_ms, stage_write, stage_set_alarm, stage_reopen,
	stage_close };

/* ---- the test's side ---- */

static inline void stage_init(struct stick_stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->line.ops = &stage_line_ops;
	stage->alarm_ms = INT64_MAX;
	stage->now_ms = 1000;
}

/* Turns the clock to the next alarm; false: there is none within `limit_ms`. */
static inline bool stage_turn_to_alarm(struct stick_stage *stage, int64_t limit_ms)
{
	if (stage->alarm_ms == INT64_MAX || stage->alarm_ms > stage->now_ms + limit_ms)
		return false;
	if (stage->alarm_ms > stage->now_ms)
		stage->now_ms = stage->alarm_ms;
	stage->alarm_ms = INT64_MAX;
	stick_on_alarm(stage->stick);
	return true;
}

static inline void stage_forget_log(struct stick_stage *stage)
{
	stage->log[0] = '\0';
}

static inline void stage_assert_said(const struct stick_stage *stage, const char *line)
{
	ck_assert_msg(strstr(stage->log, line) != NULL, "not said: %s, but:\n%s", line, stage->log);
}

static inline void stage_assert_unsaid(const struct stick_stage *stage, const char *line)
{
	ck_assert_msg(strstr(stage->log, line) == NULL, "said: %s, in:\n%s", line, stage->log);
}

#endif
