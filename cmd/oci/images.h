/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/images.h - A container's images: where they are, and what CRIU is told of it
 */
#ifndef CMD_OCI_IMAGES_H
#define CMD_OCI_IMAGES_H

#include <stdbool.h>

#include "base/str.h"
#include "runtime/criu.h"

struct error;
struct oci_bundle;

/* What checkpoint and restore both take. */
struct oci_images_options {
	const char *image_path, *work_path, *manage_cgroups_mode;
	struct strlist empty_ns;
	bool tcp_established, tcp_skip_in_flight, ext_unix_sk, shell_job, file_locks, auto_dedup;
	bool lazy_pages;
};

#define OCI_IMAGES_OPTIONS(O, member_)                                                        \
	O(0, "image-path", "DIR", OPTION_TEXT, member_.image_path,                            \
	  "The images' directory (default: checkpoint)"),                                     \
		O(0, "work-path", "DIR", OPTION_TEXT, member_.work_path,                      \
		  "Where criu has its log (default: with the images)"),                       \
		O(0, "tcp-established", NULL, OPTION_BOOL, member_.tcp_established,           \
		  "With open TCP connections"),                                               \
		O(0, "tcp-skip-in-flight", NULL, OPTION_BOOL, member_.tcp_skip_in_flight,     \
		  "Without TCP connections that are being made"),                             \
		O(0, "ext-unix-sk", NULL, OPTION_BOOL, member_.ext_unix_sk,                   \
		  "With Unix sockets whose other end is outside"),                            \
		O(0, "shell-job", NULL, OPTION_BOOL, member_.shell_job,                       \
		  "With a session or a terminal from outside"),                               \
		O(0, "file-locks", NULL, OPTION_BOOL, member_.file_locks, "With file locks"), \
		O(0, "lazy-pages", NULL, OPTION_BOOL, member_.lazy_pages,                     \
		  "Memory follows when it is needed (userfaultfd)"),                          \
		O(0, "manage-cgroups-mode", "MODE", OPTION_TEXT, member_.manage_cgroups_mode, \
		  "soft, full, strict or ignore: what criu does about cgroups"),              \
		O(0, "empty-ns", "NAMESPACE", OPTION_LIST, member_.empty_ns,                  \
		  "network: make the namespace, but nothing in it"),                          \
		O(0, "auto-dedup", NULL, OPTION_BOOL, member_.auto_dedup,                     \
		  "Give back what of the memory images is not needed")

/* The images' directory, open, and what every request begins with. */
struct oci_images {
	char *path, *work_path;
	int images_fd, work_fd;
	int netns_fd, pidns_fd; /* to be inherited; or -1 */
};

void oci_images_init(struct oci_images *im);
int oci_images_open(struct oci_images *im, const struct oci_images_options *o, bool make,
		    struct error *err);
void oci_images_close(struct oci_images *im);

int oci_images_request(struct criu_request *q, const struct oci_images *im,
		       const struct oci_images_options *o, struct error *err);

/* checkpoint */
int oci_images_add_process(struct criu_request *q, const struct oci_images *im,
			   const struct oci_bundle *b, pid_t pid, struct error *err);
/* restore */
int oci_images_add_bundle(struct criu_request *q, struct oci_images *im, const struct oci_bundle *b,
			  struct error *err);
void oci_images_add_cgroup(struct criu_request *q, const struct oci_bundle *b, const char *dir);

#endif
