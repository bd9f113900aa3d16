/*
 * time_zones: the time zones that are in use, read from the machine's time zone files when first asked for.
 */
#ifndef WAKEGATE_GATEWAY_TIME_ZONES_H
#define WAKEGATE_GATEWAY_TIME_ZONES_H

#include <stddef.h>

#define TIME_ZONES_MAX 64 /* different ones */
#define TIME_ZONES_FOLDER "/usr/share/zoneinfo"

struct time_zones;
struct tzif;

/* `folder` is borrowed for as long as they are in use. NULL without memory. */
struct time_zones *time_zones_open(const char *folder);
/* NULL is fine. */
void time_zones_close(struct time_zones *zones);

/*
 * The zone, which lives as long as `zones`; NULL for "UTC" or "", which need no file. Blocks for a small file the first
 * time that one is asked for. -EINVAL: no name of a zone; -ENOENT, -EACCES, …: its file cannot be read; -EBADMSG it is
 * none; -ENOBUFS: TIME_ZONES_MAX are in use. `why` then has a sentence.
 */
int time_zones_find(struct time_zones *zones, const char *name, const struct tzif **out, char *why, size_t why_size);

#endif
