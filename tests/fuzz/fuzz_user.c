// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_user - /etc/passwd and /etc/group of an image, which may hold anything
 *
 * The input is the passwd file, a line of "--", the group file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/user.h"
#include "tests/fuzz/fuzz.h"

static char root[] = "/dev/shm/tare-fuzz.XXXXXX";
static int root_fd;

static void remove_root(void)
{
	(void)file_remove_tree_at(AT_FDCWD, root);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(root))
		abort();
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || mkdirat(root_fd, "etc", 0755) < 0)
		abort();
	atexit(remove_root);
	return 0;
}

static void put(const char *name, const char *text, size_t len)
{
	int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || file_write_fd(fd, text, len) < 0)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const specs[] = { "root",	"app", "app:staff", "1000",
					     "1000:50", "5:x", "" };
	char *text = fuzz_text(data, size), *cut = strstr(text, "\n--\n");
	size_t first = cut ? (size_t)(cut + 1 - text) : size;
	struct strlist groups = { 0 };
	struct user user;
	struct error err;

	put("etc/passwd", text, first);
	put("etc/group", cut ? cut + 4 : "", cut ? size - first - 3 : 0);
	strlist_add(&groups, "staff");
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++)
		(void)user_resolve(root_fd, specs[i], i % 2 ? &groups : &(struct strlist){ 0 },
				   &user, &err);
	free(user_name(root_fd, 1000));
	strlist_done(&groups);
	free(text);
	return 0;
}
