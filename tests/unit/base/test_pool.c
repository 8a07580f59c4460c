// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/base/test_pool.c - Pieces of memory that never overlap and are used again
 */
#include "base/pool.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

#define PIECES 2000

struct owned {
	unsigned char *data;
	size_t size;
	unsigned char mark;
};

static bool is_intact(const struct owned *o)
{
	for (size_t i = 0; i < o->size; i++)
		if (o->data[i] != o->mark)
			return false;
	return true;
}

static void take(struct owned *o, size_t size, unsigned int seed)
{
	*o = (struct owned){ pool_new(size), size, (unsigned char)seed };
	assert_int_equal((uintptr_t)o->data % _Alignof(max_align_t), 0);
	memset(o->data, o->mark, size);
}

static void pieces_in_use_never_overlap(void **state)
{
	static struct owned pieces[PIECES];
	unsigned int random = 7;

	(void)state;
	for (unsigned int round = 0; round < 20 * PIECES; round++) {
		struct owned *o = &pieces[(random = random * 1103515245 + 12345) / 65536 % PIECES];

		if (o->data) {
			assert_true(is_intact(o));
			pool_free(o->data);
			o->data = NULL;
		} else {
			take(o, round % 97 == 0 ? 20000 : random / 65536 % 1200, round);
		}
	}
	pool_trim(); /* some are in use: nothing may happen to them */
	for (size_t i = 0; i < PIECES; i++)
		if (!pieces[i].data)
			take(&pieces[i], random / 65536 % 240, (unsigned int)(i ^ 0x55));
	for (size_t i = 0; i < PIECES; i++) {
		if (pieces[i].data)
			assert_true(is_intact(&pieces[i]));
		pool_free(pieces[i].data);
		pieces[i].data = NULL;
	}
	pool_trim();
	pool_free(NULL);
}

static void sizes_at_every_border_are_whole(void **state)
{
	static struct owned pieces[600];

	(void)state;
	for (size_t size = 0; size < 600; size++)
		take(&pieces[size], size, (unsigned int)size);
	for (size_t size = 0; size < 600; size++)
		assert_true(is_intact(&pieces[size]));
	for (size_t size = 0; size < 600; size++)
		pool_free(pieces[size].data);
	pool_trim();
}

static void trimming_is_safe_at_any_time(void **state)
{
	struct owned kept;

	(void)state;
	pool_trim();
	pool_trim();
	take(&kept, 40, 3);
	pool_trim();
	assert_true(is_intact(&kept));
	pool_free(kept.data);
	pool_trim();
	take(&kept, 40, 4);
	assert_true(is_intact(&kept));
	pool_free(kept.data);
}

#ifndef __SANITIZE_ADDRESS__
static void trimming_gives_the_memory_back(void **state)
{
	static void *pieces[PIECES];
	const size_t before = mallinfo2().uordblks;

	(void)state;
	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = pool_new(100);
	assert_true(mallinfo2().uordblks > before);
	for (size_t i = 0; i < PIECES; i++)
		pool_free(pieces[i]);
	pool_trim();
	assert_true(mallinfo2().uordblks <= before);
}

static void what_was_given_back_is_used_again(void **state)
{
	void *first = pool_new(48), *second;

	(void)state;
	pool_free(first);
	second = pool_new(40); /* of the same kind */
	assert_ptr_equal(first, second);
	pool_free(second);
}
#endif

/* --- what it is for --- */

static struct json *make_document(int seed)
{
	struct json *map = json_new_map(), *list = json_new_list();
	struct str big = { 0 };

	for (int i = 0; i < 20; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key %d of %d", i, seed);
		json_set_int(map, key, seed * 1000 + i);
		json_add_text(list, key);
	}
	for (int i = 0; i < 300 + seed % 7 * 5000; i++)
		str_putc(&big, (char)('a' + i % 26));
	json_set_text(map, "big", big.data);
	json_set(map, "list", list);
	str_done(&big);
	return map;
}

static void many_documents_live_side_by_side(void **state)
{
	enum { DOCUMENTS = 200 };
	struct json *docs[DOCUMENTS];
	char *texts[DOCUMENTS];

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		docs[i] = make_document(i);
		texts[i] = json_print(docs[i]);
	}
	for (int round = 0; round < 3; round++) {
		for (int i = round; i < DOCUMENTS; i += 3) {
			struct error err;

			json_free(docs[i]);
			docs[i] = json_parse(texts[i], strlen(texts[i]), &err);
			assert_non_null(docs[i]);
		}
	}
	for (int i = 0; i < DOCUMENTS; i++) {
		char *again = json_print(docs[i]);

		assert_string_equal(again, texts[i]);
		free(again);
		free(texts[i]);
		json_free(docs[i]);
	}
	pool_trim();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_use_never_overlap),
		cmocka_unit_test(sizes_at_every_border_are_whole),
		cmocka_unit_test(trimming_is_safe_at_any_time),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(what_was_given_back_is_used_again),
		cmocka_unit_test(trimming_gives_the_memory_back),
#endif
		cmocka_unit_test(many_documents_live_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
