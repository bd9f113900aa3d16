/*
 * image_import: takes a firmware image piece by piece into the store, and completes it only if it is good.
 *
 * An import is begun with a claim (digest, size), fed in order and finished. It hashes as the pieces come, stores as
 * they come, holds the whole image in memory until the verdict, and then completes it or removes every byte of it. An
 * import that is suspended, or cut by a crash, leaves a partial image; the next import with that digest goes on where
 * the stored bytes end. Loop thread only; nothing blocks. Every end is
 * logged here, as image.stored or image.refused.
 */
#ifndef WAKEGATE_GATEWAY_IMAGE_IMPORT_H
#define WAKEGATE_GATEWAY_IMAGE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/image_policy.h"
#include "gateway/moment.h"

struct image_cache;
struct image_import;
struct image_imports;
struct store;
struct stored_image;

/* Who feeds an import hears this. */
struct import_observer {
	void *context;
	/* Bytes are taken now: first when the import stands (image_import_offset() says where to go on), then after
	 * every -EAGAIN. Not called from within begin(). */
	void (*writable)(void *context, struct image_import *import);
	/*
	 * The end, exactly once unless it was suspended: 0 with the complete image, else a negative errno and a
	 * sentence for a person, and nothing of the image is left. The import is gone. May come from within write()
	 * or finish(). A failing disk is told late: what is called before that does no harm.
	 * -EBADMSG not what was claimed, damaged or malformed; -EKEYREJECTED unsigned or by no trusted key; -EFBIG
	 * longer than claimed; -ENOSPC; -EIO; -ENOBUFS the store is too busy; -ECANCELED.
	 */
	void (*done)(void *context, int result, const struct stored_image *image, const char *sentence);
};

struct image_imports_options {
	struct store *store;
	struct image_cache *cache;
	const struct image_policy *policy; /* borrowed until replaced */
};

int image_imports_open(struct image_imports **out, const struct image_imports_options *options);

/* Suspends all imports, storing the bytes that they have, and ends; call before store_close(). NULL is fine. */
void image_imports_close(struct image_imports *imports);

/* From now on judge by this one. */
void image_imports_set_policy(struct image_imports *imports, const struct image_policy *policy);

/*
 * Begins an import, or takes up a partial image. The claim is copied. On failure nothing is begun, no observer called
 * and `why` (IMAGE_SENTENCE_SIZE) says it: -EEXIST the image is here and complete; -EALREADY it is being imported;
 * -ENOBUFS too many imports or images; -EFBIG; -EINVAL; -ENOSPC no room and nothing to evict; -ENOMEM.
 */
int image_import_begin(struct image_imports *imports, const struct image_claim *claim,
	const struct import_observer *observer, struct moment now, struct image_import **out, char *why);

/* Bytes that it has: the offset of the next piece. */
uint32_t image_import_offset(const struct image_import *import);

/*
 * Takes the next piece, of any size. 0; -EAGAIN: nothing was taken, wait for writable(). After any other error the
 * import is gone or going: do not use it again, done() tells the reason or has told it.
 */
int image_import_write(struct image_import *import, const void *data, size_t size);

/* All bytes are written: judge, and complete or remove. done() follows, or has been called. Do not use it again. */
void image_import_finish(struct image_import *import);

/* Stops, keeping what came for a later import; the observer is not called again. Until the store has replied, another
 * import of it gets -EALREADY. Not after finish(). */
void image_import_suspend(struct image_import *import);

/* Stops and removes what is stored; done() follows with -ECANCELED, or has been called. Do not use it again. */
void image_import_cancel(struct image_import *import);

#endif
