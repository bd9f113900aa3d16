#include "protocols/tzif.h"

#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"

#define TYPE_SIZE 6
#define TYPES_MAX 256
#define OFFSET_MOST_S (26 * 3600) /* section 3.2: from -25 h to 26 h, both excluded */
#define OFFSET_LEAST_S (-25 * 3600)

/* Section 3.1. */
struct header {
	uint8_t version;
	uint32_t indicators_ut, indicators_standard, leaps, times, types, characters;
};

static struct header read_header(struct reader *in)
{
	const uint8_t *magic = read_bytes(in, 4);
	struct header header = { .version = read_u8(in) };

	(void)read_bytes(in, 15);
	header.indicators_ut = read_be32(in);
	header.indicators_standard = read_be32(in);
	header.leaps = read_be32(in);
	header.times = read_be32(in);
	header.types = read_be32(in);
	header.characters = read_be32(in);
	if (!magic || memcmp(magic, "TZif", 4) != 0)
		in->failed = true;
	return header;
}

/* Of 32 bits each, so that no sum of products of them overflows. */
static uint64_t size_of_data(const struct header *header, unsigned time_size)
{
	return (uint64_t)header->times * (time_size + 1) + (uint64_t)header->types * TYPE_SIZE + header->characters +
	       (uint64_t)header->leaps * (time_size + 4) + header->indicators_standard + header->indicators_ut;
}

static void skip(struct reader *in, uint64_t size)
{
	if (size > reader_left(in))
		in->failed = true;
	else
		(void)read_bytes(in, (size_t)size);
}

static int64_t time_at(const struct tzif *zone, uint32_t index)
{
	struct reader in;

	reader_init(&in, zone->times + (size_t)index * 8, 8);
	return (int64_t)read_be64(&in);
}

static int32_t offset_of(const struct tzif *zone, uint8_t type)
{
	struct reader in;

	reader_init(&in, zone->types + (size_t)type * TYPE_SIZE, 4);
	return (int32_t)read_be32(&in);
}

static bool is_sound(const struct tzif *zone, uint32_t types)
{
	for (uint32_t i = 0; i < types; i++) {
		int32_t offset = offset_of(zone, (uint8_t)i);
		if (offset >= OFFSET_MOST_S || offset <= OFFSET_LEAST_S)
			return false;
	}
	for (uint32_t i = 0; i < zone->count; i++)
		if (zone->kinds[i] >= types || (i > 0 && time_at(zone, i) <= time_at(zone, i - 1)))
			return false;
	return true;
}

/* Section 3.3: a POSIX TZ string between two newlines, perhaps empty. */
static int read_footer(struct reader *in, struct tzif *zone)
{
	bool begins = read_u8(in) == '\n';
	const char *text = (const char *)in->at;
	const char *end = begins ? memchr(text, '\n', reader_left(in)) : NULL;

	if (!end)
		return -EBADMSG;
	zone->has_rule = end > text;
	return zone->has_rule ? posix_tz_parse(&zone->rule, text, (size_t)(end - text)) : 0;
}

int tzif_parse(struct tzif *out, const void *data, size_t size)
{
	struct tzif zone = { 0 };
	struct reader in;

	if (size > TZIF_SIZE_MAX)
		return -EMSGSIZE;
	reader_init(&in, data, size);
	struct header header = read_header(&in);
	if (!in.failed && header.version < '2')
		return -ENOTSUP;
	skip(&in, size_of_data(&header, 4));
	header = read_header(&in);
	if (!in.failed && header.leaps > 0)
		return -ENOTSUP;
	if (in.failed || header.types == 0 || header.types > TYPES_MAX || size_of_data(&header, 8) > reader_left(&in))
		return -EBADMSG;
	zone.count = header.times;
	zone.times = read_bytes(&in, (size_t)header.times * 8);
	zone.kinds = read_bytes(&in, header.times);
	zone.types = read_bytes(&in, (size_t)header.types * TYPE_SIZE);
	skip(&in, (uint64_t)header.characters + header.indicators_standard + header.indicators_ut);
	if (in.failed || !is_sound(&zone, header.types) || read_footer(&in, &zone) < 0)
		return -EBADMSG;
	*out = zone;
	return 0;
}

/* How many changes there were at that time. */
static uint32_t changes_until(const struct tzif *zone, int64_t at_s)
{
	uint32_t low = 0, high = zone->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (time_at(zone, middle) <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct utc_offset tzif_at(const struct tzif *zone, int64_t at_s)
{
	uint32_t changes = changes_until(zone, at_s);
	struct utc_offset out = {
		.from_s = changes > 0 ? time_at(zone, changes - 1) : INT64_MIN,
		.until_s = changes < zone->count ? time_at(zone, changes) : INT64_MAX,
	};

	if (changes < zone->count || !zone->has_rule) {
		out.seconds = offset_of(zone, changes > 0 ? zone->kinds[changes - 1] : 0);
		return out;
	}
	struct utc_offset rule = posix_tz_at(&zone->rule, at_s);
	if (rule.from_s < out.from_s)
		rule.from_s = out.from_s;
	return rule;
}
