// SPDX-License-Identifier: Apache-2.0
/*
 * EROFS: what is written is what erofs-utils read. These know blocks of a page
 * only; tests/integration/view.sh has the kernel read those of 512 bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/erofs.h"

#define BLOCK 4096U

static char dir[64];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_erofs.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree_at(AT_FDCWD, dir);
}

/* A directory with everything in it; grows by add(). */
struct tree {
	struct erofs_node nodes[4096];
	struct erofs_inode inodes[4096];
	char names[4096][16];
	size_t n;
};

static struct erofs_node *add(struct tree *t, struct erofs_node *parent, const char *name,
			      mode_t mode)
{
	struct erofs_node *node = &t->nodes[t->n];

	node->name = name;
	node->inode = &t->inodes[t->n++];
	node->inode->mode = mode;
	node->inode->mtime.tv_sec = 1000000000;
	if (parent) {
		node->next = parent->children;
		parent->children = node;
	}
	return node;
}

static struct erofs_node *add_file(struct tree *t, struct erofs_node *parent, const char *name,
				   uint64_t offset, uint64_t size)
{
	struct erofs_node *node = add(t, parent, name, S_IFREG | 0644);

	node->inode->device = 1;
	node->inode->offset = offset;
	node->inode->size = size;
	return node;
}

static int write_tree(struct tree *t, uint64_t device_bytes, const char *path, struct error *err)
{
	const struct erofs_plan plan = {
		.root = &t->nodes[0],
		.block_bits = 12,
		.device_bytes = &device_bytes,
		.n_devices = 1,
	};
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return erofs_write(&plan, fd, err);
}

/* The end of a program, its output thrown away. */
static int run(const char *program, const char *a, const char *b, const char *c)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execlp(program, program, a, b, c, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_device(const char *path)
{
	autofree char *data = xcalloc(1, 4 * BLOCK);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	memset(data + BLOCK, 'a', BLOCK + 10);
	memcpy(data + 3 * BLOCK, "hello\n", 6);
	assert_int_equal(file_write_fd(fd, data, 4 * BLOCK), 0);
}

static void fill(struct tree *t)
{
	static char target[3000];
	static struct erofs_xattr caps = { "security.capability", "12345678901234567890", 20,
					   NULL };
	static struct erofs_xattr note = { "user.note", "text", 4, &caps };
	struct erofs_node *root = add(t, NULL, "", S_IFDIR | 0755), *bin, *many, *node;

	bin = add(t, root, "bin", S_IFDIR | S_ISGID | 0750);
	add_file(t, bin, "large", BLOCK, BLOCK + 10)->inode->xattrs = &note;
	node = add_file(t, bin, "tool", (uint64_t)3 * BLOCK, 6);
	node->inode->uid = 70000;
	add(t, root, "-before-the-dots", S_IFREG)->inode = node->inode;
	add(t, root, "\xff\xfe", S_IFREG | 0600);
	add(t, root, "link", S_IFLNK | 0777)->inode->target = "bin/tool";
	memset(target, 'x', sizeof(target) - 1);
	add(t, root, "long", S_IFLNK | 0777)->inode->target = target;
	node = add(t, root, "null", S_IFCHR | 0666);
	node->inode->major = 1;
	node->inode->minor = 3;
	add(t, root, "pipe", S_IFIFO | 0600);
	many = add(t, root, "many", S_IFDIR | 0755);
	for (size_t i = 0; i < 3000; i++) {
		snprintf(t->names[t->n], sizeof(t->names[0]), "%zu", i * 7919 % 3000);
		/* More bytes than are kept in memory before they are written. */
		add(t, many, t->names[t->n], S_IFREG | 0644)->inode->xattrs = &note;
	}
}

static void fsck_finds_nothing_wrong(void **state)
{
	autofree struct tree *t = xcalloc(1, sizeof(*t));
	autofree char *image = xasprintf("%s/image", dir), *device = xasprintf("%s/device", dir);
	autofree char *option = xasprintf("--device=%s", device);
	struct error err;

	(void)state;
	write_device(device);
	fill(t);
	assert_int_equal(write_tree(t, (uint64_t)4 * BLOCK, image, &err), 0);
	assert_int_equal(run("fsck.erofs", option, image, NULL), 0);
}

static void assert_content(const char *path, const char *wanted, size_t len)
{
	autofree char *full = xasprintf("%s/out/%s", dir, path), *data = NULL;
	struct error err;
	size_t n;

	assert_int_equal(file_read_at(AT_FDCWD, full, 1 << 20, &data, &n, &err), 0);
	assert_int_equal(n, len);
	assert_memory_equal(data, wanted, len);
}

static void extracted_files_are_those_of_the_tree(void **state)
{
	autofree struct tree *t = xcalloc(1, sizeof(*t));
	autofree char *image = xasprintf("%s/image", dir),
		      *out = xasprintf("--extract=%s/out", dir);
	autofree char *option = xasprintf("--device=%s/device", dir);
	autofree char *link = xasprintf("%s/out/link", dir), *many = xasprintf("%s/out/many", dir);
	autofree char *bin = xasprintf("%s/out/bin", dir), *large = xcalloc(1, BLOCK + 10);
	struct error err;
	char target[64];
	struct stat st;

	(void)state;
	fill(t);
	t->nodes[0].children->next->next = t->nodes[0].children->next->next->next; /* no device */
	assert_int_equal(write_tree(t, (uint64_t)4 * BLOCK, image, &err), 0);
	assert_int_equal(run("fsck.erofs", option, out, image), 0);
	assert_content("bin/tool", "hello\n", 6);
	assert_content("-before-the-dots", "hello\n", 6);
	assert_content("\xff\xfe", "", 0);
	memset(large, 'a', BLOCK + 10);
	assert_content("bin/large", large, BLOCK + 10);
	assert_int_equal(readlink(link, target, sizeof(target)), 8);
	assert_memory_equal(target, "bin/tool", 8);
	assert_int_equal(stat(bin, &st), 0);
	assert_int_equal(st.st_mtime, 1000000000);
	for (size_t i = 0; i < 3000; i += 100) {
		autofree char *name = xasprintf("%s/%zu", many, i);

		assert_int_equal(stat(name, &st), 0);
	}
}

static void refused(struct tree *t, const char *why)
{
	autofree char *image = xasprintf("%s/image", dir);
	struct error err;

	assert_int_equal(write_tree(t, (uint64_t)4 * BLOCK, image, &err), -ENOTSUP);
	assert_non_null(strstr(err.msg, why));
}

static void what_does_not_fit_is_refused(void **state)
{
	static struct erofs_xattr acl = { "system.posix_acl_access", "x", 1, NULL };
	static char name[257];
	autofree struct tree *t = xcalloc(1, sizeof(*t));
	struct erofs_node *root = add(t, NULL, "", S_IFDIR | 0755), *node;

	(void)state;
	node = add_file(t, root, "odd", 100, 6);
	refused(t, "'odd' does not lie in whole blocks");
	node->inode->offset = 0;
	node->inode->size = 4 * BLOCK + 1;
	refused(t, "does not lie");
	node->inode->offset = UINT64_MAX - BLOCK + 1;
	refused(t, "does not lie");
	node->inode->offset = 0;
	node->inode->size = 1;
	node->inode->device = 2;
	refused(t, "does not lie");
	node->inode->device = 1;
	node->inode->xattrs = &acl;
	refused(t, "has an attribute");
	node->inode->xattrs = NULL;
	memset(name, 'n', 256);
	node->name = name;
	refused(t, "is no name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fsck_finds_nothing_wrong),
		cmocka_unit_test(extracted_files_are_those_of_the_tree),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
