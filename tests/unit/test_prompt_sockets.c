#include "drivers/prompt_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static int nodelay_of(int fd)
{
	int on = -1;
	socklen_t size = sizeof(on);

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	return on;
}

START_TEST(what_is_written_to_a_connection_goes_at_once)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int other = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(bind(server, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(server, 1), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(nodelay_of(client), 0);
	prompt_sockets();
	ck_assert_int_eq(nodelay_of(client), 1);
	(void)close(client);
	(void)close(server);
	(void)close(other);
}
END_TEST

TEST_SUITE(prompt_sockets, what_is_written_to_a_connection_goes_at_once)
