// SPDX-License-Identifier: Apache-2.0
/*
 * test_manifest - Index, manifest and config have the types of the specification
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/config.h"
#include "image/manifest.h"
#include "image/platform.h"

#define HEX    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define CONFIG "{\"mediaType\":\"" MEDIA_TYPE_CONFIG "\",\"digest\":\"sha256:" HEX "\",\"size\":2}"
#define LAYER \
	"{\"mediaType\":\"" MEDIA_TYPE_LAYER "+gzip\",\"digest\":\"sha256:" HEX "\",\"size\":3}"

static int parse_manifest(const char *text)
{
	struct manifest m;
	struct error err;
	int r = manifest_parse(text, strlen(text), &m, &err);

	manifest_done(&m);
	return r;
}

static int parse_index(const char *text)
{
	struct index index;
	struct error err;
	int r = index_parse(text, strlen(text), &index, &err);

	index_done(&index);
	return r;
}

static void manifest_gives_config_and_layers(void **state)
{
	const char text[] = "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER
			    "," LAYER "]}";
	struct manifest m;
	struct error err;

	(void)state;
	assert_int_equal(manifest_parse(text, strlen(text), &m, &err), 0);
	assert_int_equal(m.n_layers, 2);
	assert_int_equal(m.layers[1].kind, MEDIA_LAYER);
	assert_int_equal(m.layers[1].size, 3);
	assert_string_equal(m.config.digest.hex, HEX);
	manifest_done(&m);
}

static void made_manifest_parses_to_the_same(void **state)
{
	struct descriptor d = { .media_type = MEDIA_TYPE_CONFIG, .size = 5 };
	struct descriptor l = { .media_type = MEDIA_TYPE_LAYER, .size = 7 };
	autojson struct json *doc = NULL;
	autofree char *text = NULL;

	(void)state;
	digest_of_buffer("a", 1, &d.digest);
	digest_of_buffer("b", 1, &l.digest);
	doc = manifest_new(&d, &l, 1);
	text = json_print(doc);
	assert_int_equal(parse_manifest(text), 0);
}

static int fit(const char *have, const char *variant, const char *want, const char *wanted,
	       bool asked)
{
	const struct plan_platform platform = {
		.os = "linux", .architecture = want, .variant = wanted, .asked = asked
	};
	struct image_config c = { .architecture = (char *)(uintptr_t)have,
				  .variant = (char *)(uintptr_t)variant };

	return platform_fit_config(&c, &platform);
}

/* What an ARM machine runs: see containerd's order, which is docker's. */
static void earlier_variants_fit_and_the_latest_of_them_best(void **state)
{
	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		assert_true(fit("arm", "v7", "arm", "v7", asked) >
			    fit("arm", "v6", "arm", "v7", asked));
		assert_true(fit("arm", "v6", "arm", "v7", asked) >
			    fit("arm", "v5", "arm", "v7", asked));
		assert_true(fit("arm", "v5", "arm", "v7", asked) > 1);
		assert_int_equal(fit("arm", NULL, "arm", "v7", asked),
				 fit("arm", "7", "arm", "v7", asked));
		assert_int_equal(fit("arm64", "v8", "arm64", NULL, asked),
				 fit("arm64", NULL, "arm64", "v8", asked));
		assert_true(fit("amd64", NULL, "amd64", NULL, asked) >
			    fit("amd64", "v2", "amd64", NULL, asked));
		assert_true(fit("amd64", "v2", "amd64", NULL, asked) >
			    fit("amd64", "v3", "amd64", NULL, asked));
		assert_true(fit("amd64", "v3", "amd64", NULL, asked) > 1);
		assert_true(fit("amd64", NULL, "amd64", "v3", asked) > 1);
		assert_true(fit("ppc64le", "power9", "ppc64le", "power9", asked) > 1);
		assert_true(fit("arm", NULL, "arm", "v6", asked) > 1); /* it does not say */
		assert_int_equal(fit("arm64", NULL, "arm", "v7", asked), 0);
	}
	assert_int_equal(fit("arm", "v7", "arm", "v6", true), 0);
	assert_int_equal(fit("ppc64le", "power10", "ppc64le", "power9", true), 0);
	assert_true(fit("arm", "v8", "arm", "v7", false) > 1);
	assert_true(fit("arm", "v8", "arm", "v7", false) < fit("arm", "v5", "arm", "v7", false));
}

static void malformed_manifests_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"schemaVersion\":2}",
		"{\"schemaVersion\":1,\"config\":" CONFIG ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":{}}",
		"{\"schemaVersion\":2,\"config\":" LAYER ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[],\"manifests\":[]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{}]}",
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_INDEX "\",\"config\":" CONFIG
		",\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" MEDIA_TYPE_CONFIG
		"\",\"digest\":\"sha256:../../x\",\"size\":2},\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" MEDIA_TYPE_CONFIG
		"\",\"digest\":\"sha256:" HEX "\",\"size\":-2},\"layers\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse_manifest(bad[i]), -EBADMSG);
}

static void too_many_layers_are_refused(void **state)
{
	autostr struct str s = { 0 };

	(void)state;
	str_puts(&s, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER);
	for (int i = 0; i < MANIFEST_MAX_LAYERS; i++)
		str_puts(&s, "," LAYER);
	str_puts(&s, "]}");
	assert_int_equal(parse_manifest(s.data), -EBADMSG);
}

static void an_index_with_layers_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_index("{\"schemaVersion\":2,\"manifests\":[]}"), 0);
	assert_int_equal(parse_index("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}"),
			 -EBADMSG);
}

#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}"

static int parse_config(const char *text, struct image_config *c)
{
	struct error err;

	return image_config_parse(text, strlen(text), c, &err);
}

static void config_gives_what_is_allowed(void **state)
{
	struct image_config c;

	(void)state;
	assert_int_equal(
		parse_config("{\"os\":\"linux\",\"config\":{\"Env\":[\"A=1\"],\"Cmd\":[\"sh\"],"
			     "\"Entrypoint\":null,\"ExposedPorts\":{\"80/tcp\":{}},"
			     "\"Volumes\":{\"/d\":{}},\"User\":\"\",\"Labels\":{\"k\":\"v\"},"
			     "\"Memory\":12345},\"history\":[]," ROOTFS "}",
			     &c),
		0);
	assert_string_equal(c.env.items[0], "A=1");
	assert_int_equal(c.entrypoint.n, 0);
	assert_string_equal(c.exposed_ports.items[0], "80/tcp");
	assert_string_equal(c.volumes.items[0], "/d");
	assert_null(c.user);
	assert_string_equal(json_text(json_get(c.labels, "k")), "v");
	assert_int_equal(c.n_diff_ids, 1);
	image_config_done(&c);
}

static void a_command_as_text_is_for_the_shell(void **state)
{
	struct image_config c;

	(void)state;
	assert_int_equal(parse_config("{\"config\":{\"Cmd\":\"echo hi\"}," ROOTFS "}", &c), 0);
	assert_int_equal(c.cmd.n, 3);
	assert_string_equal(c.cmd.items[2], "echo hi");
	image_config_done(&c);
}

static void configs_of_wrong_types_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"config\":[]," ROOTFS "}",
		"{\"config\":{\"Env\":{}}," ROOTFS "}",
		"{\"config\":{\"Env\":[1]}," ROOTFS "}",
		"{\"config\":{\"User\":0}," ROOTFS "}",
		"{\"config\":{\"Labels\":{\"k\":1}}," ROOTFS "}",
		"{\"config\":{\"Volumes\":[\"/d\"]}," ROOTFS "}",
		"{\"os\":1," ROOTFS "}",
		"{\"rootfs\":{\"diff_ids\":[1]}}",
		"{\"rootfs\":{\"diff_ids\":[\"sha256:abc\"]}}",
	};
	struct image_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse_config(bad[i], &c), -EBADMSG);
		image_config_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_gives_config_and_layers),
		cmocka_unit_test(made_manifest_parses_to_the_same),
		cmocka_unit_test(malformed_manifests_are_refused),
		cmocka_unit_test(earlier_variants_fit_and_the_latest_of_them_best),
		cmocka_unit_test(too_many_layers_are_refused),
		cmocka_unit_test(an_index_with_layers_is_refused),
		cmocka_unit_test(config_gives_what_is_allowed),
		cmocka_unit_test(a_command_as_text_is_for_the_shell),
		cmocka_unit_test(configs_of_wrong_types_are_refused),
	};

	return cmocka_run_group_tests_name("image/manifest", tests, NULL, NULL);
}
