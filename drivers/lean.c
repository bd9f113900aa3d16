#include "drivers/lean.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_BYTES (64 * 1024) /* free at the end of the heap; a block of more has pages of its own */

void lean_set_up(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
}

/* Segments that nobody may write were never written, so they are as the file has them. What the loader wrote before it
 * took the right away (RELRO) lies in writable ones. */
static int give_back_segments(struct dl_phdr_info *object, size_t size, void *context)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
			continue;
		uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void lean_out(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(give_back_segments, NULL);
}
