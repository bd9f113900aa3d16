#include "drivers/far_gateway.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drivers/far_state.h"
#include "drivers/image_source.h"
#include "tests/unit/suite.h"

#define TURNS_MAX 100000 /* of the loop, a millisecond each: hung, not slow */
#define NAME "0102030000000000"

/* The driver in a process of its own, and the test as its gateway. */
static struct {
	uv_loop_t loop;
	uv_timer_t tick;
	struct message_context *context;
	struct message_socket *socket;
	uint8_t peer[ROUTER_PEER_MAX];
	size_t peer_size;
	struct far_gateway *far;
	const struct driver_host *host; /* as the driver was opened with */
	struct image_source *offered;
	bool is_ready, has_left;
} t;

static int open_stub(struct driver **out, struct uv_loop_s *loop, const void *settings, const struct driver_host *host,
	char *why, size_t why_size)
{
	t.host = host;
	*out = (struct driver *)&t;
	return 0;
}

static int offer(struct driver *driver, const struct driver_offer *given)
{
	t.offered = image_source_hold(given->image);
	return 0;
}

static int withdraw(struct driver *driver, const char *node)
{
	image_source_release(&t.offered);
	return 0;
}

static void close_stub(struct driver *driver)
{
	image_source_release(&t.offered);
}

static const struct driver_ops stub = {
	.name = "stub", .open = open_stub, .offer = offer, .withdraw = withdraw, .close = close_stub
};

static void say(const char *head)
{
	const struct message message = { .count = 2, .frames = { { t.peer, t.peer_size }, { head, strlen(head) } } };

	ck_assert_int_eq(message_socket_send(t.socket, &message), 0);
}

static void on_said(void *context, const struct message *message)
{
	struct driver_message parsed;
	const struct span head = { message->frames[1].data, message->frames[1].size };
	char why[160];

	ck_assert_int_eq(driver_message_parse(&parsed, head, why, sizeof(why)), 0);
	t.is_ready |= parsed.type == DRIVER_READY;
	t.has_left |= parsed.type == DRIVER_BYE;
	if (parsed.type != DRIVER_HELLO)
		return;
	t.peer_size = message->frames[0].size;
	memcpy(t.peer, message->frames[0].data, t.peer_size);
	say("{\"type\":\"hello\",\"protocol\":1,\"driver\":\"stub\",\"silence_ms\":3600000}");
	say("{\"type\":\"start\"}");
}

static void on_tick(uv_timer_t *timer)
{
}

static void turn_until(const bool *there)
{
	for (int i = 0; i < TURNS_MAX && !*there; i++)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert(*there);
}

static void begin(void)
{
	char endpoint[64], why[256] = "";
	const struct message_options options = { .role = MESSAGE_ROUTER,
		.endpoint = endpoint,
		.mode = 0600,
		.frame_max = DRIVER_DATA_MAX,
		.queue_max = 100 };
	const struct far_way way = { .endpoint = endpoint };

	memset(&t, 0, sizeof(t));
	snprintf(endpoint, sizeof(endpoint), "ipc:///tmp/wakegate-far-%d", (int)getpid());
	uv_loop_init(&t.loop);
	uv_timer_init(&t.loop, &t.tick);
	uv_timer_start(&t.tick, on_tick, 1, 1);
	t.context = message_context_open();
	ck_assert_msg(message_socket_bind(&t.socket, t.context, &options, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(message_socket_watch(t.socket, &t.loop, on_said, NULL), 0);
	ck_assert_msg(far_gateway_open(&t.far, &t.loop, &stub, &way, why, sizeof(why)) == 0, "%s", why);
	turn_until(&t.is_ready);
}

static void end(void)
{
	far_gateway_stop(t.far, 0);
	turn_until(&t.has_left);
	far_gateway_close(t.far);
	message_socket_close(t.socket);
	uv_close((uv_handle_t *)&t.tick, NULL);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	message_context_close(t.context);
	ck_assert_int_eq(uv_loop_close(&t.loop), 0);
}

static void offer_image(void)
{
	say("{\"type\":\"offer\",\"node\":\"n1\",\"name\":\"" NAME "\",\"size\":5000,\"sha256\":\"010203\","
	    "\"version\":\"2\",\"hardware\":\"m\",\"format\":\"raw\"}");
	for (int i = 0; i < TURNS_MAX && !t.offered; i++)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_ptr_nonnull(t.offered);
}

/* Else a node in the middle of a download would be told that there is no such image. */
START_TEST(an_image_is_not_gone_because_the_gateway_stands_still)
{
	begin();
	offer_image();
	t.far->mute = true; /* as after two seconds without an answer */
	ck_assert_ptr_eq(t.host->image(t.host->context, NAME, "n1"), t.offered);
	ck_assert_ptr_null(t.host->image(t.host->context, "ffffffffffffffff", "n1"));
	ck_assert_int_gt(t.host->fetch(t.host->context, "n1", 100), 0); /* but not now */
	end();
}
END_TEST

START_TEST(a_contact_that_is_not_answered_is_to_come_again)
{
	const struct node_contact contact = { .node = "n1", .hardware = "", .version = "", .battery_percent = -1 };
	struct contact_answer answer = { 0 };

	begin();
	t.far->mute = true;
	ck_assert_int_eq(t.host->contact(t.host->context, &contact, &answer), -EBUSY);
	ck_assert_uint_eq(answer.next_s, FAR_BUSY_S);
	end();
}
END_TEST

TEST_SUITE(far_gateway, an_image_is_not_gone_because_the_gateway_stands_still,
	a_contact_that_is_not_answered_is_to_come_again)
