// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_outer - An image archive as a file: its members, and what it plans to load
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "image/outer.h"
#include "image/plan.h"
#include "image/source.h"
#include "tests/fuzz/fuzz.h"

static void check_members(int fd, size_t size)
{
	struct outer_index index = { 0 };
	struct error err;

	if (outer_index_read(fd, 0, size, &index, &err) < 0) {
		outer_index_done(&index);
		return;
	}
	for (size_t i = 0; i < index.n; i++) {
		const struct outer_entry *e = &index.entries[i];

		if (e->kind == OUTER_FILE && (e->offset > size || e->size > size - e->offset))
			abort(); /* beyond the end of the archive */
		if (*e->name == '/' || strstr(e->name, "../"))
			abort();
	}
	outer_index_done(&index);
}

static void check_plan(int fd)
{
	const struct source_limits limits = { .min_bytes = 1 << 20, .ratio = 10 };
	struct plan_platform platform;
	struct source *source;
	struct error err;
	struct plan plan = { 0 };

	if (source_open(fd, AT_FDCWD, &limits, &source, &err) < 0)
		return;
	plan_this_machine(&platform);
	(void)plan_read(source, &platform, &plan, &err);
	plan_done(&plan);
	source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	check_members(fd, size);
	(void)lseek(fd, 0, SEEK_SET);
	check_plan(fd);
	close(fd);
	return 0;
}
