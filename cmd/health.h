/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/health.h - Health checks: what to run how often, from flags, labels and images
 */
#ifndef CMD_HEALTH_H
#define CMD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct json;

#define HEALTH_INTERVAL_MS 30000 /* docker's defaults */
#define HEALTH_TIMEOUT_MS  30000
#define HEALTH_RETRIES	   3

/* A health check; numbers that are 0 are not given. docker's Test: NONE, CMD or CMD-SHELL first. */
struct health_check {
	struct strlist test;
	int64_t interval_ms, timeout_ms, start_ms, retries;
};

int health_parse_label(const char *text, struct health_check *out, struct error *err);
int health_parse_docker(const struct json *map, struct health_check *out, struct error *err);
int health_validate(const struct health_check *h, struct error *err);
void health_fill(struct health_check *to, const struct health_check *from);
struct json *health_to_docker(const struct health_check *h);
bool health_is_on(const struct health_check *h);
char *health_text(const struct health_check *h);

#endif
