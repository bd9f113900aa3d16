/*
 * wave: the place of a node in the order of a rollout, and which wave that is.
 *
 * The place is a hash of the rollout's and the node's names: nothing is stored or agreed on, so it is the same after a
 * restart and on every gateway, and a node that moves to another gateway keeps its wave.
 */
#ifndef WAKEGATE_GATEWAY_WAVE_H
#define WAKEGATE_GATEWAY_WAVE_H

#include <stddef.h>
#include <stdint.h>

#define WAVES_MAX 16
#define WAVE_ALL 1000000 /* places there are; a share of the nodes is told in millionths */

/*
 * 0 to WAVE_ALL - 1: the first 8 bytes of SHA-256(rollout, a zero byte, node), most significant first, times WAVE_ALL,
 * over 2^64. Names are of at most 64 bytes.
 */
uint32_t wave_place(const char *rollout, const char *node);

/* The first wave whose share, in millionths and rising, holds the place; `count` if none does. */
unsigned wave_of(uint32_t place, const uint32_t *shares, unsigned count);

#endif
