#include "gateway/runtime_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "gateway/log.h"
#include "gateway/offer_files.h"
#include "gateway/repeat_journal.h"
#include "gateway/runtime_folder.h"
#include "store/segment_store.h"

#define RETRY_MS 10000 /* a folder that is full may have room again */

struct runtime_memory {
	struct runtime_folder folder;
	struct repeat_journal *journal;
	uint64_t session;
	bool failed; /* to remember: nothing is offered before it is tried again */
	int64_t retry_ms;
};

struct finding {
	const struct runtime_memory_finder *finder;
	uint64_t known;
};

static void on_offer(void *context, const struct stored_segment *segment)
{
	struct finding *finding = context;

	if (finding->known < segment->first + segment->count)
		finding->known = segment->first + segment->count;
	finding->finder->offer(finding->finder->context, segment);
}

static int load(struct runtime_memory *memory, const struct runtime_memory_place *place,
	const struct runtime_memory_finder *finder, uint64_t *known)
{
	struct repeat_journal_reader reader = { finder->exchange, finder->context };
	struct repeat_journal_found found;
	struct finding finding = { finder, 0 };
	int result = repeat_journal_open(&memory->journal, &memory->folder, &reader, &found);

	if (result < 0)
		return result;
	result = offer_files_load(&memory->folder, place->session, on_offer, &finding);
	/* A start that had no journal has given numbers that this one knows nothing of. */
	if (found.session == 0 || found.session < place->session)
		*known = 0;
	else
		*known = found.known > finding.known ? found.known : finding.known;
	return result;
}

int runtime_memory_open(struct runtime_memory **out, const struct runtime_memory_place *place,
	const struct runtime_memory_finder *finder, uint64_t *known)
{
	struct runtime_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	int result = runtime_folder_open(&memory->folder, place->path, place->name);
	if (result < 0) {
		free(memory);
		return result;
	}
	if (!memory->folder.in_memory)
		log_warning("telemetry.runtime_directory_on_disk path=%s", place->path);
	result = load(memory, place, finder, known);
	if (result < 0) {
		runtime_memory_close(memory);
		return result;
	}
	*out = memory;
	return 0;
}

static int fail(struct runtime_memory *memory, int error, int64_t now_ms)
{
	if (!memory->failed)
		log_error("telemetry.runtime_directory_failed error=%d acknowledge=disk", -error);
	memory->failed = true;
	memory->retry_ms = now_ms + RETRY_MS;
	return error;
}

int runtime_memory_begin(struct runtime_memory *memory, uint64_t session, uint64_t next, int64_t now_ms)
{
	int result = repeat_journal_begin(memory->journal, session, next, now_ms);

	memory->session = session;
	return result < 0 ? fail(memory, result, now_ms) : 0;
}

bool runtime_memory_works(const struct runtime_memory *memory)
{
	return !memory->failed;
}

/* What a note that failed left of itself in the journal is cut off. */
static int try_again(struct runtime_memory *memory, uint64_t next, int64_t now_ms)
{
	if (!memory->failed)
		return 0;
	if (now_ms < memory->retry_ms)
		return -EIO;
	return repeat_journal_begin(memory->journal, memory->session, next, now_ms);
}

int runtime_memory_offer(struct runtime_memory *memory, const struct stored_segment *segment, int64_t now_ms)
{
	int result = try_again(memory, segment->first, now_ms);

	if (result == 0)
		result = offer_file_write(&memory->folder, memory->session, segment);
	if (result < 0)
		return memory->failed && now_ms < memory->retry_ms ? result : fail(memory, result, now_ms);
	if (memory->failed)
		log_notice("telemetry.runtime_directory_works");
	memory->failed = false;
	return 0;
}

int runtime_memory_delivered(struct runtime_memory *memory, const struct stored_segment *segment, int64_t now_ms)
{
	struct repeat_note note = { segment->first + segment->count, segment->exchanges, segment->exchange_count };
	int result = memory->failed ? -EIO : repeat_journal_note(memory->journal, &note, now_ms);

	if (result < 0)
		return memory->failed ? result : fail(memory, result, now_ms);
	offer_file_remove(&memory->folder, segment->first);
	return 0;
}

void runtime_memory_forget(struct runtime_memory *memory, uint64_t first)
{
	if (memory)
		offer_file_remove(&memory->folder, first);
}

void runtime_memory_close(struct runtime_memory *memory)
{
	if (!memory)
		return;
	repeat_journal_close(memory->journal);
	runtime_folder_close(&memory->folder);
	free(memory);
}
