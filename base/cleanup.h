/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/cleanup.h - Variables that release what they hold when they go out of scope
 *
 * Initialise where declared. steal_ptr() and steal_fd() hand the value over;
 * nothing else disarms. All keep errno. cleanup_close() is also for members: safe twice.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void cleanup_closedir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		(void)closedir(*dir);
	errno = saved;
}

#define autofree  __attribute__((cleanup(cleanup_free)))
#define autoclose __attribute__((cleanup(cleanup_close)))
#define autodir	  __attribute__((cleanup(cleanup_closedir)))

static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *steal_pointer(void *pp)
{
	void *taken = *(void **)pp;

	*(void **)pp = NULL;
	return taken;
}

#define steal_ptr(pp) ((__typeof__(*(pp)))steal_pointer(pp))

#endif
