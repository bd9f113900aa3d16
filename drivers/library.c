#include "drivers/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static int fill(void *table, void *library, const struct library_function *functions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!library || !dlsym(library, functions[i].name))
			return -ENOTSUP;
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, functions[i].name);

		memcpy((char *)table + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}

int library_load(void *table, const char *name, const struct library_function *functions, size_t count)
{
	return fill(table, dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE), functions, count);
}

int library_borrow(void **out, void *table, const char *name, const struct library_function *functions, size_t count)
{
	void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
	int result = fill(table, library, functions, count);

	if (result == 0)
		*out = library;
	else
		library_give_back(library);
	return result;
}

void library_give_back(void *library)
{
	if (library)
		dlclose(library);
}
