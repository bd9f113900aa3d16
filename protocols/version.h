/*
 * version: which of two firmware versions is the newer one, in the words of every image format.
 *
 *     1.2.3+4   MCUboot: four numbers, the build last
 *     v5.1-rc2  ESP-IDF: what semver.org (2.0.0, section 11) makes of it; a pre-release comes before its release
 *     0x00010203  Zigbee: one number
 */
#ifndef WAKEGATE_PROTOCOLS_VERSION_H
#define WAKEGATE_PROTOCOLS_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define VERSION_NUMBERS 4
#define VERSION_TEXT_MAX 32 /* bytes; longer texts are no versions */

struct version {
	uint32_t numbers[VERSION_NUMBERS]; /* those that are not said are 0 */
	uint32_t build;                    /* 0 where it is no number: it then says nothing of the order */
	char pre[VERSION_TEXT_MAX + 1];    /* "": a release */
};

/*
 * Reads one to four numbers with dots between, a "v" or "V" before them at will, then "-PRERELEASE" and "+BUILD" of
 * letters, digits, '.' and '-'; or "0x" and one to eight hexadecimal digits. -EINVAL: it is nothing of that kind.
 */
int version_parse(struct version *out, const char *text);

/* Below 0: a is older; 0: neither; above 0: a is newer. A total order. */
int version_compare(const struct version *a, const struct version *b);

#endif
