// SPDX-License-Identifier: Apache-2.0
/*
 * base/pool.c - Memory for documents: many small pieces, all short-lived
 *
 * A JSON document is hundreds of small pieces, and the libc we ship returns
 * pages to the kernel as soon as they are free: half of the time of reading one
 * went into mmap() and munmap(). Small pieces come from lists of free ones, by
 * size, which chunks of 16 KiB feed; chunks go when nothing of them is in use
 * and somebody says so. For one thread.
 */
#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define PIECE_STEP  16
#define PIECE_KINDS 66 /* up to 1040 bytes, header included: also a table of 32 keys */
#define CHUNK_BYTES 16384

#ifdef __SANITIZE_ADDRESS__ /* which has to see every piece */
#define SMALL_KINDS 1	    /* with its header no piece is of a smaller kind */
#else
#define SMALL_KINDS PIECE_KINDS
#endif

union piece {
	size_t kind;	   /* in use: PIECE_KINDS for what malloc() gave */
	union piece *next; /* free; or the chunk before, at the head of a chunk */
	max_align_t align;
};

/* With the log level the only mutable state in this folder: an allocator is one. */
static struct {
	union piece *free[PIECE_KINDS];
	union piece *chunks;
	char *rest; /* of the newest chunk */
	size_t rest_bytes, in_use;
} pool;

static union piece *cut(size_t bytes)
{
	union piece *p;

	if (pool.rest_bytes < bytes) {
		p = xmalloc(CHUNK_BYTES);
		p->next = pool.chunks;
		pool.chunks = p;
		pool.rest = (char *)(p + 1);
		pool.rest_bytes = CHUNK_BYTES - sizeof(*p);
	}
	p = (union piece *)(void *)pool.rest;
	pool.rest += bytes;
	pool.rest_bytes -= bytes;
	return p;
}

/** pool_new() - Like malloc(), but aborts when out of memory */
void *pool_new(size_t size)
{
	size_t kind = (size + sizeof(union piece) + PIECE_STEP - 1) / PIECE_STEP;
	union piece *p;

	if (kind >= SMALL_KINDS) {
		p = xmalloc(size + sizeof(*p));
		p->kind = PIECE_KINDS;
		return p + 1;
	}
	p = pool.free[kind];
	if (p)
		pool.free[kind] = p->next;
	else
		p = cut(kind * PIECE_STEP);
	p->kind = kind;
	pool.in_use++;
	return p + 1;
}

/** pool_free() - Like free(), for what pool_new() gave */
void pool_free(void *data)
{
	union piece *p = data;
	size_t kind;

	if (!data)
		return;
	p--;
	kind = p->kind;
	if (kind == PIECE_KINDS) {
		free(p);
		return;
	}
	p->next = pool.free[kind];
	pool.free[kind] = p;
	pool.in_use--;
}

/** pool_trim() - Give the chunks back, if no small piece is in use */
void pool_trim(void)
{
	if (pool.in_use)
		return;
	while (pool.chunks) {
		union piece *chunk = pool.chunks;

		pool.chunks = chunk->next;
		free(chunk);
	}
	memset(&pool, 0, sizeof(pool));
}
