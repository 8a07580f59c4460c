/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/fit/trial.h - One run of a command under given limits, by tare run
 */
#ifndef CMD_FIT_TRIAL_H
#define CMD_FIT_TRIAL_H

#include "base/str.h"

struct context;
struct error;
struct json;

struct fit_trial {
	int code;	     /* of tare run */
	struct json *report; /* as of --report; NULL: there is none. The caller frees it */
	char *message;	     /* what tare said, or NULL; likewise */
};

int fit_trial_run(const struct context *ctx, const struct strlist *flags, char *const *operands,
		  struct fit_trial *t, struct error *err);
void fit_trial_done(struct fit_trial *t);

#endif
