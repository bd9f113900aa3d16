#include "gateway/time_zones.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/update_window.h"
#include "protocols/tzif.h"

struct time_zone {
	char name[UPDATE_WINDOW_ZONE_MAX + 1];
	uint8_t *data;
	struct tzif rules;
};

struct time_zones {
	const char *folder;
	struct time_zone list[TIME_ZONES_MAX];
	size_t count;
};

struct time_zones *time_zones_open(const char *folder)
{
	struct time_zones *zones = calloc(1, sizeof(*zones));

	if (zones)
		zones->folder = folder;
	return zones;
}

void time_zones_close(struct time_zones *zones)
{
	for (size_t i = 0; zones && i < zones->count; i++)
		free(zones->list[i].data);
	free(zones);
}

/* It becomes part of a path, and comes from the cloud: "Europe/Berlin", "Etc/GMT+5". */
static bool is_name(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_+-/", name[i]))
			return false;
	return size > 0 && size <= UPDATE_WINDOW_ZONE_MAX && name[0] != '/';
}

static int read_file(const char *path, uint8_t **out, size_t *size)
{
	struct stat status;
	FILE *file = fopen(path, "rbe");

	if (!file)
		return -errno;
	uint8_t *data = malloc(TZIF_SIZE_MAX + 1);
	/* A folder can be opened, but has no bytes. */
	bool is_file = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
	size_t got = data && is_file ? fread(data, 1, TZIF_SIZE_MAX + 1, file) : 0;
	int error = !data ? -ENOMEM : !is_file ? -ENOENT : ferror(file) ? -EIO : 0;

	(void)fclose(file);
	if (error) {
		free(data);
		return error;
	}
	uint8_t *fitting = realloc(data, got + 1);
	*out = fitting ? fitting : data;
	*size = got;
	return 0;
}

static int load(struct time_zones *zones, const char *name, char *why, size_t why_size)
{
	struct time_zone *zone = &zones->list[zones->count];
	char path[512];
	size_t size = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", zones->folder, name) >= sizeof(path))
		return -ENAMETOOLONG;
	int error = read_file(path, &zone->data, &size);
	if (error) {
		snprintf(why, why_size, "the time zone \"%s\" is unknown: %s: %s%s", name, path, strerror(-error),
			error == -ENOENT ? " (package tzdata has them all)" : "");
		return error;
	}
	error = tzif_parse(&zone->rules, zone->data, size);
	if (error) {
		snprintf(why, why_size, "the time zone \"%s\" is unknown: %s %s", name, path,
			error == -ENOTSUP ? "counts leap seconds, or is older than 2005" : "is no time zone file");
		free(zone->data);
		return error;
	}
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	zones->count++;
	return 0;
}

int time_zones_find(struct time_zones *zones, const char *name, const struct tzif **out, char *why, size_t why_size)
{
	*out = NULL;
	if (!*name || strcmp(name, "UTC") == 0)
		return 0;
	for (size_t i = 0; i < zones->count; i++)
		if (strcmp(zones->list[i].name, name) == 0) {
			*out = &zones->list[i].rules;
			return 0;
		}
	if (!is_name(name)) {
		snprintf(why, why_size, "\"%.40s\" is no name of a time zone such as \"Europe/Berlin\"", name);
		return -EINVAL;
	}
	if (zones->count == TIME_ZONES_MAX) {
		snprintf(why, why_size, "more than %d time zones are in use", TIME_ZONES_MAX);
		return -ENOBUFS;
	}
	int error = load(zones, name, why, why_size);
	if (!error)
		*out = &zones->list[zones->count - 1].rules;
	return error;
}
