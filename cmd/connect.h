/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/connect.h - Which network a container gets, and the files that tell it so
 */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

struct error;
struct launch;

int connect_prepare(struct launch *l, struct error *err);
int connect_attach(struct launch *l, struct error *err);
void connect_release(struct launch *l);

#endif
