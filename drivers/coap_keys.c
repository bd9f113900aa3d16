#include "drivers/coap_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512
#define ROOM_AT_FIRST 64

/* A file being read. */
struct reading_file {
	FILE *file;
	const char *path;
	unsigned line;
	bool with_keys;
	struct coap_key *keys;
	size_t count, room;
	char *why;
	size_t why_size;
};

void coap_keys_init(struct coap_keys *keys)
{
	keys->keys = NULL;
	keys->count = 0;
	id_map_init(&keys->by_identity);
}

static void wipe(struct coap_key *keys, size_t count)
{
	if (keys)
		explicit_bzero(keys, count * sizeof(*keys));
	free(keys);
}

void coap_keys_finish(struct coap_keys *keys)
{
	id_map_finish(&keys->by_identity);
	wipe(keys->keys, keys->count);
	keys->keys = NULL;
	keys->count = 0;
}

const struct coap_key *coap_keys_find(const struct coap_keys *keys, const char *identity)
{
	return id_map_find(&keys->by_identity, identity);
}

bool coap_identity_fits(const char *text, size_t size)
{
	if (size == 0 || size > NODE_ID_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '/' || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

static int fault(struct reading_file *in, const char *what)
{
	(void)snprintf(in->why, in->why_size, "%s:%u: %s", in->path, in->line, what);
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the key, or -EINVAL. */
static int parse_key(const char *hex, uint8_t bytes[COAP_KEY_MAX])
{
	size_t digits = strlen(hex);

	if (digits % 2 != 0 || digits < 2 * COAP_KEY_LEAST || digits > 2 * COAP_KEY_MAX)
		return -EINVAL;
	for (size_t i = 0; i < digits / 2; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return (int)(digits / 2);
}

/* A line without its end into the next key. */
static int parse_line(struct reading_file *in, char *line, struct coap_key *key)
{
	char *colon = in->with_keys ? strrchr(line, ':') : NULL;

	memset(key, 0, sizeof(*key));
	if (in->with_keys && !colon)
		return fault(in, "found no ':'; a line is IDENTITY:KEY");
	if (colon) {
		int size = parse_key(colon + 1, key->bytes);
		if (size < 0)
			return fault(in, "the key is not 8 to 128 hex digits, an even number of them");
		key->size = (uint8_t)size;
		*colon = '\0';
	}
	if (!coap_identity_fits(line, strlen(line)))
		return fault(in, "an identity is 1 to 64 printable characters without space, '/', '\"' and '\\'");
	memcpy(key->identity, line, strlen(line) + 1);
	return 0;
}

static int make_room(struct reading_file *in)
{
	if (in->count == COAP_KEYS_MAX) {
		(void)fault(in, "more lines than the 1000000 allowed");
		return -ENOBUFS;
	}
	if (in->count < in->room)
		return 0;
	size_t room = in->room ? in->room * 2 : ROOM_AT_FIRST;
	struct coap_key *keys = calloc(room, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	if (in->count > 0)
		memcpy(keys, in->keys, in->count * sizeof(*keys));
	wipe(in->keys, in->count);
	in->keys = keys;
	in->room = room;
	return 0;
}

static int read_line(struct reading_file *in, char *line)
{
	size_t size = strlen(line);
	bool whole = size > 0 && (line[size - 1] == '\n' || feof(in->file));

	in->line++;
	if (!whole)
		return fault(in, "the line is longer than 510 characters");
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		line[--size] = '\0';
	if (size == 0 || line[0] == '#')
		return 0;
	int result = make_room(in);
	if (result == 0)
		result = parse_line(in, line, &in->keys[in->count]);
	if (result == 0)
		in->count++;
	return result;
}

static int read_lines(struct reading_file *in)
{
	char line[LINE_SIZE];
	int result = 0;

	while (result == 0 && fgets(line, sizeof(line), in->file))
		result = read_line(in, line);
	explicit_bzero(line, sizeof(line));
	return result == 0 && ferror(in->file) ? -EIO : result;
}

static int index_keys(struct reading_file *in, struct id_map *map)
{
	for (size_t i = 0; i < in->count; i++) {
		if (id_map_find(map, in->keys[i].identity)) {
			(void)snprintf(
				in->why, in->why_size, "%s: %s stands in it twice", in->path, in->keys[i].identity);
			return -EINVAL;
		}
		int result = id_map_add(map, in->keys[i].identity, &in->keys[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

static int read_file(struct coap_keys *out, struct reading_file *in)
{
	struct coap_keys fresh;

	in->file = fopen(in->path, "re");
	if (!in->file) {
		int result = -errno;
		(void)snprintf(in->why, in->why_size, "%s: %s", in->path, strerror(-result));
		return result;
	}
	coap_keys_init(&fresh);
	int result = read_lines(in);
	(void)fclose(in->file);
	fresh.keys = in->keys;
	fresh.count = in->count;
	if (result == 0)
		result = index_keys(in, &fresh.by_identity);
	if (result < 0) {
		coap_keys_finish(&fresh);
		return result;
	}
	coap_keys_finish(out);
	*out = fresh;
	return 0;
}

int coap_keys_read(struct coap_keys *out, const char *path, char *why, size_t why_size)
{
	struct reading_file in = { .path = path, .with_keys = true, .why = why, .why_size = why_size };

	return read_file(out, &in);
}

int coap_nodes_read(struct coap_keys *out, const char *path, char *why, size_t why_size)
{
	struct reading_file in = { .path = path, .why = why, .why_size = why_size };

	return read_file(out, &in);
}
