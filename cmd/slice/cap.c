// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/cap.c - /etc/tare/cap.json: what tare may use of a host that many share
 *
 *	{ "Total":  { "Memory": "48g", "Cpus": 12, "Pids": 20000 },
 *	  "Slice":  { "Memory": "16g", "Cpus": 8, "Lease": "8h" },
 *	  "Slices": 20 }
 *
 * The total is the kernel's to enforce, on the cgroup that all others of ours
 * are below. It is written when that cgroup is made, which after boot is the
 * first thing that happens, so no start of a container has to look for it; and
 * by every command about slices, which is how an edited file comes into force.
 * What the total lacks is lifted; without a file nothing is touched.
 */
#include "cmd/slice/cap.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/update.h"

#define CAP_MAX_BYTES (64U << 10)

static int read_part(const struct json *doc, const char *key, const char *const *known,
		     struct slice_limits *limits, struct error *err)
{
	const struct json *part = json_get(doc, key);
	int r;

	if (!part)
		return 0;
	r = slice_check_keys(part, known, key, err);
	if (r == 0)
		r = slice_limits_from_json(part, limits, err);
	return r == 0 ? slice_limits_check(limits, err) : r;
}

/** cap_parse() - Read a cap document; @cap is zeroed */
int cap_parse(struct cap *cap, const char *text, size_t len, struct error *err)
{
	static const char *const top[] = { "Total", "Slice", "Slices", NULL };
	static const char *const total[] = { "Memory",	   "MemoryHigh", "MemorySwap", "Cpus",
					     "CpusetCpus", "Pids",	 "Weight",     NULL };
	static const char *const slice[] = { "Memory", "Cpus", "Pids", "Weight", "Lease", NULL };
	autojson struct json *doc = json_parse(text, len, err);
	int r = doc ? slice_check_keys(doc, top, "the document", err) : -EBADMSG;

	if (r == 0)
		r = read_part(doc, "Total", total, &cap->total, err);
	if (r == 0)
		r = read_part(doc, "Slice", slice, &cap->slice, err);
	if (r < 0)
		return r;
	cap->slices = json_int(json_get(doc, "Slices"), json_get(doc, "Slices") ? -1 : 0);
	if (cap->slices < 0)
		return error_set(err, EBADMSG, "'Slices' is no number of slices");
	cap->is_there = true;
	return 0;
}

/** cap_read() - Read the host's cap file; there need not be one */
int cap_read(struct cap *cap, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, CAP_FILE, O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	*cap = (struct cap){ 0 };
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "open cap file '%s'", CAP_FILE);
	if (st.st_uid != 0 || (st.st_mode & 022))
		return error_set(err, EPERM,
				 "cap file '%s' does not belong to root, or is writable by others",
				 CAP_FILE);
	r = file_read_fd(fd, CAP_MAX_BYTES, &text, &len);
	if (r < 0)
		return error_sys(err, -r, "read cap file '%s'", CAP_FILE);
	r = cap_parse(cap, text, len, err);
	return r < 0 ? error_wrap(err, "cap file '%s'", CAP_FILE) : 0;
}

/**
 * cap_fit() - Refuse what is beyond the cap of a slice, and take that where nothing was said
 * @limits:	Of a slice
 *
 * Return: 0, or -ERANGE
 */
int cap_fit(const struct cap *cap, struct slice_limits *limits, struct error *err)
{
	const struct {
		const char *key;
		int64_t most, *value;
	} all[] = {
		{ "Memory", cap->slice.memory_bytes, &limits->memory_bytes },
		{ "Cpus", cap->slice.nano_cpus, &limits->nano_cpus },
		{ "Pids", cap->slice.pids, &limits->pids },
		{ "Weight", cap->slice.weight, &limits->weight },
		{ "Lease", cap->slice.lease_ms, &limits->lease_ms },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i].most)
			continue;
		if (*all[i].value > all[i].most) {
			error_set(err, ERANGE, "'%s' is more than this host gives a slice",
				  all[i].key);
			return error_hint(err, "'%s' says how much: tare slice cap", CAP_FILE);
		}
		if (!*all[i].value)
			*all[i].value = all[i].most;
	}
	return 0;
}

/* What might be limited by what the file said before. */
static struct slice_limits limits_so_far(const struct cgroup_root *root)
{
	struct slice_limits l = { 0 };
	const struct {
		const char *file;
		int64_t *value;
	} files[] = {
		{ CGROUP_PARENT "/memory.max", &l.memory_bytes },
		{ CGROUP_PARENT "/memory.high", &l.memory_high_bytes },
		{ CGROUP_PARENT "/cpu.max", &l.nano_cpus },
		{ CGROUP_PARENT "/cpu.weight", &l.weight },
		{ CGROUP_PARENT "/pids.max", &l.pids },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		*files[i].value = faccessat(root->fd, files[i].file, F_OK, 0) == 0;
	if (faccessat(root->fd, CGROUP_PARENT "/cpuset.cpus", F_OK, 0) == 0)
		l.cpuset_cpus[0] = '0';
	return l;
}

/**
 * cap_enforce() - Have the total of the cap file hold for all of tare's cgroups
 *
 * For cgroup_root.on_new_top, and at other times.
 */
int cap_enforce(const struct cgroup_root *root, struct error *err)
{
	struct cgroup_limits limits = { 0 };
	autofree char *cpus = NULL;
	struct slice_limits before;
	struct cap cap;
	int r = cap_read(&cap, err);

	if (r < 0 || !cap.is_there)
		return r;
	before = limits_so_far(root);
	cpus = slice_all_cpus(root);
	r = slice_limits_to_cgroup(&cap.total, &before, cpus, &limits, err);
	if (r == 0 && mkdirat(root->fd, CGROUP_PARENT, 0755) < 0 && errno != EEXIST)
		r = error_sys(err, errno, "make cgroup '%s'", CGROUP_PARENT);
	if (r == 0 && cgroup_limits_any(&limits))
		r = cgroup_update(root, CGROUP_PARENT, &(struct cgroup_change){ .limits = &limits },
				  err);
	cgroup_limits_done(&limits);
	return r < 0 ? error_wrap(err, "put cap file '%s' in force", CAP_FILE) : 0;
}
