/*
 * remote_process: a driver's process: started, watched, ended. Its standard input is a pipe that closes when the
 * gateway is gone, however it went; its standard error is the gateway's.
 */
#ifndef WAKEGATE_DRIVERS_REMOTE_PROCESS_H
#define WAKEGATE_DRIVERS_REMOTE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remote_process;
struct uv_loop_s;

/* `argv` is ended by NULL; its first is the program's path. Calls `exited` once, when the process has ended, unless it
 * was let go before. -ENOENT, -EACCES, -ENOMEM, … with a sentence. */
int remote_process_start(struct remote_process **out, struct uv_loop_s *loop, const char *const *argv,
	void (*exited)(void *context, int64_t status, int signal), void *context, char *why, size_t why_size);

int remote_process_pid(const struct remote_process *process);

/* Whether it has ended; `exited` follows if it was not called yet. */
bool remote_process_has_ended(const struct remote_process *process);

/* Ends it at once; `exited` follows. */
void remote_process_kill(struct remote_process *process);

/* Closes the pipe, ends what still runs if that is to be `at_once`, and frees by the loop's next turns; `exited` is not
 * called any more. NULL is fine. */
void remote_process_let_go(struct remote_process *process, bool at_once);

#endif
