#include "drivers/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(void *table, const char *name, const struct library_function *functions, size_t count)
{
	void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);

	for (size_t i = 0; i < count; i++)
		if (!library || !dlsym(library, functions[i].name))
			return -ENOTSUP;
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, functions[i].name);

		memcpy((char *)table + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}
