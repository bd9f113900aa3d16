#include "protocols/senml_shapes.h"

static bool parse_known(
	struct senml_shapes *shapes, size_t i, struct senml_pack *pack, const struct senml_source *source)
{
	if (shapes->shapes[i].size != source->data.size || !senml_shape_parse(&shapes->shapes[i], pack, source))
		return false;
	shapes->used_at[i] = shapes->clock;
	shapes->latest = i;
	if (!shapes->met[i])
		shapes->pause = shapes->pause_left = 0;
	shapes->met[i] = true;
	return true;
}

static bool parse_any_known(struct senml_shapes *shapes, struct senml_pack *pack, const struct senml_source *source)
{
	size_t latest = shapes->latest;

	if (parse_known(shapes, latest, pack, source))
		return true;
	for (size_t i = 0; i < SENML_SHAPES_MAX; i++)
		if (i != latest && parse_known(shapes, i, pack, source))
			return true;
	return false;
}

static size_t oldest_of(const struct senml_shapes *shapes)
{
	size_t oldest = 0;

	for (size_t i = 1; i < SENML_SHAPES_MAX; i++)
		if (shapes->used_at[i] < shapes->used_at[oldest])
			oldest = i;
	return oldest;
}

/* What was learned for nothing makes the next pause longer. */
static void learn(struct senml_shapes *shapes, const struct senml_pack *pack, const struct senml_source *source)
{
	size_t i = oldest_of(shapes);
	bool in_vain = shapes->shapes[i].size > 0 && !shapes->met[i];

	if (!senml_shape_learn(&shapes->shapes[i], pack, source, &shapes->marks))
		return;
	if (in_vain && shapes->pause < SENML_SHAPES_PAUSE_MAX)
		shapes->pause = shapes->pause * 2 + 1;
	shapes->pause_left = shapes->pause;
	shapes->used_at[i] = shapes->clock;
	shapes->met[i] = false;
}

int senml_shapes_parse(struct senml_shapes *shapes, struct senml_pack *pack, const struct senml_source *source)
{
	if (source->format != FORMAT_CBOR)
		return senml_parse(pack, source);
	shapes->clock++;
	if (parse_any_known(shapes, pack, source))
		return 0;
	if (shapes->pause_left > 0 || source->data.size > SENML_SHAPE_BYTES) {
		shapes->pause_left -= shapes->pause_left > 0;
		return senml_parse(pack, source);
	}
	int result = senml_parse_marked(pack, source, &shapes->marks);
	if (result == 0)
		learn(shapes, pack, source);
	return result;
}
