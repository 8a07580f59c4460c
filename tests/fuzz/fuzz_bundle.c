// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_bundle - config.json and process.json of a bundle, resources included
 */
#include "base/error.h"
#include "base/json.h"
#include "cgroups/resources.h"
#include "runtime/config.h"
#include "runtime/config_json.h"
#include "runtime/seccomp.h"
#include "tests/fuzz/fuzz.h"

static void read_seccomp(const struct json *section)
{
	struct seccomp_program program = { 0 };
	struct error err;

	if (section && seccomp_from_profile(section, 0, &program, &err) == 0)
		seccomp_done(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct config_process process = { 0 };
	struct config config;
	struct error err;
	struct json *doc = json_parse(text, size, &err);

	if (doc) {
		config_init(&config);
		(void)config_from_json(doc, "/bundle", &config, &err);
		config_done(&config);
		(void)config_process_from_json(json_get(doc, "process"), &process, &err);
		config_process_done(&process);
		read_seccomp(json_get(json_get(doc, "linux"), "seccomp"));
	}
	json_free(doc);
	free(text);
	return 0;
}
