#include "drivers/message_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/message_socket_keys.h"
#include "tests/unit/suite.h"

#define WAIT_MS 60000 /* for what comes at once, on a machine that has other things to do */

static char folder[64];
static char endpoint[128];
static char why[256];
static struct message_context *context;
static struct message_socket *router, *dealer;

static const char *path(void)
{
	return endpoint + strlen("ipc://");
}

static struct message_options options(enum message_role role)
{
	return (struct message_options){
		.role = role, .endpoint = endpoint, .mode = 0660, .frame_max = 1000, .queue_max = 4
	};
}

static void begin(void)
{
	strcpy(folder, "/tmp/wakegate-socket-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(endpoint, sizeof(endpoint), "ipc://%s/s", folder);
	context = message_context_open();
	ck_assert_ptr_nonnull(context);
}

static void finish(void)
{
	message_socket_close(dealer);
	message_socket_close(router);
	message_context_close(context);
	unlink(path());
	rmdir(folder);
}

static void open_both(void)
{
	begin();
	struct message_options server = options(MESSAGE_ROUTER), client = options(MESSAGE_DEALER);
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), 0);
	ck_assert_int_eq(message_socket_connect(&dealer, context, &client, why, sizeof(why)), 0);
}

static struct message texts(size_t count, const char *const *frames)
{
	struct message message = { .count = count };

	for (size_t i = 0; i < count; i++)
		message.frames[i] = (struct message_frame){ frames[i], strlen(frames[i]) };
	return message;
}

static void ck_frame(const struct message_frame *frame, const char *text)
{
	ck_assert_uint_eq(frame->size, strlen(text));
	ck_assert_mem_eq(frame->data, text, frame->size);
}

START_TEST(a_request_and_its_reply_keep_their_frames)
{
	open_both();
	struct message ask = texts(2, (const char *const[]){ "one", "" }), got;

	ck_assert_int_eq(message_socket_send(dealer, &ask), 0);
	ck_assert_int_eq(message_socket_wait(router, -1, WAIT_MS), MESSAGE_READY);
	ck_assert_int_eq(message_socket_receive(router, &got), 0);
	ck_assert(got.peer.known);
	ck_assert_uint_eq(got.peer.uid, getuid());
	ck_assert_int_eq(got.peer.pid, getpid());
	ck_assert_uint_eq(got.count, 3);
	ck_frame(&got.frames[1], "one");
	ck_frame(&got.frames[2], "");

	struct message reply = { .count = 2, .frames = { got.frames[0], { "answer", 6 } } };
	ck_assert_int_eq(message_socket_send(router, &reply), 0);
	ck_assert_int_eq(message_socket_wait(dealer, -1, WAIT_MS), MESSAGE_READY);
	ck_assert_int_eq(message_socket_receive(dealer, &got), 0);
	ck_assert_uint_eq(got.count, 1);
	ck_frame(&got.frames[0], "answer");
	ck_assert_int_eq(message_socket_receive(dealer, &got), -EAGAIN);
	finish();
}
END_TEST

START_TEST(a_message_of_too_many_frames_is_discarded_alone)
{
	open_both();
	/* The router sees the peer's name in front: nine of the dealer's frames are ten. */
	struct message most = texts(MESSAGE_FRAMES_MAX,
			       (const char *const[]){ "1", "2", "3", "4", "5", "6", "7", "8", "9" }),
		       got;
	struct message one = texts(1, (const char *const[]){ "next" });

	ck_assert_int_eq(message_socket_send(dealer, &most), 0);
	ck_assert_int_eq(message_socket_send(dealer, &one), 0);
	ck_assert_int_eq(message_socket_wait(router, -1, WAIT_MS), MESSAGE_READY);
	ck_assert_int_eq(message_socket_receive(router, &got), -EMSGSIZE);
	ck_assert_int_eq(message_socket_wait(router, -1, WAIT_MS), MESSAGE_READY);
	ck_assert_int_eq(message_socket_receive(router, &got), 0);
	ck_frame(&got.frames[1], "next");
	finish();
}
END_TEST

START_TEST(a_frame_over_the_limit_never_arrives)
{
	open_both();
	static const char big[1001];
	struct message message = { .count = 1, .frames = { { big, sizeof(big) } } }, got;

	ck_assert_int_eq(message_socket_send(dealer, &message), 0);
	ck_assert_int_eq(message_socket_wait(router, -1, 200), 0);
	ck_assert_int_eq(message_socket_receive(router, &got), -EAGAIN);
	finish();
}
END_TEST

START_TEST(a_peer_that_left_is_told)
{
	open_both();
	struct message reply = texts(2, (const char *const[]){ "nobody", "answer" });

	ck_assert_int_eq(message_socket_send(router, &reply), -EHOSTUNREACH);
	finish();
}
END_TEST

START_TEST(a_peer_that_does_not_read_fills_its_queue)
{
	open_both();
	struct message ask = texts(1, (const char *const[]){ "ask" }), got;
	static char block[1000];
	int result = 0;

	ck_assert_int_eq(message_socket_send(dealer, &ask), 0);
	ck_assert_int_eq(message_socket_wait(router, -1, WAIT_MS), MESSAGE_READY);
	ck_assert_int_eq(message_socket_receive(router, &got), 0);
	struct message reply = { .count = 2, .frames = { got.frames[0], { block, sizeof(block) } } };
	for (int i = 0; i < 100000 && result == 0; i++)
		result = message_socket_send(router, &reply);
	ck_assert_int_eq(result, -EAGAIN);
	finish();
}
END_TEST

START_TEST(the_file_has_the_mode_from_the_first_moment)
{
	open_both();
	struct stat found;

	ck_assert_int_eq(stat(path(), &found), 0);
	ck_assert_int_eq(found.st_mode & 0777, 0660);
	finish();
}
END_TEST

START_TEST(closing_removes_the_file)
{
	open_both();
	message_socket_close(dealer);
	message_socket_close(router);
	dealer = router = NULL;
	message_context_close(context);
	ck_assert_int_eq(access(path(), F_OK), -1);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_second_listener_is_refused)
{
	open_both();
	struct message_options again = options(MESSAGE_ROUTER);
	struct message_socket *second = NULL;

	ck_assert_int_eq(message_socket_bind(&second, context, &again, why, sizeof(why)), -EADDRINUSE);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(why, "another process listens"));
	finish();
}
END_TEST

START_TEST(a_socket_file_that_nobody_listens_on_is_replaced)
{
	begin();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct message_options server = options(MESSAGE_ROUTER), client = options(MESSAGE_DEALER);
	int stale = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path());
	ck_assert_int_eq(bind(stale, (struct sockaddr *)&address, sizeof(address)), 0);
	close(stale);
	ck_assert_int_eq(message_socket_connect(&dealer, context, &client, why, sizeof(why)), -ECONNREFUSED);
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), 0);
	ck_assert_int_eq(message_socket_connect(&dealer, context, &client, why, sizeof(why)), 0);
	finish();
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	begin();
	struct message_options server = options(MESSAGE_ROUTER);

	close(open(path(), O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), -EEXIST);
	ck_assert_int_eq(access(path(), F_OK), 0);
	finish();
}
END_TEST

START_TEST(connecting_to_nothing_says_so)
{
	begin();
	struct message_options client = options(MESSAGE_DEALER);

	ck_assert_int_eq(message_socket_connect(&dealer, context, &client, why, sizeof(why)), -ENOENT);
	finish();
}
END_TEST

START_TEST(a_path_longer_than_the_system_allows_is_refused)
{
	begin();
	struct message_options server = options(MESSAGE_ROUTER);
	char longest[200] = "ipc:///";

	memset(longest + 7, 'a', MESSAGE_PATH_MAX);
	longest[7 + MESSAGE_PATH_MAX] = '\0';
	server.endpoint = longest;
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), -ENAMETOOLONG);
	ck_assert_ptr_nonnull(strstr(why, "107"));
	server.endpoint = "ipc://@abstract";
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), -EINVAL);
	finish();
}
END_TEST

START_TEST(an_unknown_group_is_refused)
{
	begin();
	struct message_options server = options(MESSAGE_ROUTER);

	server.group = "no-such-group";
	ck_assert_int_eq(message_socket_bind(&router, context, &server, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "no-such-group"));
	finish();
}
END_TEST

/* A watched router that answers every message, so that sends and arrivals interleave. */
struct echo {
	uv_loop_t loop;
	unsigned seen;
	unsigned expected;
};

static void on_ask(void *user, const struct message *message)
{
	struct echo *echo = user;
	struct message reply = { .count = 2, .frames = { message->frames[0], message->frames[1] } };

	(void)message_socket_send(router, &reply);
	if (++echo->seen == echo->expected)
		message_socket_close(router);
}

START_TEST(a_watched_socket_misses_no_message_however_many_come_at_once)
{
	open_both();
	struct echo echo = { .expected = 2000 };
	struct message ask = texts(1, (const char *const[]){ "ask" }), got;
	unsigned sent = 0;

	uv_loop_init(&echo.loop);
	ck_assert_int_eq(message_socket_watch(router, &echo.loop, on_ask, &echo), 0);
	while (echo.seen < echo.expected) {
		while (sent < echo.expected && message_socket_send(dealer, &ask) == 0)
			sent++;
		uv_run(&echo.loop, UV_RUN_ONCE); /* hangs, and so fails, if an edge is lost */
		while (message_socket_receive(dealer, &got) == 0)
			;
	}
	uv_run(&echo.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&echo.loop), 0);
	router = NULL;
	finish();
}
END_TEST

START_TEST(half_a_pair_of_keys_is_not_left_behind)
{
	char secret[sizeof(folder) + 8], public[sizeof(secret) + 4];
	struct message_keys keys;

	begin();
	snprintf(secret, sizeof(secret), "%s/k", folder);
	snprintf(public, sizeof(public), "%s.pub", secret);
	ck_assert_int_eq(mkdir(public, 0700), 0);
	ck_assert_int_eq(message_keys_make(secret, why, sizeof(why)), -EEXIST);
	ck_assert_int_eq(access(secret, F_OK), -1);
	ck_assert_int_eq(rmdir(public), 0);
	ck_assert_int_eq(message_keys_make(secret, why, sizeof(why)), 0);
	ck_assert_int_eq(message_keys_read(&keys, secret, public, why, sizeof(why)), 0);
	/* One that is there is never written over. */
	ck_assert_int_eq(message_keys_make(secret, why, sizeof(why)), -EEXIST);
	ck_assert_int_eq(message_keys_read(&keys, secret, public, why, sizeof(why)), 0);
	ck_assert_int_eq(unlink(secret), 0);
	ck_assert_int_eq(unlink(public), 0);
	finish();
}
END_TEST

TEST_SUITE(message_socket, half_a_pair_of_keys_is_not_left_behind, a_request_and_its_reply_keep_their_frames,
	a_message_of_too_many_frames_is_discarded_alone, a_frame_over_the_limit_never_arrives, a_peer_that_left_is_told,
	a_peer_that_does_not_read_fills_its_queue, the_file_has_the_mode_from_the_first_moment,
	closing_removes_the_file, a_second_listener_is_refused, a_socket_file_that_nobody_listens_on_is_replaced,
	a_file_that_is_no_socket_is_left_alone, connecting_to_nothing_says_so,
	a_path_longer_than_the_system_allows_is_refused, an_unknown_group_is_refused,
	a_watched_socket_misses_no_message_however_many_come_at_once)
