// SPDX-License-Identifier: Apache-2.0
/*
 * test_catalog - Names belong to one image, and every image has a row
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "image/catalog.h"
#include "image/image.h"
#include "image/store.h"
#include "tests/unit/scratch.h"

static int synchronised;

/* In place of libc's: a test does without power cuts. */
int fdatasync(int fd)
{
	synchronised++;
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct json *make_row(const char *id)
{
	struct json *row = json_new_map(), *annotations = json_new_map();
	char digest[80] = "sha256:";

	memcpy(digest + 7, id, 65);
	json_set_text(annotations, STORE_ANNOTATION_ID, id);
	json_set_text(row, "digest", digest);
	json_set(row, "annotations", annotations);
	return row;
}

static struct json *make_index(void)
{
	struct json *index = json_new_map();

	json_set(index, "manifests", json_new_list());
	return index;
}

static size_t rows_of(const struct json *index, const char *id, const char *name)
{
	autoimagelist struct image_list list = { 0 };
	size_t n = 0;

	catalog_read(index, &list);
	for (size_t i = 0; i < list.n; i++)
		n += (!id || !strcmp(list.items[i].id, id)) &&
		     (!name || !strcmp(list.items[i].name, name));
	return n;
}

static void a_name_moves_and_leaves_its_image_nameless(void **state)
{
	autojson struct json *index = make_index();

	(void)state;
	catalog_put(index, make_row(A), "docker.io/library/x:1");
	catalog_put(index, make_row(B), "docker.io/library/x:1");
	assert_int_equal(rows_of(index, B, "docker.io/library/x:1"), 1);
	assert_int_equal(rows_of(index, A, ""), 1);
	assert_int_equal(rows_of(index, NULL, NULL), 2);
}

static void a_named_image_has_no_nameless_row(void **state)
{
	autojson struct json *index = make_index();

	(void)state;
	catalog_put(index, make_row(A), "");
	catalog_put(index, make_row(A), "docker.io/library/x:1");
	catalog_put(index, make_row(A), "");
	catalog_put(index, make_row(A), "docker.io/library/y:1");
	assert_int_equal(rows_of(index, A, NULL), 2);
	assert_int_equal(rows_of(index, A, ""), 0);
}

static void an_image_without_names_is_there_once(void **state)
{
	autojson struct json *index = make_index();

	(void)state;
	catalog_put(index, make_row(A), "");
	catalog_put(index, make_row(A), "");
	assert_int_equal(rows_of(index, A, ""), 1);
}

static void rows_of_others_are_kept_and_not_shown(void **state)
{
	autojson struct json *index = make_index();
	struct json *foreign = json_new_map();

	(void)state;
	json_set_text(foreign, "digest", "sha256:" A);
	json_add((struct json *)(uintptr_t)json_get(index, "manifests"), foreign);
	catalog_put(index, make_row(B), "");
	assert_int_equal(json_count(json_get(index, "manifests")), 2);
	assert_int_equal(rows_of(index, NULL, NULL), 1);
}

static void look_up_prefers_names_and_wants_unique_ids(void **state)
{
	autojson struct json *index = make_index();
	autoimagelist struct image_list list = { 0 };
	struct error err;
	size_t at;

	(void)state;
	catalog_put(index, make_row(A), "docker.io/library/abb:latest");
	catalog_put(index, make_row(B), "localhost/mine:latest");
	catalog_read(index, &list);
	assert_int_equal(image_lookup(&list, "abb", &at, &err), 0);
	assert_string_equal(list.items[at].id, A);
	assert_int_equal(image_lookup(&list, "abbb", &at, &err), 0);
	assert_string_equal(list.items[at].id, B);
	assert_int_equal(image_lookup(&list, "mine", &at, &err), 0);
	assert_string_equal(list.items[at].id, B);
	assert_int_equal(image_lookup(&list, "sha256:aa", &at, &err), 0);
	assert_string_equal(list.items[at].id, A);
	assert_int_equal(image_lookup(&list, "a", &at, &err), -EEXIST);
	assert_int_equal(image_lookup(&list, "nosuch", &at, &err), -ENOENT);
	assert_int_equal(image_lookup(&list, "mine@sha256:" B, &at, &err), 0);
}

static int add_row(struct json *index, void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	catalog_put(index, make_row(A), "docker.io/library/x:1");
	return 0;
}

static void the_index_is_on_disk_before_it_is_there(void **state)
{
	const struct scratch *s = *state;
	struct image_store store;
	struct error err;

	synchronised = 0;
	assert_int_equal(image_store_open(s->fd, &store, &err), 0);
	assert_int_equal(synchronised, 1);
	assert_int_equal(image_store_edit_index(&store, add_row, NULL, &err), 0);
	assert_int_equal(synchronised, 2);
	image_store_close(&store);
}

static void but_not_where_nothing_is_kept(void **state)
{
	const struct scratch *s = *state;
	struct image_store store;
	struct error err;

	synchronised = 0;
	assert_int_equal(image_store_make_transient(s->fd, &store, &err), 0);
	assert_int_equal(image_store_edit_index(&store, add_row, NULL, &err), 0);
	assert_int_equal(synchronised, 0);
	image_store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_moves_and_leaves_its_image_nameless),
		cmocka_unit_test(a_named_image_has_no_nameless_row),
		cmocka_unit_test(an_image_without_names_is_there_once),
		cmocka_unit_test(rows_of_others_are_kept_and_not_shown),
		cmocka_unit_test(look_up_prefers_names_and_wants_unique_ids),
		scratch_test(the_index_is_on_disk_before_it_is_there),
		scratch_test(but_not_where_nothing_is_kept),
	};

	return cmocka_run_group_tests_name("image/catalog", tests, NULL, NULL);
}
