// SPDX-License-Identifier: Apache-2.0
/*
 * test_digest - Digests are parsed strictly and computed right
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/digest.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void sha256_of_abc_is_that_of_fips_180(void **state)
{
	struct digest d;

	(void)state;
	digest_of_buffer("abc", 3, &d);
	assert_string_equal(d.hex, ABC);
}

static void pieces_give_the_digest_of_the_whole(void **state)
{
	struct digest_hash *h = digest_hash_new(DIGEST_SHA256);
	struct digest d;

	(void)state;
	digest_hash_update(h, "a", 1);
	digest_hash_update(h, "bc", 2);
	digest_hash_finish(h, &d);
	digest_hash_free(h);
	assert_string_equal(d.hex, ABC);
}

static void text_form_survives_a_round_trip(void **state)
{
	char text[DIGEST_TEXT_MAX];
	struct digest d;

	(void)state;
	assert_int_equal(digest_parse("sha256:" ABC, &d), 0);
	digest_format(&d, text);
	assert_string_equal(text, "sha256:" ABC);
}

static void parser_refuses_what_is_no_digest(void **state)
{
	static const char *const bad[] = {
		"",
		"sha256:",
		ABC,
		"sha256:" ABC "0",
		"sha256:../../../../../../../../../../../../../../../../../../../../etc/pas",
		"SHA256:" ABC,
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		"sha512:" ABC,
		"md5:d41d8cd98f00b204e9800998ecf8427e",
		" sha256:" ABC,
		"sha256:" ABC "\n",
	};
	struct digest d = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(digest_parse(bad[i], &d), -EBADMSG);
	assert_int_equal(digest_parse(NULL, &d), -EBADMSG);
	assert_string_equal(d.hex, "");
}

static void sha512_is_parsed_but_is_no_name_in_the_store(void **state)
{
	struct digest d;
	char text[8 + 128] = "sha512:";

	(void)state;
	memset(text + 7, 'a', 128);
	text[7 + 128] = '\0';
	assert_int_equal(digest_parse(text, &d), 0);
	assert_int_equal(digest_parse_sha256(text, &d), -EBADMSG);
}

static void chain_id_of_one_layer_is_its_diff_id(void **state)
{
	struct digest diff, chain;

	(void)state;
	digest_parse("sha256:" ABC, &diff);
	digest_chain(NULL, &diff, &chain);
	assert_true(digest_equal(&diff, &chain));
}

static void chain_id_of_two_is_the_digest_of_both_texts(void **state)
{
	struct digest diff, chain, want;
	const char text[] = "sha256:" ABC " sha256:" ABC;

	(void)state;
	digest_parse("sha256:" ABC, &diff);
	digest_chain(&diff, &diff, &chain);
	digest_of_buffer(text, strlen(text), &want);
	assert_true(digest_equal(&chain, &want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_abc_is_that_of_fips_180),
		cmocka_unit_test(pieces_give_the_digest_of_the_whole),
		cmocka_unit_test(text_form_survives_a_round_trip),
		cmocka_unit_test(parser_refuses_what_is_no_digest),
		cmocka_unit_test(sha512_is_parsed_but_is_no_name_in_the_store),
		cmocka_unit_test(chain_id_of_one_layer_is_its_diff_id),
		cmocka_unit_test(chain_id_of_two_is_the_digest_of_both_texts),
	};

	return cmocka_run_group_tests_name("image/digest", tests, NULL, NULL);
}
