/*
 * lean: keeps a small program small.
 *
 * What a start touches of programs and libraries, their relocations and one-time set-up, stays in memory although it is
 * not needed again: of libzmq and all that hangs behind it several megabytes. The system has it in its page cache, from
 * where what is needed after all comes back by itself.
 */
#ifndef WAKEGATE_DRIVERS_LEAN_H
#define WAKEGATE_DRIVERS_LEAN_H

/* To be called first: one arena for all threads, large blocks given back at once. */
void lean_set_up(void);

/* Gives back what is free, and those pages of programs and libraries that are as their files have them. */
void lean_out(void);

#endif
