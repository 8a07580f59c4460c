/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/reclaim.h - Putting right what a crash left
 */
#ifndef CMD_RECLAIM_H
#define CMD_RECLAIM_H

struct context;
struct error;
struct record;
struct record_store;

void reclaim_sweep(const struct context *ctx);
void reclaim_failed(const struct context *ctx, const char *id, int *lock_fd);
int reclaim_await_settled(const struct context *ctx, struct record *r, struct error *err);
void reclaim_thoroughly(const struct context *ctx);
void reclaim_scratch(const struct record_store *s, const char *id);
void reclaim_close_slowly(int fd);
void reclaim_empty_trash(const struct record_store *s);

#endif
