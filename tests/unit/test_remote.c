#include "drivers/remote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/driver_message.h"
#include "drivers/image_source.h"
#include "drivers/message_socket.h"
#include "tests/unit/suite.h"

#define TURNS_MAX 100000 /* of the loop, a millisecond each: hung, not slow */

static const char data[] = "the bytes of an image";

/* The gateway, the driver under test, and the test as the program at its other end. */
static struct {
	uv_loop_t loop;
	uv_timer_t tick;
	struct driver *driver;
	struct message_context *context;
	struct message_socket *socket;
	struct driver_message got; /* the last one that came, of a type that was waited for */
	char got_data[512];
	bool has_got, started; /* started: it was told so before what came last */
	enum driver_message_type awaited;
	struct node_contact contact;
	char node[NODE_ID_MAX + 1];
	struct reading_report report;
	unsigned contacts, reports, progresses, losts;
	bool has_bytes;
	int asked_result;
	unsigned answers;
	struct driver_record kept;
	char log[2048];
} t;

static int on_read(struct image_source *source, uint32_t offset, void *buffer, size_t size)
{
	if (!t.has_bytes)
		return -EAGAIN;
	if (offset >= sizeof(data))
		return 0;
	size = size < sizeof(data) - offset ? size : sizeof(data) - offset;
	memcpy(buffer, data + offset, size);
	return (int)size;
}

static void on_destroy(struct image_source *source)
{
}

static const struct image_source_ops image_ops = { on_read, on_destroy };
static struct image_source picture = { &image_ops, 1, sizeof(data), { 1, 2, 3 }, "0102030000000000", "2", "m", "raw" };

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	t.contacts++;
	t.contact = *contact;
	snprintf(t.node, sizeof(t.node), "%s", contact->node);
	answer->next_s = 42;
	return strcmp(contact->node, "stranger") == 0 ? -EACCES : 0;
}

static void on_report(void *context, const struct reading_report *report)
{
	t.reports++;
	t.report = *report;
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	t.progresses++;
}

static struct image_source *on_image(void *context, const char *name, const char *node)
{
	return strcmp(name, picture.name) == 0 ? &picture : NULL;
}

static void on_event(void *context, enum driver_level level, const char *line)
{
	snprintf(t.log + strlen(t.log), sizeof(t.log) - strlen(t.log), "%s\n", line);
}

static void on_lost(void *context, const char *node)
{
	t.losts++;
}

static void on_recall(void *context, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	each(taker, &(struct driver_record){ "key", { "abc", 3 }, true });
}

static const struct driver_host host = {
	.contact = on_contact,
	.report = on_report,
	.progress = on_progress,
	.image = on_image,
	.event = on_event,
	.lost = on_lost,
	.recall = on_recall,
};

static uint32_t chance(void *context)
{
	return 7;
}

static char endpoint[64];
static struct remote_settings settings = {
	.name = "barn",
	.endpoint = endpoint,
	.limits = { .silence_ms = 3600000, .messages_per_s = 1000, .bytes_per_s = 10000000 },
	.restart_after_ms = 100,
	.restart_most_ms = 1000,
	.chance = chance,
};

static void on_message(void *context, const struct message *message)
{
	struct driver_message parsed;
	char why[160];

	ck_assert_int_eq(driver_message_parse(&parsed,
				 (struct span){ message->frames[0].data, message->frames[0].size }, why, sizeof(why)),
		0);
	if (parsed.type != t.awaited || t.has_got) {
		t.started |= parsed.type == DRIVER_START && !t.has_got;
		return;
	}
	t.got = parsed;
	t.has_got = true;
	size_t size = message->count > 1 ? message->frames[1].size : 0;
	ck_assert_uint_lt(size, sizeof(t.got_data));
	memcpy(t.got_data, message->count > 1 ? message->frames[1].data : "", size);
	t.got_data[size] = '\0';
}

static void on_tick(uv_timer_t *timer)
{
}

/* Turns the loop until a message of that type came. */
static const struct driver_message *await(enum driver_message_type type)
{
	t.awaited = type;
	t.has_got = false;
	for (int i = 0; i < TURNS_MAX && !t.has_got; i++)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_msg(t.has_got, "no %s; log: %s", driver_message_name(type), t.log);
	return &t.got;
}

static void turn_until_state(const char *state)
{
	struct driver_process process = { .state = "" };

	for (int i = 0; i < TURNS_MAX && strcmp(process.state, state) != 0; i++) {
		uv_run(&t.loop, UV_RUN_ONCE);
		driver_remote.process(t.driver, &process);
	}
	ck_assert_msg(strcmp(process.state, state) == 0, "%s; log: %s", process.state, t.log);
}

static void say(const char *head, const char *beside)
{
	struct message message = { .count = beside ? 2 : 1 };

	message.frames[0] = (struct message_frame){ head, strlen(head) };
	message.frames[1] = (struct message_frame){ beside, beside ? strlen(beside) : 0 };
	ck_assert_int_eq(message_socket_send(t.socket, &message), 0);
}

static void connect_program(void)
{
	struct message_options options = {
		.role = MESSAGE_DEALER, .endpoint = endpoint, .frame_max = DRIVER_DATA_MAX, .queue_max = 100
	};
	char why[256];

	ck_assert_int_eq(message_socket_connect(&t.socket, t.context, &options, why, sizeof(why)), 0);
	ck_assert_int_eq(message_socket_watch(t.socket, &t.loop, on_message, NULL), 0);
}

static void begin(void)
{
	char why[256] = "";

	memset(&t, 0, sizeof(t));
	picture.references = 1;
	snprintf(endpoint, sizeof(endpoint), "ipc:///tmp/wakegate-remote-%d", (int)getpid());
	uv_loop_init(&t.loop);
	uv_timer_init(&t.loop, &t.tick);
	uv_timer_start(&t.tick, on_tick, 1, 1);
	ck_assert_msg(driver_remote.open(&t.driver, &t.loop, &settings, &host, why, sizeof(why)) == 0, "%s", why);
	t.context = message_context_open();
	connect_program();
}

static void run_program(void)
{
	begin();
	say("{\"type\":\"hello\",\"protocol\":1,\"driver\":\"barn\",\"questions\":true}", NULL);
	(void)await(DRIVER_START);
	say("{\"type\":\"ready\"}", NULL);
	turn_until_state("running");
}

static void end(void)
{
	struct driver_process process;

	driver_remote.process(t.driver, &process);
	if (strcmp(process.state, "waiting") != 0) {
		say("{\"type\":\"bye\"}", NULL);
		turn_until_state("waiting");
	}
	message_socket_close(t.socket);
	message_context_close(t.context);
	driver_remote.close(t.driver);
	uv_close((uv_handle_t *)&t.tick, NULL);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&t.loop), 0);
	ck_assert_uint_eq(picture.references, 1);
}

static void offer(const char *node, int64_t apply_at_ms)
{
	const struct driver_offer offer = { .node = node, .image = &picture, .times.apply_at_ms = apply_at_ms };

	ck_assert_int_eq(driver_remote.offer(t.driver, &offer), 0);
}

START_TEST(a_program_is_told_what_it_kept_before_it_starts)
{
	begin();
	say("{\"type\":\"hello\",\"protocol\":1,\"driver\":\"barn\"}", NULL);
	const struct driver_message *record = await(DRIVER_RECORD);
	ck_assert_str_eq(record->name, "key");
	ck_assert(record->secret);
	ck_assert_str_eq(t.got_data, "abc");
	ck_assert(!t.started);
	end();
}
END_TEST

START_TEST(who_speaks_another_version_or_is_another_driver_is_sent_away)
{
	begin();
	say("{\"type\":\"hello\",\"protocol\":2,\"driver\":\"barn\"}", NULL);
	ck_assert_str_eq(await(DRIVER_STOP)->text, "version 1 of the protocol is spoken here");
	say("{\"type\":\"hello\",\"protocol\":1,\"driver\":\"attic\"}", NULL);
	ck_assert_str_eq(await(DRIVER_STOP)->text, "another driver is expected here");
	say("{\"type\":\"lost\",\"node\":\"n1\"}", NULL);
	ck_assert_str_eq(await(DRIVER_STOP)->text, "say hello first");
	end();
}
END_TEST

START_TEST(a_contact_is_answered)
{
	run_program();
	say("{\"type\":\"contact\",\"id\":5,\"node\":\"n1\",\"reports\":true,\"sha256\":\"01020304\"}", NULL);
	const struct driver_message *answer = await(DRIVER_CONTACT_ANSWER);
	ck_assert_uint_eq(answer->id, 5);
	ck_assert_int_eq(answer->result, 0);
	ck_assert_uint_eq(answer->next_s, 42);
	ck_assert_str_eq(t.node, "n1");
	ck_assert_uint_eq(t.contact.image_size, 4);
	ck_assert_int_eq(t.contact.battery_percent, -1);
	say("{\"type\":\"contact\",\"id\":6,\"node\":\"stranger\"}", NULL);
	ck_assert_int_eq(await(DRIVER_CONTACT_ANSWER)->result, -EACCES);
	end();
}
END_TEST

START_TEST(a_report_is_done_when_it_is_durable)
{
	run_program();
	say("{\"type\":\"report\",\"id\":9,\"node\":\"n1\",\"format\":\"json\",\"exchange\":\"00000000000000ff\"}",
		"[{\"n\":\"t\",\"v\":21.5}]");
	while (t.reports == 0)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_uint_eq(t.report.exchange, 255);
	t.report.done(t.report.context, -ENOSPC, 30);
	ck_assert_int_eq(await(DRIVER_REPORT_DONE)->result, -ENOSPC);
	ck_assert_uint_eq(t.got.id, 9);
	ck_assert_uint_eq(t.got.retry_s, 30);
	end();
}
END_TEST

/* Nodes behind a broker name things as they like, and what a node says must not end the driver. */
START_TEST(a_reading_may_begin_with_any_character_of_a_name)
{
	run_program();
	say("{\"type\":\"report\",\"id\":9,\"node\":\"n1\",\"format\":\"json\"}", "[{\"n\":\"_id\",\"v\":1}]");
	say("{\"type\":\"fetch\",\"id\":3,\"bytes\":5}", NULL);
	(void)await(DRIVER_FETCH_ANSWER);
	ck_assert_uint_eq(t.reports, 1);
	t.report.done(t.report.context, 0, 0);
	end();
}
END_TEST

START_TEST(offers_are_told_anew_to_the_next_one)
{
	run_program();
	offer("n1", (int64_t)uv_now(&t.loop) + 60000);
	const struct driver_message *told = await(DRIVER_OFFER);
	ck_assert_str_eq(told->node, "n1");
	ck_assert_uint_eq(told->size, sizeof(data));
	ck_assert_int_gt(told->times.apply_at_ms, 0);
	ck_assert_int_le(told->times.apply_at_ms, 60000);
	ck_assert_int_eq(told->times.fetch_until_ms, 0);
	say("{\"type\":\"bye\"}", NULL);
	turn_until_state("waiting");
	offer("n2", 0);
	ck_assert_int_eq(driver_remote.withdraw(t.driver, "n1"), 0);
	say("{\"type\":\"hello\",\"protocol\":1,\"driver\":\"barn\"}", NULL);
	(void)await(DRIVER_START);
	say("{\"type\":\"ready\"}", NULL);
	ck_assert_str_eq(await(DRIVER_OFFER)->node, "n2");
	end();
}
END_TEST

START_TEST(bytes_that_are_not_in_memory_come_when_they_are)
{
	run_program();
	say("{\"type\":\"read\",\"name\":\"0102030000000000\",\"offset\":4,\"size\":5}", NULL);
	say("{\"type\":\"fetch\",\"id\":3,\"bytes\":5}", NULL);
	ck_assert_int_eq(await(DRIVER_FETCH_ANSWER)->wait_ms, 0);
	t.has_bytes = true;
	driver_remote.images_ready(t.driver);
	ck_assert_uint_eq(await(DRIVER_BYTES)->offset, 4);
	ck_assert_str_eq(t.got_data, "bytes");
	say("{\"type\":\"read\",\"name\":\"ffffffffffffffff\",\"offset\":0,\"size\":5}", NULL);
	ck_assert_int_eq(await(DRIVER_BYTES)->result, -ENOENT);
	end();
}
END_TEST

static void on_answer(void *context, int result, struct span answer)
{
	t.answers++;
	t.asked_result = result;
	snprintf(t.got_data, sizeof(t.got_data), "%.*s", (int)answer.size, answer.data);
}

START_TEST(a_question_is_answered_once_whatever_becomes_of_the_program)
{
	const struct driver_question question = { "permit", { "{}", 2 }, on_answer, NULL };

	run_program();
	driver_remote.ask(t.driver, &question);
	ck_assert_str_eq(await(DRIVER_ASK)->verb, "permit");
	char head[64];
	snprintf(head, sizeof(head), "{\"type\":\"answer\",\"id\":%u,\"result\":\"ok\"}", t.got.id);
	say(head, "{\"open\":true}");
	while (t.answers == 0)
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_str_eq(t.got_data, "{\"open\":true}");
	driver_remote.ask(t.driver, &question);
	say("{\"type\":\"bye\"}", NULL);
	turn_until_state("waiting");
	ck_assert_uint_eq(t.answers, 2);
	ck_assert_int_eq(t.asked_result, -ECONNRESET);
	driver_remote.ask(t.driver, &question);
	ck_assert_int_eq(t.asked_result, -EHOSTDOWN);
	end();
}
END_TEST

START_TEST(a_report_of_one_who_died_is_nobodys)
{
	run_program();
	say("{\"type\":\"report\",\"id\":9,\"node\":\"n1\",\"format\":\"json\"}", "[{\"n\":\"t\",\"v\":1}]");
	while (t.reports == 0)
		uv_run(&t.loop, UV_RUN_ONCE);
	say("{\"type\":\"bye\"}", NULL);
	turn_until_state("waiting");
	t.report.done(t.report.context, 0, 0);
	end();
}
END_TEST

START_TEST(a_connection_that_broke_is_called_that)
{
	run_program();
	message_socket_close(t.socket);
	for (int i = 0; i < TURNS_MAX && !strstr(t.log, "driver.ended"); i++) {
		offer("n1", 0);
		uv_run(&t.loop, UV_RUN_ONCE);
	}
	ck_assert_msg(strstr(t.log, "reason=\"its connection was lost\"") != NULL, "%s", t.log);
	connect_program();
	end();
}
END_TEST

START_TEST(garbage_ends_the_session_and_says_why)
{
	struct driver_process process;

	run_program();
	say("{\"type\":\"contact\",\"id\":1}", NULL);
	(void)await(DRIVER_STOP);
	driver_remote.process(t.driver, &process);
	ck_assert_str_eq(process.trouble, "it sends garbage: contact.node lacks");
	ck_assert_str_eq(process.state, "waiting");
	ck_assert_uint_eq(t.contacts, 0);
	end();
}
END_TEST

START_TEST(a_figure_has_a_name_without_nul)
{
	struct driver_process process;

	run_program();
	say("{\"type\":\"counters\"}", "{\"joins\\u0000x\":3}");
	(void)await(DRIVER_STOP);
	driver_remote.process(t.driver, &process);
	ck_assert_str_eq(process.trouble, "it sends garbage: counters that are no names with numbers");
	end();
}
END_TEST

START_TEST(its_figures_and_its_log_are_the_gateways)
{
	const struct driver_counter *counters;

	run_program();
	say("{\"type\":\"counters\"}", "{\"joins\":3,\"leaves\":0}");
	say("{\"type\":\"counters\"}", "{\"joins\":4}");
	say("{\"type\":\"event\",\"level\":\"notice\",\"text\":\"barn.open\\ndoor=1\"}", NULL);
	while (!strstr(t.log, "barn.open door=1 driver=barn"))
		uv_run(&t.loop, UV_RUN_ONCE);
	ck_assert_uint_eq(driver_remote.counters(t.driver, &counters), 2);
	ck_assert_str_eq(counters[0].name, "joins");
	ck_assert_uint_eq(*counters[0].value, 4);
	end();
}
END_TEST

TEST_SUITE(remote, a_program_is_told_what_it_kept_before_it_starts,
	who_speaks_another_version_or_is_another_driver_is_sent_away, a_contact_is_answered,
	a_report_is_done_when_it_is_durable, a_reading_may_begin_with_any_character_of_a_name,
	offers_are_told_anew_to_the_next_one, bytes_that_are_not_in_memory_come_when_they_are,
	a_question_is_answered_once_whatever_becomes_of_the_program, a_report_of_one_who_died_is_nobodys,
	a_connection_that_broke_is_called_that, garbage_ends_the_session_and_says_why, a_figure_has_a_name_without_nul,
	its_figures_and_its_log_are_the_gateways)
