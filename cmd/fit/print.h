/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/fit/print.h - Resources that can be fitted, and how the answer is shown
 */
#ifndef CMD_FIT_PRINT_H
#define CMD_FIT_PRINT_H

#include "base/str.h"
#include "cmd/fit/search.h"

struct json;

enum fit_kind { FIT_MEMORY, FIT_CPUS, FIT_PIDS, FIT_RESOURCES };

struct fit_resource {
	enum fit_kind kind;
	const char *name, *example;
	bool is_asked;
	int64_t limit; /* to be tried with */
	struct fit_search search;
};

void fit_resources_init(struct fit_resource *resources);
void fit_add_flags(const struct fit_resource *r, int64_t limit, struct strlist *flags);
int64_t fit_peak(const struct fit_resource *r, const struct json *report);

void fit_plot(const struct fit_search *s, size_t columns, char *out);
void fit_print_progress(const struct fit_resource *r, const struct fit_try *t);
void fit_print_table(const struct fit_resource *resources, const struct fit_try *together);
void fit_print_json(const struct fit_resource *resources, const struct fit_try *together,
		    char *const *operands);

#endif
