// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_volume.c - -v, --mount and --tmpfs in all their forms
 */
#include "cmd/volume.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "tests/unit/scratch.h"

typedef int parse(struct settings *s, const char *spec, struct error *err);

enum { RO = 1, FLAT = 2, NO_IDMAP = 4, ANONYMOUS = 8 };

/* source "": a volume called @name, or with a generated name. */
struct expectation {
	parse *parse;
	const char *spec, *source, *name, *target;
	int flags;
};

static void expect(const struct expectation *e)
{
	struct settings s = { 0 };
	struct error err = { 0 };
	const struct settings_mount *m;

	if (e->parse(&s, e->spec, &err) < 0)
		fail_msg("'%s': %s", e->spec, err.msg);
	assert_int_equal(s.n_mounts, 1);
	m = &s.mounts[0];
	assert_string_equal(m->source, e->source);
	assert_string_equal(m->target, e->target);
	if (e->flags & ANONYMOUS)
		assert_true(strlen(m->name) == 64 && str_is_hex(m->name, 64));
	else
		assert_string_equal(m->name, e->name);
	if (m->read_only != !!(e->flags & RO) || m->recursive != !(e->flags & FLAT) ||
	    m->idmap != !(e->flags & NO_IDMAP) || m->anonymous != !!(e->flags & ANONYMOUS))
		fail_msg("'%s' has the wrong flags", e->spec);
	assert_false(m->fresh);
	settings_done(&s);
}

static void every_form_of_a_volume_is_understood(void **state)
{
	static const struct expectation forms[] = {
		{ volume_parse, "/data", "", "", "/data", ANONYMOUS },
		{ volume_parse, "db:/data", "", "db", "/data", 0 },
		{ volume_parse, "9.A_z-:/data:ro", "", "9.A_z-", "/data", RO },
		{ volume_parse, "/usr:/data", "/usr", "", "/data", 0 },
		{ volume_parse, "/usr/../usr/./bin:/d", "/usr/bin", "", "/d", 0 },
		{ volume_parse, "/usr:/data:ro,rw", "/usr", "", "/data", 0 },
		{ volume_parse, "/usr:/data:readonly", "/usr", "", "/data", RO },
		{ volume_parse, "/usr:/data:bind,noidmap", "/usr", "", "/data", FLAT | NO_IDMAP },
		{ volume_parse, "/usr:/data:z,rbind,rprivate,ro", "/usr", "", "/data", RO },
		{ volume_parse, "/usr:/data:", "/usr", "", "/data", 0 },
		{ volume_parse, "/usr:/a//b/./c/", "/usr", "", "/a/b/c", 0 },
		{ volume_parse, "/usr:/dev/x", "/usr", "", "/dev/x", 0 },
		{ volume_parse_mount, "type=bind,source=/usr,target=/d", "/usr", "", "/d", 0 },
		{ volume_parse_mount, "type=bind,src=/usr,dst=/d,ro", "/usr", "", "/d", RO },
		{ volume_parse_mount, "destination=/d,type=volume,source=db,readonly=true", "",
		  "db", "/d", RO },
		{ volume_parse_mount, "source=db,target=/d,readonly=false", "", "db", "/d", 0 },
		{ volume_parse_mount, "target=/d,noidmap", "", "", "/d", ANONYMOUS | NO_IDMAP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		expect(&forms[i]);
}

static void what_is_no_volume_is_refused_in_words(void **state)
{
	static const struct {
		parse *parse;
		const char *spec, *says;
	} cases[] = {
		{ volume_parse, "", "not [SOURCE:]TARGET[:OPTIONS]" },
		{ volume_parse, "a:/b:ro:x", "not [SOURCE:]TARGET[:OPTIONS]" },
		{ volume_parse, "data", "'data' is no absolute path" },
		{ volume_parse, "db:data", "'data' is no absolute path" },
		{ volume_parse, "/usr:", "'' is no absolute path" },
		{ volume_parse, ":/data", "'' is neither a volume name nor a path" },
		{ volume_parse, "a b:/data", "'a b' is neither a volume name nor a path" },
		{ volume_parse, "a/b:/data", "'a/b' is neither a volume name nor a path" },
		{ volume_parse, ".hidden:/data", "neither a volume name nor a path" },
		{ volume_parse, "/no/such/place:/data", "mount '/no/such/place': No such file" },
		{ volume_parse, "./no-such-place:/data", "mount './no-such-place': No such file" },
		{ volume_parse, "/usr:/a/../b", "contains '..'" },
		{ volume_parse, "/usr:/", "'/' is the container's own" },
		{ volume_parse, "/usr://", "is the container's own" },
		{ volume_parse, "/usr:/proc", "is the container's own" },
		{ volume_parse, "/usr:/./dev/", "is the container's own" },
		{ volume_parse, "/usr:/sys/", "is the container's own" },
		{ volume_parse, "/usr:/data:shared", "option 'shared' is not supported" },
		{ volume_parse, "/usr:/data:ro,,rw", "option '' is not supported" },
		{ volume_parse_mount, "", "has no target=" },
		{ volume_parse_mount, "type=bind,source=/usr", "has no target=" },
		{ volume_parse_mount, "type=bind,target=/d", "has no source=" },
		{ volume_parse_mount, "type=npipe,source=/usr,target=/d", "type 'npipe' is not" },
		{ volume_parse_mount, "type=bind,source=/usr,target", "option 'target' is not" },
		{ volume_parse_mount, "type=bind,color=red", "option 'color' is not supported" },
		{ volume_parse_mount, "source=/no/such,target=/d,type=bind", "No such file" },
		{ volume_parse_mount, "source=db,target=d", "'d' is no absolute path" },
		{ volume_parse_mount, "type=bind,source=db,target=/d", "source 'db' is no path" },
		{ volume_parse_mount, "source=/usr,target=/d", "'/usr' is no name of a volume" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings s = { 0 };
		struct error err = { 0 };

		if (cases[i].parse(&s, cases[i].spec, &err) >= 0)
			fail_msg("'%s' was accepted", cases[i].spec);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("'%s': %s", cases[i].spec, err.msg);
		assert_int_equal(s.n_mounts, 0);
		settings_done(&s);
	}
}

static void volume_names_are_bounded(void **state)
{
	char spec[160];

	(void)state;
	for (size_t n = 128; n <= 129; n++) {
		struct settings s = { 0 };
		struct error err;

		memset(spec, 'n', n);
		strcpy(spec + n, ":/d");
		assert_int_equal(volume_parse(&s, spec, &err), n == 128 ? 0 : -EINVAL);
		settings_done(&s);
	}
}

static void relative_sources_are_found_from_here(void **state)
{
	const struct scratch *s = *state;
	struct settings settings = { 0 };
	struct error err;
	char *here = getcwd(NULL, 0);

	assert_int_equal(mkdirat(s->fd, "sub", 0700), 0);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(volume_parse(&settings, "./sub:/d", &err), 0);
	assert_int_equal(volume_parse(&settings, ".:/e", &err), 0);
	assert_int_equal(chdir(here), 0);
	assert_memory_equal(settings.mounts[0].source, s->path, strlen(s->path));
	assert_string_equal(settings.mounts[0].source + strlen(s->path), "/sub");
	assert_string_equal(settings.mounts[1].source, s->path);
	settings_done(&settings);
	free(here);
}

static void an_image_volume_gives_way_to_what_is_there(void **state)
{
	struct settings s = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(volume_parse(&s, "db:/data", &err), 0);
	strlist_add(&s.tmpfs, "/cache/:size=1m");
	assert_int_equal(volume_add_anonymous(&s, "/data/", &err), 0);
	assert_int_equal(volume_add_anonymous(&s, "//cache", &err), 0);
	assert_int_equal(s.n_mounts, 1);
	assert_int_equal(volume_add_anonymous(&s, "/other/", &err), 0);
	assert_int_equal(s.n_mounts, 2);
	assert_string_equal(s.mounts[1].target, "/other");
	assert_true(s.mounts[1].anonymous && s.mounts[1].recursive && s.mounts[1].idmap);
	assert_int_equal(volume_add_anonymous(&s, "/proc", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "volume of the image"));
	assert_int_equal(volume_add_anonymous(&s, "relative", &err), -EINVAL);
	settings_done(&s);
}

static void volumes_are_made_once_and_keep_what_is_in_them(void **state)
{
	const struct scratch *s = *state;
	struct settings settings = { 0 };
	struct error err = { 0 };
	char expected[128];

	assert_int_equal(volume_parse(&settings, "db:/data", &err), 0);
	assert_int_equal(volume_parse(&settings, "/usr:/usr", &err), 0);
	assert_int_equal(volume_parse(&settings, "/anonymous", &err), 0);
	volume_locate(&settings, s->path);
	snprintf(expected, sizeof(expected), "%s/volumes/db/_data", s->path);
	assert_string_equal(settings.mounts[0].source, expected);
	assert_string_equal(settings.mounts[1].source, "/usr");
	assert_int_equal(volume_make(&settings, s->fd, &err), 0);
	assert_true(settings.mounts[0].fresh && settings.mounts[2].fresh);
	assert_false(settings.mounts[1].fresh);
	scratch_put_text(s, "volumes/db/_data/file", "kept");
	assert_int_equal(volume_make(&settings, s->fd, &err), 0);
	assert_false(settings.mounts[0].fresh);
	assert_true(settings.mounts[2].fresh); /* still empty */
	assert_true(scratch_has(s, "volumes/db/_data/file"));
	settings_done(&settings);
}

static void only_anonymous_volumes_go_with_the_container(void **state)
{
	const struct scratch *s = *state;
	struct settings settings = { 0 };
	struct error err = { 0 };
	char path[128];

	assert_int_equal(volume_parse(&settings, "db:/data", &err), 0);
	assert_int_equal(volume_parse(&settings, "/anonymous", &err), 0);
	assert_int_equal(volume_make(&settings, s->fd, &err), 0);
	snprintf(path, sizeof(path), "volumes/%s", settings.mounts[1].name);
	assert_true(scratch_has(s, path));
	volume_remove_anonymous(&settings, s->fd);
	assert_false(scratch_has(s, path));
	assert_true(scratch_has(s, "volumes/db/_data"));
	settings_done(&settings);
}

/* --- tmpfs --- */

#define NOSUID SYS_MOUNT_ATTR_NOSUID
#define NODEV  SYS_MOUNT_ATTR_NODEV
#define NOEXEC SYS_MOUNT_ATTR_NOEXEC
#define RDONLY SYS_MOUNT_ATTR_RDONLY

static void every_form_of_a_tmpfs_is_understood(void **state)
{
	static const struct {
		const char *spec, *target, *data;
		uint64_t attributes;
	} forms[] = {
		{ "/run", "/run", "mode=1777", NOSUID | NODEV | NOEXEC },
		{ "/run/:", "/run", "mode=1777", NOSUID | NODEV | NOEXEC },
		{ "/a:rw,exec,suid", "/a", "mode=1777", NODEV },
		{ "/a:exec,noexec,suid,nosuid,nodev", "/a", "mode=1777", NOSUID | NODEV | NOEXEC },
		{ "/a:ro", "/a", "mode=1777", NOSUID | NODEV | NOEXEC | RDONLY },
		{ "/a:ro,rw", "/a", "mode=1777", NOSUID | NODEV | NOEXEC },
		{ "/a:size=64m,mode=755,uid=5,gid=6,nr_inodes=100", "/a",
		  "mode=1777 size=64m mode=755 uid=5 gid=6 nr_inodes=100",
		  NOSUID | NODEV | NOEXEC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct config_mount m = { 0 };
		struct error err = { 0 };
		char *data;

		if (volume_parse_tmpfs(forms[i].spec, &m, &err) < 0)
			fail_msg("'%s': %s", forms[i].spec, err.msg);
		assert_int_equal(m.kind, CONFIG_MOUNT_TMPFS);
		assert_string_equal(m.target, forms[i].target);
		assert_int_equal(m.attributes, forms[i].attributes);
		data = strlist_join(&m.data, " ");
		assert_string_equal(data, forms[i].data);
		free(data);
		free(m.target);
		strlist_done(&m.data);
	}
}

static void what_is_no_tmpfs_is_refused(void **state)
{
	static const char *const specs[] = { "",	 "run",	    ":size=1m",
					     "/",	 "/proc",   "/a/../b",
					     "/a:dev",	 "/a:size", "/a:huge=always",
					     "/a:ro,,rw" };

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct config_mount m = { 0 };
		struct error err = { 0 };

		if (volume_parse_tmpfs(specs[i], &m, &err) != -EINVAL)
			fail_msg("'%s' was accepted", specs[i]);
		assert_null(m.target);
	}
}

static void a_mount_of_type_tmpfs_is_a_tmpfs(void **state)
{
	struct settings s = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(volume_parse_mount(&s, "type=tmpfs,target=/a", &err), 0);
	assert_int_equal(
		volume_parse_mount(&s, "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=0700", &err), 0);
	assert_int_equal(volume_parse_mount(&s, "type=tmpfs,dst=/c,ro", &err), 0);
	assert_int_equal(s.n_mounts, 0);
	assert_string_equal(s.tmpfs.items[0], "/a:rw");
	assert_string_equal(s.tmpfs.items[1], "/b:rw,size=1m,mode=0700");
	assert_string_equal(s.tmpfs.items[2], "/c:ro");
	settings_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_volume_is_understood),
		cmocka_unit_test(what_is_no_volume_is_refused_in_words),
		cmocka_unit_test(volume_names_are_bounded),
		scratch_test(relative_sources_are_found_from_here),
		cmocka_unit_test(an_image_volume_gives_way_to_what_is_there),
		scratch_test(volumes_are_made_once_and_keep_what_is_in_them),
		scratch_test(only_anonymous_volumes_go_with_the_container),
		cmocka_unit_test(every_form_of_a_tmpfs_is_understood),
		cmocka_unit_test(what_is_no_tmpfs_is_refused),
		cmocka_unit_test(a_mount_of_type_tmpfs_is_a_tmpfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
