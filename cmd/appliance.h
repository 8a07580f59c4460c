/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/appliance.h - What an image asks for in its labels: tare.ports, tare.memory, …
 */
#ifndef CMD_APPLIANCE_H
#define CMD_APPLIANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cmd/settings.h"

struct context;
struct error;
struct image_config;

#define APPLIANCE_PREFIX "tare."

/* { 0 } asks for nothing. Texts are borrowed from the labels. */
struct appliance {
	struct strlist ports, volumes; /* as -p and -v take them */
	int64_t memory_bytes, nano_cpus, pids_max;
	struct health_check health;
	const char *restart, *help;
};

int appliance_set(struct appliance *a, const char *label, const char *value, struct error *err);
int appliance_read(const struct image_config *image, struct appliance *out, struct error *err);
void appliance_done(struct appliance *a);
#define autoappliance __attribute__((cleanup(appliance_done)))

void appliance_apply_limits(const struct appliance *a, struct settings *s);
int appliance_apply_ports(const struct appliance *a, struct settings *s, struct error *err);
int appliance_apply_volumes(const struct appliance *a, bool accept, struct settings *s,
			    struct error *err);
char *appliance_not_given(const struct appliance *a, const struct settings *s);
int appliance_fit_host(const struct context *ctx, bool strict, struct settings *s,
		       struct error *err);

int appliance_parse_restart(const char *text, int64_t *max_retries, struct error *err);

#endif
