/*
 * pair: one line of a title and what there is to say, as all "show" commands print them.
 */
#ifndef WAKEGATE_GATEWAY_CLI_PAIR_H
#define WAKEGATE_GATEWAY_CLI_PAIR_H

struct cli;

/* Prints to standard output, titles of up to eleven letters aligned, a text that is too long for the terminal over
 * several lines; nothing where `text` is "-": not known. */
void pair_print(const struct cli *cli, const char *title, const char *text);

#endif
