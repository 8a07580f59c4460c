/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/birth.h - A new container, from flags and operands to its record
 */
#ifndef CMD_BIRTH_H
#define CMD_BIRTH_H

#include "cmd/command.h"
#include "cmd/ephemeral.h"
#include "cmd/run_options.h"
#include "cmd/slice/slice.h"
#include "image/image.h"
#include "runtime/record.h"

struct error;

/* What run and create have in common until the container is on record. */
struct birth {
	struct image image;
	struct settings settings;
	struct record record;
	char hostname[RECORD_ID_HEX + 1], name[64];
	char slice_cgroup[SLICE_CGROUP_MAX];
	char *rootfs, *report, *sample, *assert_format;
	struct ephemeral ephemeral;
	int dir_fd; /* holds the container's directory locked */
	bool has_image, is_on_record;
	bool limit_missing; /* --strict: why birth_begin() or the start failed */
};

int birth_begin(struct birth *b, const struct context *ctx, const struct run_options *o,
		char *const *operands, struct error *err);
int birth_write_cidfile(const struct birth *b, const char *path, struct error *err);
int birth_lock(struct birth *b, const struct context *ctx, struct error *err);
int birth_refuse(const struct context *ctx, const struct error *err);
void birth_undo(struct birth *b, const struct context *ctx);
void birth_done(struct birth *b);

bool birth_is_path(const char *operand);

#endif
