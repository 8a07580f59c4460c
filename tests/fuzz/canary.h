/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canary.h - A scratch directory for a layer, beside files that it must not reach
 *
 *	SCRATCH/canary/{file,dir/file}	what nobody may change
 *	SCRATCH/layer/			where the layer goes; anew for each input
 *
 * In the layer lie, from the beginning, links to the canary and a tree for
 * whiteouts to remove.
 */
#ifndef TESTS_FUZZ_CANARY_H
#define TESTS_FUZZ_CANARY_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "image/archive.h"
#include "image/layer.h"
#include "image/tree.h"

#define CANARY_BUDGET (1 << 20)

static char canary_scratch[64];
static int canary_fd; /* of the scratch */
static struct stat canary_seen[4];
static const char *const canary_names[] = { "canary", "canary/file", "canary/dir",
					    "canary/dir/file" };

static void canary_remove(void)
{
	(void)file_remove_tree_at(AT_FDCWD, canary_scratch);
}

static void canary_set_up(void)
{
	const char *parent = getenv("TMPDIR");

	umask(0);
	snprintf(canary_scratch, sizeof(canary_scratch), "%s/tare-fuzz.XXXXXX",
		 parent ? parent : "/dev/shm");
	if (!mkdtemp(canary_scratch))
		abort();
	canary_fd = open(canary_scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (canary_fd < 0 || mkdirat(canary_fd, "canary", 0755) < 0 ||
	    mkdirat(canary_fd, "canary/dir", 0755) < 0)
		abort();
	for (size_t i = 1; i < 4; i += 2) {
		int fd = openat(canary_fd, canary_names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0 || write(fd, "canary", 6) != 6)
			abort();
		close(fd);
	}
	for (size_t i = 0; i < 4; i++)
		if (fstatat(canary_fd, canary_names[i], &canary_seen[i], AT_SYMLINK_NOFOLLOW) < 0)
			abort();
	atexit(canary_remove);
}

/* Alive means: same file, same content, same times, same number of names. */
static void canary_check(void)
{
	for (size_t i = 0; i < 4; i++) {
		const struct stat *was = &canary_seen[i];
		struct stat st;

		if (fstatat(canary_fd, canary_names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_ino != was->st_ino || st.st_mode != was->st_mode ||
		    st.st_uid != was->st_uid || st.st_nlink != was->st_nlink ||
		    st.st_size != was->st_size || st.st_mtim.tv_nsec != was->st_mtim.tv_nsec ||
		    st.st_ctim.tv_nsec != was->st_ctim.tv_nsec) {
			fprintf(stderr, "the canary is dead: '%s'\n", canary_names[i]);
			abort();
		}
	}
}

static int canary_new_layer(void)
{
	char absolute[96];
	int fd;

	(void)file_remove_tree_at(canary_fd, "layer");
	snprintf(absolute, sizeof(absolute), "%s/canary", canary_scratch);
	if (mkdirat(canary_fd, "layer", TREE_DIR_MODE) < 0)
		abort();
	fd = openat(canary_fd, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || symlinkat("../canary", fd, "up") < 0 || symlinkat(absolute, fd, "abs") < 0 ||
	    symlinkat("../canary/file", fd, "upfile") < 0 || mkdirat(fd, "dir", 0755) < 0 ||
	    mkdirat(fd, "dir/sub", 0755) < 0 || symlinkat("../../canary", fd, "dir/up") < 0)
		abort();
	return fd;
}

struct canary_input {
	const unsigned char *data;
	size_t len;
};

static int canary_fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct canary_input *in = arg;
	size_t n = in->len < 4096 ? in->len : 4096; /* so that entries cross pieces */

	(void)err;
	*data = in->data;
	*len = n;
	in->data += n;
	in->len -= n;
	return 0;
}

/* Apply a tar stream as a layer, and see that nothing beside the layer was touched. */
static void canary_apply(const unsigned char *data, size_t len)
{
	struct tree_budget budget = { CANARY_BUDGET, CANARY_BUDGET, CANARY_BUDGET, CANARY_BUDGET };
	struct canary_input in = { data, len };
	struct layer_result result = { 0 };
	struct tree_rights rights;
	struct archive_tar *tar;
	struct error err = { 0 };
	int fd = canary_new_layer();

	if (tree_probe(fd, &rights, &err) < 0)
		abort();
	if (archive_tar_new(canary_fill, &in, &tar, &err) == 0) {
		(void)layer_apply(tar, fd, &rights, &budget, &result, &err);
		archive_tar_free(tar);
	}
	layer_result_done(&result);
	close(fd);
	canary_check();
}

#endif
