#include "gateway/image_heads.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/hex.h"

struct head {
	uint8_t bytes[IMAGE_HEAD_MAX]; /* first, so that what is held is the head */
	uint32_t holders;
	char hex[2 * IMAGE_HEAD_MAX + 1];
};

static const uint8_t nothing[IMAGE_HEAD_MAX];

void image_heads_init(struct image_heads *heads)
{
	id_map_init(&heads->by_hex);
}

static struct head *add(struct image_heads *heads, const struct head *wanted)
{
	struct head *head = malloc(sizeof(*head));

	if (!head)
		return NULL;
	*head = *wanted;
	if (id_map_add(&heads->by_hex, head->hex, head) == 0)
		return head;
	free(head);
	return NULL;
}

const uint8_t *image_heads_hold(struct image_heads *heads, const uint8_t *bytes, size_t size)
{
	struct head wanted = { .holders = 0 };

	memcpy(wanted.bytes, bytes, size);
	if (memcmp(wanted.bytes, nothing, sizeof(nothing)) == 0)
		return nothing;
	hex_print(wanted.hex, wanted.bytes, sizeof(wanted.bytes));
	struct head *head = id_map_find(&heads->by_hex, wanted.hex);
	if (!head && !(head = add(heads, &wanted)))
		return NULL;
	head->holders++;
	return head->bytes;
}

void image_heads_release(struct image_heads *heads, const uint8_t *held)
{
	struct head *head = (struct head *)held;

	if (held == nothing || --head->holders > 0)
		return;
	id_map_remove(&heads->by_hex, head->hex);
	free(head);
}

size_t image_heads_count(const struct image_heads *heads)
{
	return heads->by_hex.count;
}

void image_heads_finish(struct image_heads *heads)
{
	for (size_t i = 0; i < heads->by_hex.room; i++)
		free(heads->by_hex.entries[i].value);
	id_map_finish(&heads->by_hex);
}
