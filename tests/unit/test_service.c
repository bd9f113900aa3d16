#include "gateway/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

/* A service manager's end of $NOTIFY_SOCKET. */
static int listen_as_manager(char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	return fd;
}

static void expect(int fd, const char *message)
{
	char heard[200] = "";

	ck_assert_int_gt(recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(heard, message);
}

START_TEST(the_manager_hears_how_the_daemon_fares)
{
	char folder[] = "/tmp/wakegate-service-XXXXXX";
	char path[64];
	int fd = listen_as_manager(folder);

	service_ready("3 nodes");
	expect(fd, "READY=1\nSTATUS=3 nodes");
	service_reloading(1234);
	expect(fd, "RELOADING=1\nMONOTONIC_USEC=1234000");
	service_alive();
	expect(fd, "WATCHDOG=1");
	service_stopping("bye");
	expect(fd, "STOPPING=1\nSTATUS=bye");
	close(fd);
	snprintf(path, sizeof(path), "%s/notify", folder);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(the_watchdog_is_fed_twice_in_its_time)
{
	char pid[16];

	ck_assert_int_eq(service_watchdog_ms(), 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_int_eq(service_watchdog_ms(), 15000);
	setenv("WATCHDOG_USEC", "1", 1);
	ck_assert_int_eq(service_watchdog_ms(), 1);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_int_eq(service_watchdog_ms(), 0);
}
END_TEST

START_TEST(without_a_manager_nothing_happens)
{
	unsetenv("NOTIFY_SOCKET");
	service_ready("alone");
	service_alive();
	service_stopping("alone");
}
END_TEST

TEST_SUITE(service, the_manager_hears_how_the_daemon_fares, the_watchdog_is_fed_twice_in_its_time,
	without_a_manager_nothing_happens)
