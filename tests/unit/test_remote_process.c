#include "drivers/remote_process.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <uv.h>

#include "tests/unit/suite.h"

#define LEAKED 50 /* a descriptor that a library would open without close-on-exec */

static struct remote_process *started;
static int64_t code;
static bool has_ended;

static void on_exited(void *context, int64_t status, int number)
{
	code = status;
	has_ended = true;
	remote_process_let_go(started, false);
}

static int64_t run(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	uv_loop_t loop;
	char why[256];

	has_ended = false;
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(remote_process_start(&started, &loop, argv, on_exited, NULL, why, sizeof(why)), 0);
	ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert(has_ended);
	return code;
}

START_TEST(how_a_program_ended_is_told)
{
	ck_assert_int_eq(run("exit 3"), 3);
}
END_TEST

START_TEST(a_program_does_not_get_our_connections)
{
	int file = open("/dev/null", O_RDONLY);

	ck_assert_int_eq(dup2(file, LEAKED), LEAKED);
	ck_assert_int_eq(run("[ ! -e /proc/self/fd/50 ] && [ -e /proc/self/fd/0 ] && [ -e /proc/self/fd/2 ]"), 0);
	(void)close(LEAKED);
	(void)close(file);
}
END_TEST

TEST_SUITE(remote_process, how_a_program_ended_is_told, a_program_does_not_get_our_connections)
