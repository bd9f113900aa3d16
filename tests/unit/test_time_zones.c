#include "gateway/time_zones.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/tzif.h"
#include "tests/unit/suite.h"

#define HEADER 44

/* A zone of one type without changes, an hour ahead. */
struct one_hour {
	uint8_t headers[2][HEADER];
	uint8_t type[6];
	char name[4];
	char footer[7];
};
static const struct one_hour one_hour = {
	.headers = { "TZif2", { 'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4 } },
	.type = { 0, 0, 0x0e, 0x10 },
	.name = "CET",
	.footer = { '\n', 'C', 'E', 'T', '-', '1', '\n' },
};

static void write_file(const char *folder, const char *name, const void *data, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

struct folder {
	char path[64];
	struct time_zones *zones;
};

static struct folder folder_open(void)
{
	struct folder folder = { .path = "zones-XXXXXX" };
	char path[128];

	ck_assert_ptr_nonnull(mkdtemp(folder.path));
	snprintf(path, sizeof(path), "%s/Europe", folder.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file(folder.path, "Europe/Berlin", &one_hour, sizeof(one_hour));
	write_file(folder.path, "wrong", "no zone", 7);
	return folder;
}

static void folder_close(struct folder *folder)
{
	static const char *const names[] = { "Europe/Berlin", "Europe", "wrong" };
	char path[128];

	time_zones_close(folder->zones);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
		ck_assert_int_eq(remove(path), 0);
	}
	ck_assert_int_eq(rmdir(folder->path), 0);
}

START_TEST(a_zone_is_read_once)
{
	struct folder folder = folder_open();
	const struct tzif *zone, *again;
	char why[256];

	folder.zones = time_zones_open(folder.path);
	ck_assert_int_eq(time_zones_find(folder.zones, "Europe/Berlin", &zone, why, sizeof(why)), 0);
	ck_assert_int_eq(tzif_at(zone, 0).seconds, 3600);
	write_file(folder.path, "Europe/Berlin", "gone", 4);
	ck_assert_int_eq(time_zones_find(folder.zones, "Europe/Berlin", &again, why, sizeof(why)), 0);
	ck_assert_ptr_eq(zone, again);
	folder_close(&folder);
}
END_TEST

START_TEST(utc_needs_no_file)
{
	struct time_zones *zones = time_zones_open("/nowhere");
	const struct tzif *zone;
	char why[256];

	ck_assert_int_eq(time_zones_find(zones, "UTC", &zone, why, sizeof(why)), 0);
	ck_assert_ptr_null(zone);
	time_zones_close(zones);
}
END_TEST

START_TEST(a_zone_that_is_not_there_is_told_with_its_path)
{
	struct time_zones *zones = time_zones_open("/nowhere");
	const struct tzif *zone;
	char why[256];

	ck_assert_int_eq(time_zones_find(zones, "Europe/Berlin", &zone, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/Europe/Berlin"));
	ck_assert_ptr_nonnull(strstr(why, "tzdata"));
	time_zones_close(zones);
}
END_TEST

START_TEST(what_is_no_zone_is_refused)
{
	static const char *const names[] = { "../../etc/passwd", "/etc/localtime", "Europe/Ber lin", "a.b" };
	struct folder folder = folder_open();
	const struct tzif *zone;
	char why[256];

	folder.zones = time_zones_open(folder.path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(time_zones_find(folder.zones, names[i], &zone, why, sizeof(why)), -EINVAL);
	ck_assert_int_eq(time_zones_find(folder.zones, "wrong", &zone, why, sizeof(why)), -EBADMSG);
	ck_assert_int_eq(time_zones_find(folder.zones, "Europe", &zone, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_null(zone);
	folder_close(&folder);
}
END_TEST

TEST_SUITE(time_zones, a_zone_is_read_once, utc_needs_no_file, a_zone_that_is_not_there_is_told_with_its_path,
	what_is_no_zone_is_refused)
