/*
 * load: what the load generators share: the clock, an end with a reason, numbers of the command line.
 */
#ifndef WAKEGATE_TESTS_BENCH_LOAD_H
#define WAKEGATE_TESTS_BENCH_LOAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

static inline int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Ends the program; says errno too. */
_Noreturn static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* A number between these bounds. */
static inline unsigned number_of(const char *text, unsigned least, unsigned most)
{
	unsigned long number = strtoul(text, NULL, 10);

	return number > most ? most : number < least ? least : (unsigned)number;
}

#endif
