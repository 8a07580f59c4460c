// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/footprint.c - What a process that only waits keeps in memory
 *
 * Theory of operation:
 * A monitor has the program of the CLI and what is left of its work. Nearly
 * all of it is not needed to wait: the pages of the program are given back,
 * which the kernel can always read again, and the dead part of the stack.
 *
 * A page fault in a file maps up to 16 pages around (fault_around_bytes), so
 * the wait loop alone would bring hundreds of kilobytes back. It never looks
 * beyond the borders of a mapping, though; so the few pages that the loop runs
 * in get mappings of their own. MADV_DONTDUMP makes them: it only sets a flag
 * that means nothing for program text, but by which mappings differ.
 */
#include "runtime/footprint.h"

#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PAGE	  4096UL
#define STACK_MAX (1UL << 20) /* what may have been used of it */

static uintptr_t page_of(const void *p)
{
	return (uintptr_t)p & ~(PAGE - 1);
}

/* A mapping of its own for the page of some code, and its neighbours. */
static void set_apart(const void *code, unsigned long before, unsigned long after)
{
	(void)madvise((void *)(page_of(code) - before * PAGE), (before + 1 + after) * PAGE,
		      MADV_DONTDUMP); /* should it fail, more comes back: no harm */
}

/*
 * Of what can be written, only pages that are still the file's: the rest has
 * no other copy. Bit 61 of an entry tells (proc_pid_pagemap(5)).
 */
static void give_back_data(uintptr_t begin, uintptr_t end)
{
	uint64_t entries[64];
	autoclose int fd = openat(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t n = (end - begin + PAGE - 1) / PAGE;

	if (fd < 0 || n > 64 ||
	    pread(fd, entries, n * sizeof(*entries), (off_t)(begin / PAGE * sizeof(*entries))) !=
		    (ssize_t)(n * sizeof(*entries)))
		return;
	for (size_t i = 0; i < n; i++)
		if (entries[i] >> 61 & 1)
			(void)madvise((void *)(begin + i * PAGE), PAGE, MADV_DONTNEED);
}

/* What of the program is never written, to be given back last. */
struct fixed_parts {
	struct {
		uintptr_t begin, len;
	} parts[8];
	size_t n;
};

static int give_back_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct fixed_parts *fixed = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t begin = (info->dlpi_addr + p->p_vaddr) & ~(PAGE - 1);
		uintptr_t end = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD)
			continue;
		if (p->p_flags & PF_W) {
			give_back_data(begin, end + p->p_filesz);
		} else if (fixed->n < sizeof(fixed->parts) / sizeof(*fixed->parts)) {
			fixed->parts[fixed->n].begin = begin;
			fixed->parts[fixed->n++].len = end + p->p_memsz - begin;
		}
	}
	return 0;
}

/*
 * @here lies below all that is in use but the frames of our own callees, which
 * get the rest of its page and all of the next. Never inlined: then a caller's
 * variables might lie below it.
 */
__attribute__((noinline)) static void give_back_stack(void)
{
	volatile char here = 0;
	uintptr_t top = page_of((const void *)(uintptr_t)&here);

	/* Below the pages that were ever used there is no mapping: then nothing happens. */
	for (uintptr_t p = top - 2 * PAGE; p > top - STACK_MAX; p -= PAGE)
		if (madvise((void *)p, PAGE, MADV_DONTNEED) < 0)
			return;
}

/**
 * footprint_shrink() - Give back what the process does not need while it waits
 * @waiting_function:	What it waits in, next to the other functions of the loop
 *
 * For a single-threaded process; everything comes back when it is used again.
 */
void footprint_shrink(const void *waiting_function)
{
	struct fixed_parts fixed = { .n = 0 };

	if (sysconf(_SC_PAGESIZE) != (long)PAGE) /* as on some machines with ARM processors */
		return;
	set_apart(waiting_function, 1, 1);
	set_apart((const void *)(uintptr_t)footprint_shrink, 1, 1); /* this file's functions */
	set_apart((const void *)(uintptr_t)madvise, 0, 0);
	set_apart((const void *)(uintptr_t)syscall, 0, 0);
	/* Not for itself: what every system call of musl returns through lies before it. */
	set_apart((const void *)(uintptr_t)dl_iterate_phdr, 0, 0);
	(void)dl_iterate_phdr(give_back_program, &fixed);
	/* Last what all of this runs on. */
	give_back_stack();
	for (size_t i = 0; i < fixed.n; i++)
		(void)madvise((void *)fixed.parts[i].begin, fixed.parts[i].len, MADV_DONTNEED);
}
