// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/image/test_view_store.c - Which images are used by an index, and where their layers are
 */
#include "image/view_store.h"

#include <errno.h>
#include <stdio.h>

#include "image/layer_write.h"
#include "tests/unit/scratch.h"

struct fixture {
	struct image_store store;
	struct digest diff_ids[2], chain;
	struct image_config config;
};

static void setup(const struct scratch *s, struct fixture *f)
{
	struct error err;

	*f = (struct fixture){ .store.fd = -1 };
	assert_int_equal(image_store_open(s->fd, &f->store, &err), 0);
	digest_of_buffer("lower", 5, &f->diff_ids[0]);
	digest_of_buffer("upper", 5, &f->diff_ids[1]);
	digest_chain(NULL, &f->diff_ids[0], &f->chain);
	digest_chain(&f->chain, &f->diff_ids[1], &f->chain);
	f->config.diff_ids = f->diff_ids;
	f->config.n_diff_ids = 2;
}

static void make_layer(const struct fixture *f, const char *key)
{
	char path[192];

	snprintf(path, sizeof(path), "layer/%s", key);
	assert_int_equal(mkdirat(f->store.fd, path, 0755), 0);
}

static void an_image_of_no_layers_needs_no_index(void **state)
{
	char key[STORE_KEY_MAX];
	struct fixture f;

	setup(*state, &f);
	f.config.n_diff_ids = 0;
	assert_false(view_store_has(&f.store, &f.config, key));
	image_store_close(&f.store);
}

static void the_index_counts_where_a_layer_is_not_unpacked(void **state)
{
	char key[STORE_KEY_MAX], wanted[STORE_KEY_MAX];
	struct fixture f;

	setup(*state, &f);
	assert_false(view_store_has(&f.store, &f.config, key));
	view_store_key(&f.chain, wanted);
	make_layer(&f, wanted);
	assert_true(view_store_has(&f.store, &f.config, key));
	assert_string_equal(key, wanted);
	make_layer(&f, f.diff_ids[1].hex);
	assert_true(view_store_has(&f.store, &f.config, key));
	make_layer(&f, f.diff_ids[0].hex);
	assert_false(view_store_has(&f.store, &f.config, key));
	image_store_close(&f.store);
}

static void an_index_of_fewer_layers_is_another(void **state)
{
	char key[STORE_KEY_MAX], wanted[STORE_KEY_MAX];
	struct fixture f;

	setup(*state, &f);
	view_store_key(&f.chain, wanted);
	make_layer(&f, wanted);
	f.config.n_diff_ids = 1;
	assert_false(view_store_has(&f.store, &f.config, key));
	image_store_close(&f.store);
}

static void a_layer_is_found_by_its_diff_id(void **state)
{
	const struct scratch *s = *state;
	struct layer_blob blob;
	struct fixture f;
	char path[192];

	setup(s, &f);
	assert_int_equal(view_store_open_layer(&f.store, &f.diff_ids[0]), -ENOENT);
	assert_false(view_store_take_layer(&f.store, &f.diff_ids[0], &blob));
	snprintf(path, sizeof(path), "images/blobs/sha256/%s", f.diff_ids[0].hex);
	scratch_put(s, path, "lower", 5);
	assert_true(view_store_take_layer(&f.store, &f.diff_ids[0], &blob));
	assert_int_equal(blob.size, 5);
	assert_true(digest_equal(&blob.blob, &f.diff_ids[0]));
	assert_true(blob.fd >= 0);
	close(blob.fd);
	image_store_close(&f.store);
}

static void opening_gives_the_index_then_the_layers(void **state)
{
	const struct scratch *s = *state;
	char key[STORE_KEY_MAX], path[192];
	int *fds = NULL;
	size_t n = 0;
	struct error err;
	struct fixture f;

	setup(s, &f);
	view_store_key(&f.chain, key);
	make_layer(&f, key);
	snprintf(path, sizeof(path), "images/layer/%s/index", key);
	scratch_put(s, path, "i", 1);
	snprintf(path, sizeof(path), "images/blobs/sha256/%s", f.diff_ids[0].hex);
	scratch_put(s, path, "lower", 5);
	assert_int_equal(view_store_open(&f.store, key, &f.config, &fds, &n, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "layer 2 of 2"));
	assert_int_equal(n, 2);
	while (n)
		close(fds[--n]);
	free(fds);
	image_store_close(&f.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(an_image_of_no_layers_needs_no_index),
		scratch_test(the_index_counts_where_a_layer_is_not_unpacked),
		scratch_test(an_index_of_fewer_layers_is_another),
		scratch_test(a_layer_is_found_by_its_diff_id),
		scratch_test(opening_gives_the_index_then_the_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
