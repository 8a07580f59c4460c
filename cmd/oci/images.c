// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/images.c - A container's images: where they are, and what CRIU is told of it
 *
 * CRIU writes down what is inside a container. What comes from outside it has to
 * be told of, by the same name at both times: mounts of the host's directories
 * ("mnt[/target]"), a namespace that was entered by path, and the standard
 * streams. Those are listed in descriptors.json beside the images, as with runc
 * and crun, so that the restored process gets the new ones in their place.
 */
#include "cmd/oci/images.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/oci/bundle.h"

#define DESCRIPTORS	      "descriptors.json"
#define DESCRIPTORS_MAX_BYTES 65536
#define MOUNTINFO_MAX_BYTES   (4U << 20)
#define FDINFO_MAX_BYTES      4096
#define NETNS_KEY	      "extRootNetNS"
#define PIDNS_KEY	      "extRootPidNS"

/* ---- the directories ---------------------------------------------------- */

static int open_dir(const char *path, bool make, const char *option, struct error *err)
{
	int fd;

	if (make && file_make_dirs(path, 0700, err) < 0)
		return error_wrap(err, "%s", option);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "%s: open '%s'", option, path) : fd;
}

/** oci_images_init() - Nothing open; oci_images_close() may follow at any time */
void oci_images_init(struct oci_images *im)
{
	*im = (struct oci_images){ .images_fd = -1, .work_fd = -1, .netns_fd = -1, .pidns_fd = -1 };
}

/**
 * oci_images_open() - Open the directories that the options name
 * @im:		Filled in; oci_images_close() follows, also after a failure
 * @make:	For a checkpoint: make them if they are missing
 */
int oci_images_open(struct oci_images *im, const struct oci_images_options *o, bool make,
		    struct error *err)
{
	const char *path = o->image_path && *o->image_path ? o->image_path : "checkpoint";
	const char *work = o->work_path && *o->work_path ? o->work_path : path;

	oci_images_init(im);
	im->path = xstrdup(path);
	im->work_path = xstrdup(work);
	im->images_fd = open_dir(path, make, "--image-path", err);
	if (im->images_fd < 0)
		return im->images_fd;
	im->work_fd = open_dir(work, true, "--work-path", err);
	return im->work_fd < 0 ? im->work_fd : 0;
}

/** oci_images_close() - Close what is open; the images stay */
void oci_images_close(struct oci_images *im)
{
	cleanup_close(&im->images_fd);
	cleanup_close(&im->work_fd);
	cleanup_close(&im->netns_fd);
	cleanup_close(&im->pidns_fd);
	free(im->path);
	free(im->work_path);
	im->path = im->work_path = NULL;
}

static int add_empty_ns(struct criu_request *q, const struct strlist *names, struct error *err)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->items[i], "network") != 0)
			return error_set(err, EINVAL, "--empty-ns '%s': only network can be empty",
					 names->items[i]);
		q->empty_ns |= CLONE_NEWNET;
	}
	return 0;
}

/** oci_images_request() - Begin a request by what the options say */
int oci_images_request(struct criu_request *q, const struct oci_images *im,
		       const struct oci_images_options *o, struct error *err)
{
	q->images_fd = im->images_fd;
	q->work_fd = im->work_fd;
	q->work_path = im->work_path;
	q->status_fd = -1;
	q->tcp_established = o->tcp_established;
	q->tcp_skip_in_flight = o->tcp_skip_in_flight;
	q->ext_unix_sk = o->ext_unix_sk;
	q->shell_job = o->shell_job;
	q->file_locks = o->file_locks;
	q->auto_dedup = o->auto_dedup;
	q->lazy_pages = o->lazy_pages;
	q->cgroups_mode = CRIU_CGROUPS_DEFAULT;
	if (o->manage_cgroups_mode && *o->manage_cgroups_mode) {
		q->cgroups_mode = criu_cgroups_mode(o->manage_cgroups_mode, err);
		if (q->cgroups_mode < 0)
			return q->cgroups_mode;
	}
	return add_empty_ns(q, &o->empty_ns, err);
}

/* ---- checkpoint: what comes from outside -------------------------------- */

/* A line of /proc/PID/mountinfo, proc(5): the first five fields but for the parent's id. */
struct mount_line {
	unsigned int id;
	const char *device, *root, *target; /* in the text that was read */
};

struct mount_table {
	char *text;
	struct mount_line *lines;
	size_t n;
};

static void table_done(struct mount_table *t)
{
	free(t->lines);
	free(t->text);
}
#define autotable __attribute__((cleanup(table_done)))

/* Blanks and the like are written as "\040", in octal. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\\' && strspn(p + 1, "01234567") >= 3) {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static char *next_word(char **rest)
{
	char *word = *rest;
	size_t len = strcspn(word, " ");

	*rest += len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static void parse_line(struct mount_line *m, char *line)
{
	char *root, *target;

	m->id = (unsigned int)strtoul(next_word(&line), NULL, 10);
	(void)next_word(&line);
	m->device = next_word(&line);
	m->root = root = next_word(&line);
	m->target = target = next_word(&line);
	unescape(root);
	unescape(target);
}

static int table_read(struct mount_table *t, pid_t pid, struct error *err)
{
	char path[64], *line, *end;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	r = file_read_at(AT_FDCWD, path, MOUNTINFO_MAX_BYTES, &t->text, &len, err);
	if (r < 0)
		return r;
	for (line = t->text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		t->lines = xrealloc(t->lines, (t->n + 1) * sizeof(*t->lines));
		parse_line(&t->lines[t->n++], line);
	}
	return 0;
}

static bool is_bind_of_config(const struct config *c, const char *target)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].kind == CONFIG_MOUNT_BIND && !strcmp(c->mounts[i].target, target))
			return true;
	return false;
}

/* Part of a file system that the container has not mounted itself. */
static bool is_foreign(const struct mount_table *t, const struct mount_line *m)
{
	if (!strcmp(m->root, "/"))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->lines[i].device, m->device) && !strcmp(t->lines[i].root, "/"))
			return false;
	return true;
}

static void add_mounts(struct criu_request *q, const struct mount_table *t, const struct config *c)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct mount_line *m = &t->lines[i];

		if (strcmp(m->target, "/") != 0 &&
		    (is_bind_of_config(c, m->target) || is_foreign(t, m)))
			strlist_take(&q->external, xasprintf("mnt[%s]:%s", m->target, m->target));
	}
}

static int add_namespace(struct criu_request *q, const struct config *c, enum config_ns ns,
			 pid_t pid, const char *key, struct error *err)
{
	char path[64];
	struct stat st;

	if (!c->join_paths[ns])
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, ns == CONFIG_NS_NET ? "net" : "pid");
	if (stat(path, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	strlist_take(&q->external, xasprintf("%s[%lu]:%s", ns == CONFIG_NS_NET ? "net" : "pid",
					     (unsigned long)st.st_ino, key));
	return 0;
}

static bool has_mount(const struct mount_table *t, unsigned int id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->lines[i].id == id)
			return true;
	return false;
}

static int mount_of_fd(pid_t pid, int fd, unsigned int *id, struct error *err)
{
	autofree char *text = NULL;
	const char *line;
	char path[64];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	r = file_read_at(AT_FDCWD, path, FDINFO_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	line = strstr(text, "mnt_id:");
	if (!line)
		return error_set(err, EBADMSG, "'%s': no mnt_id", path);
	*id = (unsigned int)strtoul(line + strlen("mnt_id:"), NULL, 10);
	return 0;
}

/* A file that no mount of the container has is kept out of the images, and replaced later. */
static int add_stream(struct criu_request *q, const struct mount_table *mounts, pid_t pid, int fd,
		      struct json *names, struct error *err)
{
	char path[64], target[4096];
	unsigned int mount = 0;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0 && errno == ENOENT) { /* the program has closed it */
		json_add_text(names, "");
		return 0;
	}
	if (n < 0 || stat(path, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	target[n] = '\0';
	if (*target == '/' && !str_starts(target, "/dev/pts/") &&
	    mount_of_fd(pid, fd, &mount, err) < 0)
		return -err->code;
	if (mount && !has_mount(mounts, mount)) {
		snprintf(target, sizeof(target), "file[%x:%lx]", mount, (unsigned long)st.st_ino);
		strlist_add(&q->external, target);
	}
	json_add_text(names, target);
	return 0;
}

/**
 * oci_images_add_process() - Say what of a running container comes from outside
 * @pid:	Its first process
 *
 * Also writes down what its standard streams are.
 */
int oci_images_add_process(struct criu_request *q, const struct oci_images *im,
			   const struct oci_bundle *b, pid_t pid, struct error *err)
{
	autojson struct json *names = json_new_list();
	autotable struct mount_table mounts = { 0 };
	autofree char *printed = NULL;
	int r = table_read(&mounts, pid, err);

	if (r < 0)
		return r;
	add_mounts(q, &mounts, &b->config);
	r = add_namespace(q, &b->config, CONFIG_NS_NET, pid, NETNS_KEY, err);
	if (r == 0)
		r = add_namespace(q, &b->config, CONFIG_NS_PID, pid, PIDNS_KEY, err);
	for (int fd = 0; r == 0 && fd < 3; fd++)
		r = add_stream(q, &mounts, pid, fd, names, err);
	if (r < 0)
		return r;
	printed = json_print(names);
	return file_replace_at(im->images_fd, DESCRIPTORS, printed, strlen(printed), 0600, 0, err);
}

/* ---- restore: what takes its place -------------------------------------- */

static void inherit(struct criu_request *q, const char *key, int fd)
{
	q->inherited = xrealloc(q->inherited, (q->n_inherited + 1) * sizeof(*q->inherited));
	q->inherited[q->n_inherited++] = (struct criu_inherited){ xstrdup(key), fd };
}

static int inherit_streams(struct criu_request *q, const struct oci_images *im, struct error *err)
{
	autojson struct json *names = json_read_at(im->images_fd, DESCRIPTORS,
						   DESCRIPTORS_MAX_BYTES, err);
	const char *name;

	if (!names)
		return error_wrap(err, "--image-path '%s': no images of a container", im->path);
	for (int fd = 0; fd < 3; fd++) {
		name = json_text_or(json_at(names, (size_t)fd), "");
		if (str_starts(name, "pipe:[") || str_starts(name, "file["))
			inherit(q, name, fd);
	}
	return 0;
}

static int inherit_namespace(struct criu_request *q, const char *path, const char *key, int *fd,
			     struct error *err)
{
	if (!path)
		return 0;
	*fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return error_sys(err, errno, "open the namespace '%s'", path);
	inherit(q, key, *fd);
	return 0;
}

/** oci_images_add_bundle() - Say what of the host takes the place of what came from outside */
int oci_images_add_bundle(struct criu_request *q, struct oci_images *im, const struct oci_bundle *b,
			  struct error *err)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero",    "/dev/full",
					       "/dev/tty",  "/dev/urandom", "/dev/random" };
	const struct config *c = &b->config;
	int r;

	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].kind == CONFIG_MOUNT_BIND)
			strlist_take(&q->external, xasprintf("mnt[%s]:%s", c->mounts[i].target,
							     c->mounts[i].source));
	for (size_t i = 0; i < c->masked_paths.n; i++)
		strlist_take(&q->external,
			     xasprintf("mnt[%s]:/dev/null", c->masked_paths.items[i]));
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		strlist_take(&q->external, xasprintf("mnt[%s]:%s", devices[i], devices[i]));
	r = inherit_streams(q, im, err);
	if (r == 0)
		r = inherit_namespace(q, c->join_paths[CONFIG_NS_NET], NETNS_KEY, &im->netns_fd,
				      err);
	return r == 0 ? inherit_namespace(q, c->join_paths[CONFIG_NS_PID], PIDNS_KEY, &im->pidns_fd,
					  err)
		      : r;
}

/** oci_images_add_cgroup() - The container's cgroup, where it had its own mounted */
void oci_images_add_cgroup(struct criu_request *q, const struct oci_bundle *b, const char *dir)
{
	const struct config *c = &b->config;

	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].kind == CONFIG_MOUNT_CGROUP)
			strlist_take(&q->external,
				     xasprintf("mnt[%s]:%s", c->mounts[i].target, dir));
}
