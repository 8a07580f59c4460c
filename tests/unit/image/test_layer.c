// SPDX-License-Identifier: Apache-2.0
/*
 * test_layer - Entries become files of their names, and act on nothing else
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/layer.h"
#include "image/tree.h"
#include "image/whiteout.h"
#include "tests/unit/image/tarball.h"

struct fixture {
	char path[64];
	int dir; /* the layer goes to PATH/layer */
	int layer;
	struct str tar;
	size_t read;
	struct error err;
	struct layer_result result;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	umask(0);
	snprintf(f->path, sizeof(f->path), "/tmp/tare-test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->layer = file_open_dir(f->dir, "layer", TREE_DIR_MODE, &f->err);
	assert_true(f->layer >= 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	layer_result_done(&f->result);
	str_done(&f->tar);
	close(f->layer);
	close(f->dir);
	file_remove_tree_at(AT_FDCWD, f->path);
	free(f);
	return 0;
}

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct fixture *f = arg;

	(void)err;
	*data = (const unsigned char *)f->tar.data + f->read;
	*len = f->tar.len - f->read;
	f->read = f->tar.len;
	return 0;
}

static int apply_within(struct fixture *f, uint64_t limit)
{
	struct tree_budget budget = { limit, limit, limit, limit };
	struct tree_rights rights;
	struct archive_tar *tar;
	int r;

	tarball_end(&f->tar);
	assert_int_equal(tree_probe(f->layer, &rights, &f->err), 0);
	r = archive_tar_new(fill, f, &tar, &f->err);
	if (r < 0)
		return r;
	r = layer_apply(tar, f->layer, &rights, &budget, &f->result, &f->err);
	archive_tar_free(tar);
	return r;
}

static int apply(struct fixture *f)
{
	return apply_within(f, 1 << 20);
}

static void add(struct fixture *f, char type, const char *name, const char *link)
{
	tarball_add(&f->tar, type, name, link, "data", type == '0' ? 4 : 0);
}

static bool is_there(const struct fixture *f, const char *name)
{
	return faccessat(f->layer, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void names_survive_byte_for_byte(void **state)
{
	static const char *const names[] = {
		"caf\xc3\xa9",		 "cafe\xcc\x81", "bad\xff\xfe\x80",
		"\xed\xa0\x80surrogate", "tab\there",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char ustar[64];

		tarball_add_pax(&f->tar, "path", names[i]);
		add(f, '0', "placeholder", NULL);
		snprintf(ustar, sizeof(ustar), "u-%s", names[i]);
		add(f, '0', ustar, NULL);
	}
	assert_int_equal(apply(f), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char ustar[64];

		snprintf(ustar, sizeof(ustar), "u-%s", names[i]);
		assert_true(is_there(f, names[i]));
		assert_true(is_there(f, ustar));
	}
	assert_false(is_there(f, "placeholder"));
}

static void link_targets_survive_byte_for_byte(void **state)
{
	struct fixture *f = *state;
	char target[64] = "";

	tarball_add_pax(&f->tar, "linkpath", "caf\xc3\xa9\xff");
	add(f, '2', "l", "placeholder");
	assert_int_equal(apply(f), 0);
	assert_true(readlinkat(f->layer, "l", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "caf\xc3\xa9\xff");
}

static void directories_have_the_time_of_their_entry(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	add(f, '5', "d", NULL);
	add(f, '0', "d/later", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(fstatat(f->layer, "d", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(f->result.implied.n, 0);
}

static void directories_that_are_not_carried_are_reported(void **state)
{
	struct fixture *f = *state;

	add(f, '0', "a/b/c", NULL);
	add(f, '5', "a", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->result.implied.n, 1);
	assert_string_equal(f->result.implied.items[0], "a/b");
}

static void an_uncarried_root_has_time_zero(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	add(f, '0', "a", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(fstat(f->layer, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 0);
}

static void hard_links_share_an_inode(void **state)
{
	struct fixture *f = *state;
	struct stat a, b;

	add(f, '0', "d/a", NULL);
	add(f, '1', "b", "d/a");
	assert_int_equal(apply(f), 0);
	assert_int_equal(fstatat(f->layer, "d/a", &a, 0), 0);
	assert_int_equal(fstatat(f->layer, "b", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void entries_that_lead_out_are_refused(void **state)
{
	static const struct {
		const char *first, *target, *second;
		char type;
	} cases[] = {
		{ NULL, NULL, "../canary", '0' },    { NULL, NULL, "a/../../canary", '0' },
		{ "l", "..", "l/canary", '0' },	     { "l", "/tmp", "l/canary", '0' },
		{ "l", "a/../..", "l/canary", '0' }, { "l", "..", "l/canary", '5' },
		{ "l", "..", "l/d/canary", '2' },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		str_done(&f->tar);
		f->read = 0;
		layer_result_done(&f->result);
		if (cases[i].first)
			add(f, '2', cases[i].first, cases[i].target);
		add(f, cases[i].type, cases[i].second, "x");
		assert_int_equal(apply(f), -EBADMSG);
		assert_int_equal(faccessat(f->dir, "canary", F_OK, 0), -1);
	}
}

static void an_entry_may_lie_beyond_a_link_to_a_directory(void **state)
{
	struct fixture *f = *state;

	add(f, '2', "lib", "usr/./x/../lib/");
	add(f, '5', "usr/lib", NULL);
	add(f, '0', "lib/a", NULL);
	add(f, '2', "usr/lib/up", "../..");
	add(f, '0', "lib/up/lib/d/b", NULL); /* the root's lib, which is a link itself */
	add(f, '0', "lib/.wh.c", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(faccessat(f->layer, "usr/lib/a", F_OK, 0), 0);
	assert_int_equal(faccessat(f->layer, "usr/lib/d/b", F_OK, 0), 0);
	assert_int_equal(faccessat(f->layer, "usr/x", F_OK, 0), -1);
}

static void links_that_nobody_may_follow_are_refused(void **state)
{
	static const char *const targets[] = { "l", "m", "/d", ".wh.d", "../d", "f", "d/../../d" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		str_done(&f->tar);
		f->read = 0;
		layer_result_done(&f->result);
		add(f, '5', "d", NULL);
		add(f, '0', "f", "x");
		add(f, '2', "m", "l");
		add(f, '2', "l", targets[i]);
		add(f, '0', "l/x", "x");
		assert_int_equal(apply(f), -EBADMSG);
	}
}

static ssize_t attribute_of(const struct fixture *f, const char *dir, const char *name)
{
	autoclose int fd = openat(f->layer, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fgetxattr(fd, name, NULL, 0);
}

static void what_overlayfs_would_obey_is_dropped(void **state)
{
	static const char *const dropped[] = { "user.overlay.redirect", "user.overlay.opaque",
					       "trusted.overlay.opaque", "security.selinux" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++) {
		autofree char *key = xasprintf("SCHILY.xattr.%s", dropped[i]);

		tarball_add_pax(&f->tar, key, "y");
		add(f, '5', dropped[i], NULL);
	}
	tarball_add_pax(&f->tar, "SCHILY.xattr.user.kept", "y");
	add(f, '5', "kept", NULL);
	assert_int_equal(apply(f), 0);
	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++)
		assert_int_equal(attribute_of(f, dropped[i], dropped[i]), -1);
	if (attribute_of(f, "kept", "user.kept") < 0 && errno == EOPNOTSUPP)
		skip();
	assert_int_equal(attribute_of(f, "kept", "user.kept"), 1);
}

static void what_is_replaced_takes_no_space(void **state)
{
	struct fixture *f = *state;

	add(f, '0', "a", NULL);
	add(f, '0', "d/b", NULL);
	add(f, '0', "a", NULL);
	add(f, '0', "d", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->result.size, 8);
}

static void what_is_below_a_directory_goes_with_it(void **state)
{
	struct fixture *f = *state;

	add(f, '0', "a/b/x", NULL);
	add(f, '0', "a", NULL);
	add(f, '5', "a", NULL);
	add(f, '0', "a/b/y", NULL);
	assert_int_equal(apply(f), 0);
	assert_false(is_there(f, "a/b/x"));
	assert_true(is_there(f, "a/b/y"));
}

static void directories_on_the_way_count(void **state)
{
	struct fixture *f = *state;
	char path[64] = "x";

	while (strlen(path) < 60)
		strcat(path, "/x");
	add(f, '0', path, NULL);
	assert_int_equal(apply_within(f, (uint64_t)10 * TREE_ENTRY_COST), -EFBIG);
}

static void hard_links_out_are_refused(void **state)
{
	static const char *const targets[] = { "../outside", "l/outside", "." };
	struct fixture *f = *state;

	close(openat(f->dir, "outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		str_done(&f->tar);
		f->read = 0;
		layer_result_done(&f->result);
		add(f, '2', "l", "..");
		add(f, '1', "a", targets[i]);
		assert_int_equal(apply(f), -EBADMSG);
		assert_false(is_there(f, "a"));
	}
}

/* What there is to settle when it is known what lies below: here an empty layer, or none. */
static int settle(struct fixture *f, const int *layers, size_t n)
{
	struct tree_budget budget = { 1 << 20, 1 << 20, 1 << 20, 1 << 20 };
	struct tree_rights rights;
	const struct crosslink_work work = { .layers = layers,
					     .n = n,
					     .rights = &rights,
					     .budget = &budget,
					     .implied = &f->result.implied,
					     .size = &f->result.size };

	assert_int_equal(tree_probe(f->layer, &rights, &f->err), 0);
	return crosslink_settle(&f->result.links, &work, &f->err);
}

static void hard_links_to_what_is_not_there_wait_for_the_layers_below(void **state)
{
	struct fixture *f = *state;
	struct stat a, b;
	int layers[2];

	layers[0] = f->layer;
	layers[1] = file_open_dir(f->dir, "below", TREE_DIR_MODE, &f->err);
	close(openat(layers[1], "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	add(f, '1', "a", "file");
	add(f, '1', "b", "./a");
	add(f, '1', "gone", "/etc/passwd");
	add(f, '0', "gone", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->result.links.n, 3);
	assert_int_equal(settle(f, layers, 2), 0);
	assert_int_equal(fstatat(f->layer, "a", &a, 0), 0);
	assert_int_equal(fstatat(f->layer, "file", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_nlink, 3);
	assert_int_equal(a.st_mode, S_IFREG | 0640);
	close(layers[1]);
}

/* Of a write that is cut short the rest is written, or says why it cannot be. */
static void a_target_that_cannot_be_copied_whole_is_no_success(void **state)
{
	char text[2048] = "";
	struct rlimit before, limit;
	struct fixture *f = *state;
	int layers[2], fd;

	layers[0] = f->layer;
	layers[1] = file_open_dir(f->dir, "below", TREE_DIR_MODE, &f->err);
	fd = openat(layers[1], "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
	add(f, '1', "a", "file");
	assert_int_equal(apply(f), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ sizeof(text) / 2, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(settle(f, layers, 2), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	close(layers[1]);
}

static void hard_links_to_what_is_nowhere_are_refused(void **state)
{
	struct fixture *f = *state;

	add(f, '1', "a", "/etc/passwd");
	assert_int_equal(apply(f), 0);
	assert_int_equal(settle(f, &f->layer, 1), -EBADMSG);
	assert_non_null(strstr(f->err.msg, "entry 'a'"));
}

static void an_opaque_root_hides_what_is_below(void **state)
{
	struct tree_budget budget = { 1 << 20, 1 << 20, 1 << 20, 1 << 20 };
	struct fixture *f = *state;
	struct tree_rights rights;
	struct stat st;
	int layers[2];

	layers[0] = f->layer;
	layers[1] = file_open_dir(f->dir, "below", TREE_DIR_MODE, &f->err);
	close(openat(layers[1], "hidden", O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	close(openat(layers[1], "both", O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	add(f, '0', "both", NULL);
	add(f, '0', ".wh..wh..opq", NULL);
	assert_int_equal(apply(f), 0);
	assert_true(f->result.opaque_root);
	assert_int_equal(tree_probe(f->layer, &rights, &f->err), 0);
	if (rights.root) { /* device nodes */
		assert_int_equal(whiteout_hide_below(layers, 2, &rights, &budget, &f->err), 0);
		assert_true(tree_has_whiteout(f->layer, "hidden"));
		assert_int_equal(fstatat(f->layer, "both", &st, 0), 0);
		assert_int_equal(st.st_size, 4);
	}
	close(layers[1]);
}

static void a_file_that_is_cut_off_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct tree_budget budget = { 1 << 20, 1 << 20, 1 << 20, 1 << 20 };
	struct tree_rights rights;
	struct archive_tar *tar;

	/* Only the padding of the last block may be missing. */
	for (size_t len = 512 + 2; len <= 512 + 4; len += 2) {
		str_done(&f->tar);
		f->read = 0;
		add(f, '0', "a", NULL);
		f->tar.len = len;
		assert_int_equal(tree_probe(f->layer, &rights, &f->err), 0);
		assert_int_equal(archive_tar_new(fill, f, &tar, &f->err), 0);
		assert_int_equal(layer_apply(tar, f->layer, &rights, &budget, &f->result, &f->err),
				 len == 512 + 4 ? 0 : -EBADMSG);
		archive_tar_free(tar);
		layer_result_done(&f->result);
	}
}

static void a_link_is_replaced_not_followed(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	add(f, '2', "a", "../canary");
	add(f, '0', "a", NULL);
	assert_int_equal(apply(f), 0);
	assert_int_equal(fstatat(f->layer, "a", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(faccessat(f->dir, "canary", F_OK, 0), -1);
}

static void a_directory_may_be_replaced_and_come_back(void **state)
{
	struct fixture *f = *state;

	add(f, '5', "d", NULL);
	add(f, '0', "d/old", NULL);
	add(f, '0', "d", NULL);
	add(f, '5', "d", NULL);
	add(f, '0', "d/new", NULL);
	assert_int_equal(apply(f), 0);
	assert_true(is_there(f, "d/new"));
	assert_false(is_there(f, "d/old"));
}

static void the_budget_is_kept(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++) {
		char name[8];

		snprintf(name, sizeof(name), "f%d", i);
		add(f, '0', name, NULL);
	}
	assert_int_equal(apply_within(f, 5 * 4100), -EFBIG);
}

static void a_stream_that_is_no_tar_is_refused(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2048; i++)
		str_putc(&f->tar, 'x');
	assert_int_equal(apply(f), -EBADMSG);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(names_survive_byte_for_byte),
		T(link_targets_survive_byte_for_byte),
		T(directories_have_the_time_of_their_entry),
		T(directories_that_are_not_carried_are_reported),
		T(an_uncarried_root_has_time_zero),
		T(hard_links_share_an_inode),
		T(entries_that_lead_out_are_refused),
		T(what_overlayfs_would_obey_is_dropped),
		T(what_is_replaced_takes_no_space),
		T(what_is_below_a_directory_goes_with_it),
		T(directories_on_the_way_count),
		T(an_entry_may_lie_beyond_a_link_to_a_directory),
		T(links_that_nobody_may_follow_are_refused),
		T(hard_links_out_are_refused),
		T(hard_links_to_what_is_not_there_wait_for_the_layers_below),
		T(a_target_that_cannot_be_copied_whole_is_no_success),
		T(hard_links_to_what_is_nowhere_are_refused),
		T(an_opaque_root_hides_what_is_below),
		T(a_file_that_is_cut_off_is_noticed),
		T(a_link_is_replaced_not_followed),
		T(a_directory_may_be_replaced_and_come_back),
		T(the_budget_is_kept),
		T(a_stream_that_is_no_tar_is_refused),
	};

	return cmocka_run_group_tests_name("image/layer", tests, NULL, NULL);
}
