/*
 * set_clock: linked over the C library's clocks, makes a program believe a wall clock that a test sets.
 *
 * WAKEGATE_TEST_CLOCK names a file of one little-endian int64: milliseconds that the wall clock is ahead of this
 * machine's. The test may write another number at any time. Monotonic clocks are the machine's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
time_t __wrap_time(time_t *out);

static const volatile int64_t *ahead_ms;

/* Before any thread is started. */
__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("WAKEGATE_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_ms), PROT_READ, MAP_SHARED, fd, 0);

	if (mapped == MAP_FAILED) {
		fprintf(stderr, "WAKEGATE_TEST_CLOCK names no file\n");
		_exit(EXIT_FAILURE);
	}
	close(fd);
	ahead_ms = mapped;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	if (result != 0 || clock != CLOCK_REALTIME)
		return result;
	int64_t ms = *ahead_ms;
	int64_t ns = now->tv_nsec + ms % 1000 * 1000000;
	int64_t carry = ns < 0 ? -1 : ns / 1000000000;
	now->tv_sec += ms / 1000 + carry;
	now->tv_nsec = ns - carry * 1000000000;
	return 0;
}

time_t __wrap_time(time_t *out)
{
	struct timespec now;

	(void)__wrap_clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
