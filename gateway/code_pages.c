#include "gateway/code_pages.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * One line of /proc/self/maps, see proc(5). Only what is executable and comes from a file: nobody has written to it, so
 * that the file still has it. Read-only data is left alone, the loader has written there.
 */
static void release_mapping(const char *line)
{
	uintptr_t start, end;
	char mode[5];
	int path = 0;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %n", &start, &end, mode, &path) < 3)
		return;
	if (strcmp(mode, "r-xp") == 0 && line[path] == '/')
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
}

void code_pages_release(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	if (!maps)
		return;
	while (fgets(line, sizeof(line), maps))
		release_mapping(line);
	fclose(maps);
}
