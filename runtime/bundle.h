/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/bundle.h - The tree of an OCI bundle: exactly the mounts that config.json lists
 */
#ifndef RUNTIME_BUNDLE_H
#define RUNTIME_BUNDLE_H

#include <stdbool.h>

struct config;
struct error;
struct init_plan;
struct rootfs;

bool bundle_has_read_only_dev(const struct config *c);
int bundle_setup(struct rootfs *fs, const struct init_plan *plan, struct error *err);

#endif
