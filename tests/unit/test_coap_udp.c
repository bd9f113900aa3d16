#include "drivers/coap_udp.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define REQUESTS (3 * COAP_UDP_BATCH + 7)
#define TURNS_MAX 1000

/* An endpoint that answers when the test says so, and a client. */
struct stage {
	uv_loop_t loop;
	struct coap_udp *udp;
	struct coap_resources resources;
	struct coap_ticket *tickets[REQUESTS];
	size_t ticket_count, answered, heard;
	int client;
};

static int handle(
	void *context, const struct coap_request *request, struct coap_response *response, struct coap_ticket *ticket)
{
	struct stage *stage = context;

	(void)request;
	(void)response;
	stage->tickets[stage->ticket_count++] = ticket;
	return -EINPROGRESS;
}

static void expect(void *context, const struct coap_peer *peer)
{
	(void)context;
	(void)peer;
}

static void on_sent(void *context, const struct coap_peer *peer, size_t size)
{
	(void)context;
	(void)peer;
	(void)size;
}

static void open_stage(struct stage *stage)
{
	const struct coap_udp_config config = { "127.0.0.1", 0, 1 << 20, 1024 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char why[128];

	stage->ticket_count = stage->answered = stage->heard = 0;
	stage->resources = (struct coap_resources){ stage, handle, expect, on_sent };
	ck_assert_int_eq(uv_loop_init(&stage->loop), 0);
	ck_assert_int_eq(coap_udp_open(&stage->udp, &stage->loop, &config, &stage->resources, why, sizeof(why)), 0);
	to.sin_port = htons(coap_udp_port(stage->udp));
	stage->client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(stage->client, 0);
	ck_assert_int_eq(connect(stage->client, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void close_stage(struct stage *stage)
{
	coap_udp_close(stage->udp);
	(void)uv_run(&stage->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&stage->loop), 0);
	(void)close(stage->client);
}

/* Confirmable POSTs; the endpoint has them when this returns. */
static void ask(struct stage *stage)
{
	for (uint16_t id = 0; id < REQUESTS; id++) {
		const uint8_t request[] = { 0x40, 0x02, (uint8_t)(id >> 8), (uint8_t)id };

		ck_assert_int_eq(send(stage->client, request, sizeof(request), 0), sizeof(request));
	}
	for (int turn = 0; turn < TURNS_MAX && stage->ticket_count < REQUESTS; turn++)
		(void)uv_run(&stage->loop, UV_RUN_NOWAIT);
	ck_assert_uint_eq(stage->ticket_count, REQUESTS);
}

/* All that were said have come, in their order. */
static void check_heard(struct stage *stage)
{
	uint8_t answer[64];

	for (; recv(stage->client, answer, sizeof(answer), 0) >= 4; stage->heard++) {
		ck_assert_uint_eq(answer[0], 0x60);
		ck_assert_uint_eq(answer[1], COAP_CHANGED);
		ck_assert_uint_eq((size_t)answer[2] << 8 | answer[3], stage->heard);
	}
	ck_assert_uint_eq(stage->heard, stage->answered);
}

static void answer(struct stage *stage, size_t count)
{
	struct coap_response response;

	coap_response_init(&response, COAP_CHANGED);
	for (size_t end = stage->answered + count; stage->answered < end; stage->answered++)
		stage->tickets[stage->answered]->answer(stage->tickets[stage->answered], &response);
}

/* They would else wait for whatever wakes the loop next: a few as well as what is left of some batches. */
START_TEST(the_loop_does_not_wait_while_answers_are_unsent)
{
	struct stage stage;

	open_stage(&stage);
	ask(&stage);
	ck_assert_int_ne(uv_backend_timeout(&stage.loop), 0);
	answer(&stage, 3);
	ck_assert_int_eq(uv_backend_timeout(&stage.loop), 0);
	(void)uv_run(&stage.loop, UV_RUN_NOWAIT);
	check_heard(&stage);
	ck_assert_int_ne(uv_backend_timeout(&stage.loop), 0);
	answer(&stage, REQUESTS - 3);
	ck_assert_int_eq(uv_backend_timeout(&stage.loop), 0);
	(void)uv_run(&stage.loop, UV_RUN_NOWAIT);
	check_heard(&stage);
	ck_assert_int_ne(uv_backend_timeout(&stage.loop), 0);
	close_stage(&stage);
}
END_TEST

START_TEST(what_was_answered_is_sent_before_the_socket_is_closed)
{
	struct stage stage;

	open_stage(&stage);
	ask(&stage);
	answer(&stage, REQUESTS);
	coap_udp_close(stage.udp);
	stage.udp = NULL;
	check_heard(&stage);
	close_stage(&stage);
}
END_TEST

TEST_SUITE(coap_udp, the_loop_does_not_wait_while_answers_are_unsent,
	what_was_answered_is_sent_before_the_socket_is_closed)
