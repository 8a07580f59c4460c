// SPDX-License-Identifier: Apache-2.0
/*
 * image/workers.c - Jobs done by a few threads
 *
 * As many as there are processors. The first job that fails stops the others;
 * its error is the one reported.
 */
#include "image/workers.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/error.h"

#define STACK_BYTES (8U << 20) /* libarchive recurses over extended headers */

struct workers {
	workers_job *job;
	void *arg;
	size_t n, next; /* changed atomically */
	bool *stop;	/* likewise */
	pthread_mutex_t lock;
	struct error err; /* under the lock */
};

static void *work_on(void *arg)
{
	struct workers *w = arg;
	struct error err;
	size_t i;

	while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED) &&
	       (i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->n) {
		if (w->job(w->arg, i, &err) == 0)
			continue;
		pthread_mutex_lock(&w->lock);
		if (!w->err.code)
			w->err = err;
		pthread_mutex_unlock(&w->lock);
		__atomic_store_n(w->stop, true, __ATOMIC_RELAXED);
	}
	return NULL;
}

static size_t count(size_t jobs)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = cpus > 1 ? (size_t)cpus : 1;

	n = n < WORKERS_MAX ? n : WORKERS_MAX;
	return n < jobs ? n : jobs;
}

/**
 * workers_run() - Do jobs 0 to @n - 1, in this order, several at a time
 * @stop:	False; shared with the jobs
 *
 * Return: 0, or the first failure
 */
int workers_run(size_t n, workers_job *job, void *arg, bool *stop, struct error *err)
{
	struct workers w = { .job = job, .arg = arg, .n = n, .stop = stop };
	pthread_t threads[WORKERS_MAX];
	size_t wanted = count(n), started = 0;
	pthread_attr_t attr;
	int r = 0;

	if (!n)
		return 0;
	pthread_mutex_init(&w.lock, NULL);
	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, STACK_BYTES))
		return error_set(err, ENOMEM, "set up threads");
	for (; started < wanted && r == 0; started += r == 0)
		r = pthread_create(&threads[started], &attr, work_on, &w);
	/* Fewer threads than wished for do as well. */
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attr);
	if (r && !started)
		return error_sys(err, r, "start a thread");
	if (w.err.code) {
		*err = w.err;
		return -err->code;
	}
	return 0;
}
