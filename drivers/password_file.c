#include "drivers/password_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int password_file_read(const char *path, char out[PASSWORD_SIZE])
{
	FILE *file = fopen(path, "r");

	if (!file)
		return -errno;
	size_t size = fread(out, 1, PASSWORD_SIZE - 1, file);
	int result = ferror(file) ? -EIO : 0;
	fclose(file);
	out[size] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return result;
}
