/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/workers.h - Jobs done by a few threads
 */
#ifndef IMAGE_WORKERS_H
#define IMAGE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

#define WORKERS_MAX 16

/* Does job number @i; looks at *stop now and then, to give up when another has failed. */
typedef int workers_job(void *arg, size_t i, struct error *err);

int workers_run(size_t n, workers_job *job, void *arg, bool *stop, struct error *err);

#endif
