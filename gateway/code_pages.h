/*
 * code_pages: gives back the memory of program code that only the start needed.
 *
 * Opening databases, keys and libraries touches several megabytes of code that is not run again. The kernel keeps such
 * pages with the process until memory is short; a gateway shares its memory with others, so it hands them back at
 * once. What is needed again comes from the page cache, at the cost of a minor fault.
 */
#ifndef WAKEGATE_GATEWAY_CODE_PAGES_H
#define WAKEGATE_GATEWAY_CODE_PAGES_H

/* Call it once, when the start is over. Does nothing where the system does not tell what is mapped. */
void code_pages_release(void);

#endif
