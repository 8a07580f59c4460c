/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/update.h - tare update, and what a supervisor does about it
 */
#ifndef CMD_UPDATE_H
#define CMD_UPDATE_H

struct error;
struct record;
struct record_store;

int update_running(const struct record_store *store, const struct record *r, struct error *err);

#endif
