/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/traffic.h - How much went over a network namespace's interfaces
 */
#ifndef CMD_REPORT_TRAFFIC_H
#define CMD_REPORT_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct traffic {
	uint64_t received_bytes, sent_bytes;
};

bool traffic_of_process(pid_t pid, struct traffic *t);
bool traffic_of_namespace(int netns_fd, struct traffic *t);

#endif
