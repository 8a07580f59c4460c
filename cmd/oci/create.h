/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/create.h - From a bundle to a container that waits for its start
 */
#ifndef CMD_OCI_CREATE_H
#define CMD_OCI_CREATE_H

#include "cmd/oci/birth.h"

int oci_create(struct oci_birth *b, const struct context *ctx, const char *id,
	       const struct oci_create_options *options, struct error *err);

/* For create's and run's own tables. */
#define OCI_CREATE_OPTIONS(O)                                               \
	O('b', "bundle", "DIR", OPTION_TEXT, bundle,                        \
	  "The bundle (default: the working directory)"),                   \
		O('f', "config", "FILE", OPTION_TEXT, config,               \
		  "Instead of config.json in the bundle"),                  \
		O(0, "console-socket", "PATH", OPTION_TEXT, console_socket, \
		  "Socket that gets the terminal's master end"),            \
		O(0, "pid-file", "FILE", OPTION_TEXT, pid_file,             \
		  "Write the pid of the first process here"),               \
		O(0, "pidfd-socket", "PATH", OPTION_TEXT, pidfd_socket,     \
		  "Socket that gets a pidfd of the first process"),         \
		O(0, "no-pivot", NULL, OPTION_BOOL, no_pivot,               \
		  "chroot instead of pivot_root, for a root on a ramdisk"), \
		O(0, "no-new-keyring", NULL, OPTION_BOOL, no_new_keyring,   \
		  "Keep the caller's session keyring"),                     \
		O(0, "preserve-fds", "N", OPTION_U64, preserve_fds,         \
		  "Pass N more descriptors, from 3 on")

#endif
