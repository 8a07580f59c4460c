// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_merge - Two tar streams become the layers of a view, and its index is written
 *
 * Where the second begins is in the input's second byte, in blocks.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "image/archive.h"
#include "image/erofs.h"
#include "image/merge.h"
#include "image/tree.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/tar.h"

static int give(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct merge_source *source = *(struct merge_source **)arg;
	static struct merge_source end;

	(void)err;
	*data = source->data;
	*len = source->size;
	*(struct merge_source **)arg = &end;
	return 0;
}

static bool add_layer(struct merge *merge, struct merge_source *source)
{
	struct merge_source *next = source;
	struct archive_tar *tar = NULL;
	struct error err;
	int r = archive_tar_new(give, &next, &tar, &err);

	if (r == 0)
		r = merge_layer(merge, tar, source, &err);
	archive_tar_free(tar);
	return r == 0;
}

static void write_index(struct merge *merge, uint64_t size)
{
	const struct erofs_plan plan = { merge_finish(merge), 9, &size, 1 };
	struct error err;
	int fd = memfd_create("index", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	(void)erofs_write(&plan, fd, &err);
	(void)close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_budget budget = { 1 << 24, 1 << 24, 1 << 24, 1 << 12 };
	struct merge *merge;
	unsigned char *tar;
	size_t split;

	if (size < 2)
		return 0;
	split = (size_t)data[1] * 512 < size - 2 ? (size_t)data[1] * 512 : size - 2;
	tar = fuzz_copy(data + 2, size - 2);
	if (!(data[0] & 1)) {
		tar_put_checksums_right(tar, split);
		tar_put_checksums_right(tar + split, size - 2 - split);
	}
	merge = merge_new(&budget);
	if (add_layer(merge, &(struct merge_source){ tar, split, 1, 0, NULL }) &&
	    add_layer(merge,
		      &(struct merge_source){ tar + split, size - 2 - split, 1, split, NULL }))
		write_index(merge, size - 2);
	merge_free(merge);
	free(tar);
	return 0;
}
