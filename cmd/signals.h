/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/signals.h - Signals by name
 */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

struct error;

int signals_parse(const char *text, struct error *err);

#endif
