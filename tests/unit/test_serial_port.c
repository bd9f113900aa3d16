#include "drivers/serial_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "drivers/serial_device.h"
#include "tests/unit/suite.h"

#define TICK_MS 10
#define PATIENCE 12000 /* ticks */

struct stage {
	uv_loop_t loop;
	struct serial_port *port;
	unsigned opened, closed;
	char why[SERIAL_PORT_WHY_MAX];
	char received[64];
	size_t received_size;
};

static void on_opened(void *context)
{
	((struct stage *)context)->opened++;
}

static void on_closed(void *context, const char *why)
{
	struct stage *stage = context;

	stage->closed++;
	snprintf(stage->why, sizeof(stage->why), "%s", why);
}

static void on_received(void *context, const void *data, size_t size)
{
	struct stage *stage = context;

	ck_assert_uint_le(stage->received_size + size, sizeof(stage->received));
	memcpy(stage->received + stage->received_size, data, size);
	stage->received_size += size;
}

/* Also wakes the loop, so that who waits can look. */
static void on_tick(uv_timer_t *timer)
{
	unsigned *ticks = timer->data;

	ck_assert_msg(++*ticks < PATIENCE, "what was waited for did not happen");
}

/* Runs the loop until the number at `figure` has reached `least`. */
static void run_until(struct stage *stage, const unsigned *figure, unsigned least)
{
	uv_timer_t tick;
	unsigned ticks = 0;

	uv_timer_init(&stage->loop, &tick);
	tick.data = &ticks;
	uv_timer_start(&tick, on_tick, TICK_MS, TICK_MS);
	while (*figure < least)
		uv_run(&stage->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&stage->loop, UV_RUN_NOWAIT);
}

static int try_to_open(struct stage *stage, const char *path, int baud)
{
	const struct serial_port_config config = { .path = path, .baud = baud };
	const struct serial_port_host host = { stage, on_opened, on_closed, on_received };

	return serial_port_open(&stage->port, &stage->loop, &config, &host, stage->why, sizeof(stage->why));
}

static void start(struct stage *stage, const char *path)
{
	memset(stage, 0, sizeof(*stage));
	uv_loop_init(&stage->loop);
	ck_assert_int_eq(try_to_open(stage, path, 115200), 0);
}

static void finish(struct stage *stage)
{
	serial_port_close(stage->port);
	uv_run(&stage->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&stage->loop), 0);
}

static int make_terminal(char *path, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(grantpt(fd), 0);
	ck_assert_int_eq(unlockpt(fd), 0);
	ck_assert_int_eq(ptsname_r(fd, path, size), 0);
	return fd;
}

static void receive(struct stage *stage, size_t size)
{
	while (stage->received_size < size)
		uv_run(&stage->loop, UV_RUN_ONCE);
}

static size_t read_some(int fd, char *out, size_t size)
{
	ssize_t got;

	while ((got = read(fd, out, size)) < 0)
		ck_assert_int_eq(errno, EAGAIN);
	return (size_t)got;
}

START_TEST(bytes_go_both_ways_as_they_are)
{
	static const char bytes[] = "\x00\x11\x13\x1a\x7e\r\n\x03\xff";
	struct stage stage;
	char path[64], got[16];
	int fd = make_terminal(path, sizeof(path));

	start(&stage, path);
	run_until(&stage, &stage.opened, 1);
	ck_assert_int_eq(write(fd, bytes, 9), 9);
	receive(&stage, 9);
	ck_assert_mem_eq(stage.received, bytes, 9);
	serial_port_write(stage.port, bytes, 9);
	ck_assert_uint_eq(read_some(fd, got, sizeof(got)), 9);
	ck_assert_mem_eq(got, bytes, 9);
	finish(&stage);
	close(fd);
}
END_TEST

START_TEST(a_port_that_is_not_there_is_told_and_tried_again)
{
	struct stage stage;

	start(&stage, "/dev/serial/by-id/usb-nobody");
	run_until(&stage, &stage.closed, 2);
	ck_assert_ptr_nonnull(strstr(stage.why, "there is no /dev/serial/by-id/usb-nobody"));
	finish(&stage);
}
END_TEST

START_TEST(the_names_beside_one_that_is_not_there_are_told_also_where_a_container_has_them)
{
	struct stage stage;
	char base[] = "/tmp/wakegate-dev-XXXXXX", folder[64], name[80], wanted[80], told[200];

	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(folder, sizeof(folder), "%s/dev", base);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/dev/serial", base);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/dev/serial/by-id", base);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(name, sizeof(name), "%s/usb-other", folder);
	ck_assert_int_eq(symlink("../../ttyUSB9", name), 0);
	snprintf(wanted, sizeof(wanted), "%s/usb-nobody", folder);
	start(&stage, wanted);
	run_until(&stage, &stage.closed, 1);
	snprintf(told, sizeof(told), "there is no %s; there are: %s", wanted, name);
	ck_assert_str_eq(stage.why, told);
	finish(&stage);
	ck_assert_int_eq(unlink(name), 0);
	for (char *end = folder + strlen(folder); end > folder + strlen(base); end = strrchr(folder, '/')) {
		*end = '\0';
		ck_assert_int_eq(rmdir(folder), 0);
	}
	ck_assert_int_eq(rmdir(base), 0);
}
END_TEST

/* From here on in this process: to open something that is no controlling terminal is refused, as a control group does.
 */
static void bar_ports(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_NOCTTY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(a_port_that_the_unit_or_the_container_bars_is_told_so)
{
	const struct serial_port_config config = { .path = "/dev/null", .baud = 115200 };
	char why[SERIAL_PORT_WHY_MAX];
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		bar_ports();
		bool told = serial_device_open(&config, why, sizeof(why)) == -EPERM &&
			    strcmp(why, "/dev/null may not be opened, whatever the user: the systemd unit or the "
					"container bars the device") == 0;
		_exit(told ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_file_is_no_port)
{
	struct stage stage;

	start(&stage, "/etc/passwd");
	run_until(&stage, &stage.closed, 1);
	ck_assert_str_eq(stage.why, "/etc/passwd is no serial port");
	finish(&stage);
}
END_TEST

START_TEST(a_port_belongs_to_one)
{
	struct stage first, second;
	char path[64];
	int fd = make_terminal(path, sizeof(path));

	start(&first, path);
	run_until(&first, &first.opened, 1);
	start(&second, path);
	run_until(&second, &second.closed, 1);
	/* Root is kept out by the lock, others by the kernel's exclusive mode. */
	ck_assert_ptr_nonnull(strstr(second.why, "is in use by another program"));
	finish(&second);
	finish(&first);
	close(fd);
}
END_TEST

START_TEST(an_unplugged_port_is_opened_again_when_it_is_back)
{
	struct stage stage;
	char path[64], link[] = "/tmp/serial_port_XXXXXX";
	int fd = make_terminal(path, sizeof(path));

	ck_assert_ptr_nonnull(mkdtemp(link));
	char name[sizeof(link) + 8];
	snprintf(name, sizeof(name), "%s/stick", link);
	ck_assert_int_eq(symlink(path, name), 0);
	start(&stage, name);
	run_until(&stage, &stage.opened, 1);
	unlink(name);
	close(fd);
	run_until(&stage, &stage.closed, 2);
	ck_assert_ptr_nonnull(strstr(stage.why, "there is no "));
	fd = make_terminal(path, sizeof(path));
	ck_assert_int_eq(symlink(path, name), 0);
	run_until(&stage, &stage.opened, 2);
	ck_assert_int_eq(write(fd, "back", 4), 4);
	receive(&stage, 4);
	finish(&stage);
	unlink(name);
	rmdir(link);
	close(fd);
}
END_TEST

START_TEST(what_has_no_room_to_leave_ends_the_connection)
{
	static const char bytes[SERIAL_PORT_WAITING];
	struct stage stage;
	char path[64];
	int fd = make_terminal(path, sizeof(path));

	start(&stage, path);
	run_until(&stage, &stage.opened, 1);
	for (int i = 0; i < 64; i++)
		serial_port_write(stage.port, bytes, sizeof(bytes));
	run_until(&stage, &stage.closed, 1);
	ck_assert_ptr_nonnull(strstr(stage.why, "does not take what is sent"));
	finish(&stage);
	close(fd);
}
END_TEST

static int listen_somewhere(char *path, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	snprintf(path, size, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	return fd;
}

START_TEST(a_port_may_be_at_the_end_of_a_connection)
{
	struct stage stage;
	char path[64], got[8];
	int listening = listen_somewhere(path, sizeof(path));

	start(&stage, path);
	run_until(&stage, &stage.opened, 1);
	int fd = accept(listening, NULL, NULL);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	receive(&stage, 5);
	serial_port_write(stage.port, "yes", 3);
	ck_assert_uint_eq(read_some(fd, got, sizeof(got)), 3);
	close(fd);
	run_until(&stage, &stage.closed, 1);
	ck_assert_ptr_nonnull(strstr(stage.why, "the other side closed the connection"));
	run_until(&stage, &stage.opened, 2);
	close(listening);
	finish(&stage);
}
END_TEST

START_TEST(a_connection_that_is_refused_is_tried_again)
{
	struct stage stage;
	char path[64];

	close(listen_somewhere(path, sizeof(path)));
	start(&stage, path);
	run_until(&stage, &stage.closed, 2);
	ck_assert_ptr_nonnull(strstr(stage.why, "cannot be reached: Connection refused"));
	finish(&stage);
}
END_TEST

/* A host of three addresses, of which the last one listens; libuv asks this in place of the C library's. */
static unsigned lookups;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo *list = NULL;

	(void)hints;
	__atomic_add_fetch(&lookups, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < 3; i++) {
		struct addrinfo *one = calloc(1, sizeof(*one) + sizeof(struct sockaddr_in));
		struct sockaddr_in *address = (struct sockaddr_in *)(one + 1);
		/* Nobody listens at 127.0.0.2 and .3. */
		uint32_t number = i == 0 || strcmp(host, "three.example") != 0 ? INADDR_LOOPBACK : INADDR_LOOPBACK + i;
		address->sin_family = AF_INET;
		address->sin_addr.s_addr = htonl(number);
		address->sin_port = htons((uint16_t)atoi(service));
		*one = (struct addrinfo){ .ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addr = (struct sockaddr *)address,
			.ai_addrlen = sizeof(*address),
			.ai_next = list };
		list = one;
	}
	*out = list;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;
		free(list);
		list = next;
	}
}

START_TEST(each_address_of_a_host_has_its_turn)
{
	struct stage stage;
	char path[64], three[64];
	int listening = listen_somewhere(path, sizeof(path));

	snprintf(three, sizeof(three), "tcp://three.example%s", strrchr(path, ':'));
	start(&stage, three);
	run_until(&stage, &stage.opened, 1);
	ck_assert_uint_eq(stage.closed, 2);
	ck_assert_ptr_nonnull(strstr(stage.why, "cannot be reached: Connection refused"));
	ck_assert_uint_eq(lookups, 3);
	/* It goes on after the last one with the first. */
	int fd = accept(listening, NULL, NULL);
	close(fd);
	run_until(&stage, &stage.closed, 4);
	ck_assert_ptr_nonnull(strstr(stage.why, "cannot be reached: Connection refused"));
	ck_assert_uint_eq(lookups, 4);
	close(listening);
	finish(&stage);
}
END_TEST

START_TEST(what_can_never_be_opened_is_refused_in_words)
{
	struct stage stage = { 0 };

	uv_loop_init(&stage.loop);
	ck_assert_int_eq(try_to_open(&stage, "/dev/null", 115201), -EINVAL);
	ck_assert_ptr_nonnull(strstr(stage.why, "115201 baud"));
	static const char *const wrong[] = { "tcp://", "tcp://host", "tcp://:1", "tcp://host:0", "tcp://host:65536",
		"tcp://host:1x", "tcp://host:" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(try_to_open(&stage, wrong[i], 115200), -EINVAL);
	ck_assert_ptr_null(stage.port);
	serial_port_close(NULL);
	uv_loop_close(&stage.loop);
}
END_TEST

TEST_SUITE(serial_port, bytes_go_both_ways_as_they_are, a_port_that_is_not_there_is_told_and_tried_again,
	the_names_beside_one_that_is_not_there_are_told_also_where_a_container_has_them,
	a_port_that_the_unit_or_the_container_bars_is_told_so, a_file_is_no_port, a_port_belongs_to_one,
	an_unplugged_port_is_opened_again_when_it_is_back, what_has_no_room_to_leave_ends_the_connection,
	a_port_may_be_at_the_end_of_a_connection, a_connection_that_is_refused_is_tried_again,
	each_address_of_a_host_has_its_turn, what_can_never_be_opened_is_refused_in_words)
