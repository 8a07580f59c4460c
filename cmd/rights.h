/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/rights.h - Whether our root is a whole one
 */
#ifndef CMD_RIGHTS_H
#define CMD_RIGHTS_H

struct error;

char *rights_missing(void);
void rights_explain(struct error *err);

#endif
