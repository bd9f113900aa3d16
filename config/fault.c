#include "config/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

int faults_init(struct config_faults *faults)
{
	*faults = (struct config_faults){ .faults = calloc(CONFIG_FAULTS_MAX, sizeof(*faults->faults)) };
	return faults->faults ? 0 : -ENOMEM;
}

static int write_place(char *out, size_t size, struct place place)
{
	if (place.line == 0)
		return snprintf(out, size, "%.300s: ", place.file);
	return snprintf(out, size, "%.300s:%u: ", place.file, place.line);
}

void fault_add(struct config_faults *faults, struct place place, const char *format, ...)
{
	va_list arguments;

	if (faults->count == CONFIG_FAULTS_MAX)
		return;
	struct config_fault *fault = &faults->faults[faults->count++];
	if (faults->count == CONFIG_FAULTS_MAX) {
		snprintf(fault->text, sizeof(fault->text), "%.300s: there are more faults than these", place.file);
		return;
	}
	int head = write_place(fault->text, sizeof(fault->text), place);
	va_start(arguments, format);
	vsnprintf(fault->text + head, sizeof(fault->text) - (size_t)head, format, arguments);
	va_end(arguments);
	for (char *c = fault->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

void config_faults_finish(struct config_faults *faults)
{
	free(faults->faults);
	*faults = (struct config_faults){ 0 };
}
