/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/scratch.h - A directory for one test, gone when it ends, also by failing
 *
 *	static void claim(void **state) { struct scratch *s = *state; ... }
 *	const struct CMUnitTest tests[] = { scratch_test(claim), ... };
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"

struct scratch {
	char path[32];
	int fd;
};

static inline int scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	strcpy(s->path, "/tmp/tare-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->fd < 0 ? -1 : 0;
}

static inline int scratch_teardown(void **state)
{
	struct scratch *s = *state;

	close(s->fd);
	(void)file_remove_tree_at(AT_FDCWD, s->path);
	free(s);
	return 0;
}

#define scratch_test(claim) cmocka_unit_test_setup_teardown(claim, scratch_setup, scratch_teardown)

static inline void scratch_put(const struct scratch *s, const char *name, const void *data,
			       size_t len)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, data, len), 0);
	close(fd);
}

static inline void scratch_put_text(const struct scratch *s, const char *name, const char *text)
{
	scratch_put(s, name, text, strlen(text));
}

/* The whole file, which the caller frees; NULL when there is none. */
static inline char *scratch_get(const struct scratch *s, const char *name)
{
	struct error err;
	char *text = NULL;
	size_t len;

	return file_read_at(s->fd, name, 64U << 20, &text, &len, &err) < 0 ? NULL : text;
}

static inline bool scratch_has(const struct scratch *s, const char *name)
{
	struct stat st;

	return fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What @body returns is the exit code; for what changes the whole process. */
static inline int scratch_in_child(int (*body)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif
