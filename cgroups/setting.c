// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/setting.c - One control file: written, read back, compared
 *
 * A successful write does not mean that the kernel took the value: it rounds,
 * clamps and, for cpusets, may hand out something else altogether. What is
 * read back is therefore compared, with what the kernel is known to change
 * being allowed for.
 */
#include "cgroups/setting.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define CONTROL_MAX_BYTES (64U << 10)

/** cgroup_settings_free() - Free a plan and all its settings; NULL is fine */
void cgroup_settings_free(struct cgroup_setting *settings, size_t n)
{
	for (size_t i = 0; settings && i < n; i++) {
		free(settings[i].file);
		free(settings[i].value);
		free(settings[i].fallback_file);
		free(settings[i].fallback_value);
	}
	free(settings);
}

static int read_control(int dirfd, const char *file, char **text, struct error *err)
{
	size_t len;
	int r = file_read_at(dirfd, file, CONTROL_MAX_BYTES, text, &len, err);

	while (r == 0 && len && (*text)[len - 1] == '\n')
		(*text)[--len] = '\0';
	return r;
}

/** cgroup_read_control() - A control file without its last newline, to be freed; NULL: none */
char *cgroup_read_control(int dirfd, const char *file)
{
	struct error ignored; /* whoever needs it writes it, too, and hears why not */
	char *text = NULL;

	(void)read_control(dirfd, file, &text, &ignored);
	return text;
}

static bool is_cpuset_list(const char *file)
{
	return !strcmp(file, "cpuset.cpus") || !strcmp(file, "cpuset.mems");
}

static bool same_list(const char *a, const char *b)
{
	struct cpulist list_a, list_b;

	return cpulist_parse(&list_a, a) && cpulist_parse(&list_b, b) &&
	       !memcmp(&list_a, &list_b, sizeof(list_a));
}

/** cgroup_parse_size() - A number with the suffix that the kernel's memparse() takes: "64m" */
bool cgroup_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "kmgt";
	char number[32];
	size_t len = strlen(text);
	const char *suffix;
	unsigned int shift = 0;

	if (len == 0 || len >= sizeof(number))
		return false;
	memcpy(number, text, len + 1);
	suffix = strchr(suffixes, number[len - 1] | 0x20);
	if (suffix) {
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
		number[len - 1] = '\0';
	}
	if (str_parse_u64(number, UINT64_MAX >> shift, value) < 0)
		return false;
	*value <<= shift;
	return true;
}

/* "hugetlb.2MB.max" counts in pages of 2 MiB. */
static uint64_t page_of(const char *file)
{
	char size[16];
	uint64_t bytes;

	if (!str_starts(file, "hugetlb."))
		return (uint64_t)sysconf(_SC_PAGESIZE);
	file += strlen("hugetlb.");
	snprintf(size, sizeof(size), "%.*s", (int)strcspn(file, "B."), file);
	return cgroup_parse_size(size, &bytes) ? bytes : 0;
}

/* Memory is counted in pages: the kernel rounds down, we would accept up as well. */
static bool same_size(const char *asked, const char *got, uint64_t page)
{
	uint64_t a, b;

	if (!cgroup_parse_size(asked, &a) || !cgroup_parse_size(got, &b))
		return false;
	if (a == b)
		return true;
	return b != 0 && (b > a ? b - a : a - b) < page;
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(line, word); p; p = strstr(p + 1, word))
		if ((p == line || p[-1] == ' ') && (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

/* "8:0 rbps=1048576" holds in the line "8:0 rbps=1048576 wbps=max riops=max wiops=max". */
static bool line_has_words(const char *line, const struct strlist *words)
{
	size_t key = words->n ? strlen(words->items[0]) : 0;

	if (!key || strncmp(line, words->items[0], key) != 0 || (line[key] && line[key] != ' ') ||
	    str_starts(line + key, " invalid")) /* cpuset.cpus.partition: "root invalid (…)" */
		return false;
	for (size_t i = 1; i < words->n; i++)
		if (!has_word(line, words->items[i]))
			return false;
	return true;
}

/* A nested-keyed file drops the line of a device that has no limit left. */
static bool is_no_limit(const struct strlist *words)
{
	for (size_t i = 1; i < words->n; i++)
		if (!str_ends(words->items[i], "=max"))
			return false;
	return words->n > 1 && strchr(words->items[0], ':');
}

/**
 * cgroup_setting_holds() - Whether the kernel made of a setting what was asked for
 * @read_back:	The control file's content after the write
 *
 * Allowed for: page rounding of memory sizes, "0,1" for "0-1" in lists, the
 * "default " of weights, and lines that say more than was asked.
 */
bool cgroup_setting_holds(const struct cgroup_setting *setting, const char *read_back)
{
	autostrlist struct strlist lines = { 0 }, words = { 0 };

	strlist_split(&lines, read_back, '\n');
	strlist_split(&words, setting->value, ' ');
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.items[i];

		if (is_cpuset_list(setting->file)) {
			if (same_list(setting->value, line))
				return true;
			continue;
		}
		if (!strcmp(setting->value, line) || line_has_words(line, &words))
			return true;
		if (str_starts(line, "default ") &&
		    !strcmp(setting->value, line + strlen("default ")))
			return true;
		if ((setting->controller == CGROUP_MEMORY ||
		     setting->controller == CGROUP_HUGETLB) &&
		    same_size(setting->value, line, page_of(setting->file)))
			return true;
	}
	return is_no_limit(&words);
}

static int compare(int dirfd, const struct cgroup_setting *setting, const char *file,
		   struct error *err)
{
	autofree char *text = NULL;
	int r = read_control(dirfd, file, &text, err);

	if (r < 0)
		return error_wrap(err, "check %s", setting->option);
	if (cgroup_setting_holds(setting, text))
		return 0;
	return error_set(err, ERANGE, "set '%s' to '%s' (%s): the kernel made it '%s' in '%s'",
			 setting->file, setting->value, setting->option, text, file);
}

static int apply_fallback(int dirfd, const struct cgroup_setting *setting, struct error *err)
{
	struct cgroup_setting other = *setting;

	other.file = setting->fallback_file;
	other.value = setting->fallback_value;
	other.fallback_file = other.fallback_value = NULL;
	return cgroup_setting_apply(dirfd, &other, err);
}

/**
 * cgroup_setting_apply() - Write one control file and check what became of it
 * @dirfd:	The cgroup; its parent passes the controller on
 *
 * Return: 0; -ERANGE if the kernel made something else of it; -errno of the
 * write. A missing file is 0 for optional settings.
 */
int cgroup_setting_apply(int dirfd, const struct cgroup_setting *setting, struct error *err)
{
	autofree char *effective = NULL;
	int r;

	r = file_write_at(dirfd, setting->file, setting->value);
	if (r == -ENOENT && setting->fallback_file)
		return apply_fallback(dirfd, setting, err);
	if (r == -ENOENT && (setting->optional || setting->file_is_optional))
		return 0;
	if (r == -ENOENT)
		return error_set(err, EOPNOTSUPP, "%s on this host: the kernel has no '%s'",
				 setting->option, setting->file);
	effective = is_cpuset_list(setting->file) ? xasprintf("%s.effective", setting->file) : NULL;
	if (r < 0) {
		autofree char *there = effective ? cgroup_read_control(dirfd, effective) : NULL;

		error_sys(err, -r, "set '%s' to '%s' (%s)", setting->file, setting->value,
			  setting->option);
		return there ? error_hint(err, "there are %s", there) : -err->code;
	}
	if (setting->unchecked)
		return 0;
	r = compare(dirfd, setting, setting->file, err);
	/* The file repeats what was asked; what the cgroup got beside its parent's is elsewhere. */
	return r < 0 || !effective ? r : compare(dirfd, setting, effective, err);
}
