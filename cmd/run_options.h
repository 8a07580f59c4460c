/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/run_options.h - The flags of run and create, and what becomes of them
 */
#ifndef CMD_RUN_OPTIONS_H
#define CMD_RUN_OPTIONS_H

#include "cmd/options.h"
#include "cmd/settings.h"

struct appliance;
struct error;
struct image_config;

struct run_options {
	struct settings settings; /* what one flag sets in one member */
	int64_t repeat;		  /* 0: once */
	bool detach, sig_proxy, publish_all, rootfs;
	bool accept, no_healthcheck, ephemeral, import;
	const char *health_cmd;
	const char *verify, *signature;
	const char *cidfile, *pull, *userns, *entrypoint, *platform;
	const char *systemd;
	struct strlist env, env_files, mounts, label_files, expose, log_opts, storage_opts;
	const char *log_driver;
};

/* The first ones are for `run` only. */
enum { RUN_ONLY_OPTIONS = 4 };
extern const struct option_def run_option_defs[];

int run_options_settings(const struct run_options *o, const struct image_config *image,
			 const struct appliance *asks, char *const *args, struct settings *s,
			 struct error *err);

int run_options_protect(const struct run_options *o, struct error *err);
int run_options_add_env(struct strlist *env, const struct strlist *files,
			const struct strlist *flags, struct error *err);

int run_options_check_name(const char *name, struct error *err);

#endif
