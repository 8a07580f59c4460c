// SPDX-License-Identifier: Apache-2.0
/*
 * Layers merged in memory: what they show is what an overlay of them would
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/erofs.h"
#include "image/merge.h"
#include "image/tree.h"
#include "tests/unit/image/tarball.h"

struct fixture {
	struct tree_budget budget;
	struct merge *merge;
	struct str layers[16]; /* results point into them */
	size_t n;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->budget = (struct tree_budget){ 1 << 30, 1 << 30, 0, 1 << 12 };
	f->merge = merge_new(&f->budget);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	merge_free(f->merge);
	for (size_t i = 0; i < f->n; i++)
		str_done(&f->layers[i]);
	free(f);
	return 0;
}

struct piece {
	const unsigned char *data;
	size_t size;
};

static int give(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct piece *p = arg;

	(void)err;
	*data = p->data;
	*len = p->size;
	p->size = 0;
	return 0;
}

/* The next layer, which begins at byte 1024 of its device. */
static int add_layer(struct fixture *f, struct str *tar)
{
	struct str *own = &f->layers[f->n++];
	struct merge_source source = { .device = (unsigned int)f->n, .offset = 1024 };
	struct archive_tar *reader = NULL;
	struct piece piece;
	struct error err;
	int r;

	tarball_end(tar);
	*own = *tar;
	*tar = (struct str){ 0 };
	source.data = (const unsigned char *)own->data;
	source.size = own->len;
	piece = (struct piece){ source.data, source.size };
	assert_int_equal(archive_tar_new(give, &piece, &reader, &err), 0);
	r = merge_layer(f->merge, reader, &source, &err);
	archive_tar_free(reader);
	return r;
}

/* A file by path, or NULL. */
static const struct erofs_inode *look_up(struct fixture *f, const char *path)
{
	const struct erofs_node *node = merge_finish(f->merge);

	while (node && *path) {
		size_t len = strcspn(path, "/");
		const struct erofs_node *c = node->children;

		while (c && (strncmp(c->name, path, len) != 0 || c->name[len]))
			c = c->next;
		node = c;
		path += len + (path[len] == '/');
	}
	return node ? node->inode : NULL;
}

static void contents_lie_where_the_archive_has_them(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "first", NULL, "1234", 4);
	tarball_add(&tar, '0', "second", NULL, "567", 3);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_int_equal(look_up(f, "first")->offset, 1024 + 512);
	assert_int_equal(look_up(f, "second")->offset, 1024 + 3 * 512);
	assert_int_equal(look_up(f, "second")->size, 3);
	assert_int_equal(look_up(f, "second")->device, 1);
	assert_int_equal(merge_bytes(f->merge), 7);
}

static void whiteouts_act_on_layers_below_only(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "dir/old", NULL, "x", 1);
	tarball_add(&tar, '0', "gone", NULL, "x", 1);
	assert_int_equal(add_layer(f, &tar), 0);
	tarball_add(&tar, '0', ".wh.gone", NULL, NULL, 0);
	tarball_add(&tar, '0', ".wh.never", NULL, NULL, 0);
	tarball_add(&tar, '0', "dir/new", NULL, "x", 1);
	tarball_add(&tar, '0', "dir/.wh.new", NULL, NULL, 0);
	tarball_add(&tar, '0', "dir/.wh..wh..opq", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_null(look_up(f, "gone"));
	assert_null(look_up(f, "never"));
	assert_null(look_up(f, "dir/old"));
	assert_non_null(look_up(f, "dir/new"));
}

static void whiteout_and_directory_of_one_name_are_an_opaque_one(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	for (int first = 0; first < 2; first++) {
		const char *name = first ? "a" : "b";
		autofree char *old = xasprintf("%s/old", name), *wh = xasprintf(".wh.%s", name);

		tarball_add(&tar, '0', old, NULL, "x", 1);
		assert_int_equal(add_layer(f, &tar), 0);
		if (first)
			tarball_add(&tar, '0', wh, NULL, NULL, 0);
		tarball_add(&tar, '5', name, NULL, NULL, 0);
		if (!first)
			tarball_add(&tar, '0', wh, NULL, NULL, 0);
		assert_int_equal(add_layer(f, &tar), 0);
		assert_non_null(look_up(f, name));
		assert_null(look_up(f, old));
	}
}

static void directories_merge_and_files_replace(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "both/a", NULL, "x", 1);
	tarball_add(&tar, '0', "dir/below", NULL, "x", 1);
	tarball_add(&tar, '0', "file", NULL, "x", 1);
	assert_int_equal(add_layer(f, &tar), 0);
	tarball_add(&tar, '0', "both/b", NULL, "x", 1);
	tarball_add(&tar, '0', "dir", NULL, "yy", 2);
	tarball_add(&tar, '5', "file", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	tarball_add(&tar, '5', "dir", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_non_null(look_up(f, "both/a"));
	assert_non_null(look_up(f, "both/b"));
	assert_true(S_ISDIR(look_up(f, "dir")->mode));
	assert_null(look_up(f, "dir/below"));
	assert_true(S_ISDIR(look_up(f, "file")->mode));
}

static void implied_directories_show_metadata_from_below(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '5', "known", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	tarball_add(&tar, '0', "known/x", NULL, NULL, 0);
	tarball_add(&tar, '0', "unknown/x", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_int_equal(look_up(f, "known")->mtime.tv_sec, 1000000000);
	assert_int_equal(look_up(f, "unknown")->mtime.tv_sec, 0);
	assert_int_equal(look_up(f, "unknown")->mode, S_IFDIR | 0755);
}

static void hard_links_are_one_inode_and_survive_their_target(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "a", NULL, "x", 1);
	tarball_add(&tar, '1', "b", "a", NULL, 0);
	tarball_add(&tar, '1', "c", "./b", NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	tarball_add(&tar, '0', ".wh.a", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_null(look_up(f, "a"));
	assert_ptr_equal(look_up(f, "b"), look_up(f, "c"));
	assert_int_equal(look_up(f, "b")->size, 1);
}

static void the_last_of_several_entries_counts(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "a", NULL, "x", 1);
	tarball_add(&tar, '2', "a", "target", NULL, 0);
	tarball_add(&tar, '0', "d/x", NULL, "x", 1);
	tarball_add(&tar, '0', "d", NULL, "x", 1);
	tarball_add(&tar, '5', "e", NULL, NULL, 0);
	tarball_add(&tar, '0', "e/x", NULL, NULL, 0);
	tarball_add(&tar, '5', "e", NULL, NULL, 0);
	assert_int_equal(add_layer(f, &tar), 0);
	assert_string_equal(look_up(f, "a")->target, "target");
	assert_true(S_ISREG(look_up(f, "d")->mode));
	assert_non_null(look_up(f, "e/x"));
}

static void refused(void **state, char type, const char *name, const char *link, const char *data)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '5', "dir", NULL, NULL, 0);
	tarball_add(&tar, '2', "dir/link", "..", NULL, 0);
	tarball_add(&tar, type, name, link, data, data ? strlen(data) : 0);
	assert_int_equal(add_layer(f, &tar), -ENOTSUP);
}

static void what_is_for_the_unpacker_is_refused(void **state)
{
	refused(state, '0', "../out", NULL, "x");
	refused(state, '0', "dir/link/x", NULL, "x");
	refused(state, '1', "hard", "nowhere", NULL);
	refused(state, '1', "hard", "dir", NULL);
	refused(state, '2', "soft", "", NULL);
	refused(state, '3', "null", NULL, NULL);
	refused(state, '0', ".wh.", NULL, NULL);
	refused(state, '0', ".wh.x/y", NULL, NULL);
}

static int add_with_pax(struct fixture *f, const char *key, const char *value)
{
	struct str tar = { 0 };

	tarball_add_pax(&tar, key, value);
	tarball_add(&tar, '0', "a", NULL, "x", 1);
	return add_layer(f, &tar);
}

/* What no file system takes when it is unpacked has to look no better from a view. */
static void attributes_and_paths_that_may_be_none_are_refused(void **state)
{
	struct fixture *f = *state;
	char name[256 + sizeof("SCHILY.xattr.")] = "SCHILY.xattr.user.", path[4097];

	memset(name + strlen(name), 'n', 256 - strlen("user."));
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 50 ? 'd' : '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(add_with_pax(f, name, "v"), -ENOTSUP);
	name[strlen(name) - 1] = '\0';
	assert_int_equal(add_with_pax(f, name, "v"), 0);
	assert_int_equal(add_with_pax(f, "SCHILY.xattr.user.", "v"), -ENOTSUP);
	assert_int_equal(add_with_pax(f, "SCHILY.xattr.security.capability", "v"), -ENOTSUP);
	assert_int_equal(add_with_pax(f, "path", path), 0); /* 4095 without the first slash */
	path[0] = 'd';
	assert_int_equal(add_with_pax(f, "path", path), -ENOTSUP);
}

static void what_lies_behind_a_file_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct str tar = { 0 };

	tarball_add(&tar, '0', "a", NULL, "x", 1);
	tar.data[512 + 100] = 'y';
	assert_int_equal(add_layer(f, &tar), -ENOTSUP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(contents_lie_where_the_archive_has_them),
		TEST(whiteouts_act_on_layers_below_only),
		TEST(whiteout_and_directory_of_one_name_are_an_opaque_one),
		TEST(directories_merge_and_files_replace),
		TEST(implied_directories_show_metadata_from_below),
		TEST(hard_links_are_one_inode_and_survive_their_target),
		TEST(the_last_of_several_entries_counts),
		TEST(what_is_for_the_unpacker_is_refused),
		TEST(attributes_and_paths_that_may_be_none_are_refused),
		TEST(what_lies_behind_a_file_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
