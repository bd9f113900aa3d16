#include "drivers/stick_line.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include "drivers/serial_port.h"

struct real_line {
	struct stick_line line;
	uv_loop_t *loop;
	struct stick_line_user user;
	struct serial_port *port;
	uv_timer_t alarm;
};

static int64_t now_ms(struct stick_line *line)
{
	return (int64_t)uv_now(((struct real_line *)line)->loop);
}

static void write_bytes_out(struct stick_line *line, const void *data, size_t size)
{
	serial_port_write(((struct real_line *)line)->port, data, size);
}

static void on_alarm(uv_timer_t *timer)
{
	struct real_line *line = timer->data;

	line->user.alarm(line->user.context);
}

static void set_alarm(struct stick_line *base, int64_t at_ms)
{
	struct real_line *line = (struct real_line *)base;
	int64_t left_ms = at_ms - now_ms(base);

	if (at_ms == INT64_MAX)
		uv_timer_stop(&line->alarm);
	else
		uv_timer_start(&line->alarm, on_alarm, left_ms > 0 ? (uint64_t)left_ms : 0, 0);
}

static void reopen(struct stick_line *line, const char *why)
{
	serial_port_reopen(((struct real_line *)line)->port, why);
}

static void on_alarm_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_line(struct stick_line *base)
{
	struct real_line *line = (struct real_line *)base;

	serial_port_close(line->port);
	uv_close((uv_handle_t *)&line->alarm, on_alarm_closed);
}

static const struct stick_line_ops real_line_ops = {
	.now_ms = now_ms,
	.write = write_bytes_out,
	.set_alarm = set_alarm,
	.reopen = reopen,
	.close = close_line,
};

int stick_line_open(struct stick_line **out, struct uv_loop_s *loop, const struct serial_port_config *config,
	const struct stick_line_user *user, char *why, size_t why_size)
{
	const struct serial_port_host host = { user->context, user->up, user->down, user->bytes };
	struct real_line *line = calloc(1, sizeof(*line));

	if (!line)
		return -ENOMEM;
	int result = serial_port_open(&line->port, loop, config, &host, why, why_size);
	if (result < 0) {
		free(line);
		return result;
	}
	line->line.ops = &real_line_ops;
	line->loop = loop;
	line->user = *user;
	uv_timer_init(loop, &line->alarm);
	line->alarm.data = line;
	*out = &line->line;
	return 0;
}
