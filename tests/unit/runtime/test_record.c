// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_record.c - Containers on disk, whole, half made and abandoned
 */
#include "runtime/record.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "base/json.h"
#include "tests/unit/scratch.h"

#define ID_A "aa11111111111111111111111111111111111111111111111111111111111111"
#define ID_B "aa22222222222222222222222222222222222222222222222222222222222222"
#define ID_C "cc33333333333333333333333333333333333333333333333333333333333333"
#define ID_D "dd44444444444444444444444444444444444444444444444444444444444444"

static bool disk_is_full;

/* In place of libc's, which is asked for new blocks with it, and not for what pwrite() changes. */
ssize_t write(int fd, const void *data, size_t len)
{
	if (!disk_is_full)
		return syscall(SYS_write, fd, data, len);
	errno = ENOSPC;
	return -1;
}

struct stores {
	struct scratch root, run;
	struct record_store s;
};

static int setup(void **state)
{
	struct stores *t = calloc(1, sizeof(*t));
	void *root = NULL, *run = NULL;

	if (scratch_setup(&root) < 0 || scratch_setup(&run) < 0)
		return -1;
	t->root = *(struct scratch *)root;
	t->run = *(struct scratch *)run;
	free(root);
	free(run);
	t->s = (struct record_store){ t->root.fd, t->run.fd, t->root.path, t->run.path };
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct stores *t = *state;

	close(t->root.fd);
	close(t->run.fd);
	(void)file_remove_tree_at(AT_FDCWD, t->root.path);
	(void)file_remove_tree_at(AT_FDCWD, t->run.path);
	free(t);
	return 0;
}

enum { NAMED = 1 << 0, VOLATILE = 1 << 1 };

static void describe(struct record *r, const char *id, const char *name, int flags)
{
	record_init(r);
	memcpy(r->id, id, sizeof(r->id));
	str_replace(&r->name, name);
	r->is_named = flags & NAMED;
	r->auto_remove = flags & VOLATILE;
}

/* The fd that record_create() returns, or its error. */
static int try_create(const struct stores *t, const char *id, const char *name, int flags,
		      struct error *err)
{
	autorecord struct record r = { 0 };
	autojson struct json *config = json_new_map();

	json_set_text(config, "Of", id);
	describe(&r, id, name, flags);
	return record_create(&t->s, &r, config, err);
}

static void create(const struct stores *t, const char *id, const char *name, int flags)
{
	struct error err = { 0 };
	int fd = try_create(t, id, name, flags, &err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	close(fd);
}

static int find(const struct stores *t, const char *operand, char *id)
{
	struct error err = { 0 };
	int r = record_find(&t->s, operand, id, &err);

	assert_int_equal(r < 0, err.msg[0] != '\0' && err.code != 0);
	return r;
}

static void expect_found(const struct stores *t, const char *operand, const char *id)
{
	char found[RECORD_ID_HEX + 1] = "";

	if (find(t, operand, found) < 0)
		fail_msg("'%s' was not found", operand);
	assert_string_equal(found, id);
}

static void expect_not_found(const struct stores *t, const char *operand, int code)
{
	char found[RECORD_ID_HEX + 1] = "untouched";

	assert_int_equal(find(t, operand, found), code);
	assert_string_equal(found, "untouched");
}

static void containers_are_found_by_name_id_and_unique_prefix(void **state)
{
	const struct stores *t = *state;

	expect_not_found(t, "web", -ENOENT);
	create(t, ID_A, "web", NAMED);
	create(t, ID_B, "db", NAMED | VOLATILE);
	create(t, ID_C, "lucky_name", 0);
	expect_found(t, "web", ID_A);
	expect_found(t, "/web", ID_A);
	expect_found(t, "db", ID_B);
	expect_found(t, "lucky_name", ID_C);
	expect_found(t, ID_B, ID_B);
	expect_found(t, "aa1", ID_A);
	expect_found(t, "aa2", ID_B);
	expect_found(t, "c", ID_C);
	expect_not_found(t, "aa", -EEXIST);
	expect_not_found(t, "ab", -ENOENT);
	expect_not_found(t, "we", -ENOENT);
	expect_not_found(t, "", -ENOENT);
	expect_not_found(t, "/", -ENOENT);
	expect_not_found(t, ID_A "1", -ENOENT);
	expect_not_found(t, "../names/web", -ENOENT);
}

static void a_name_goes_before_a_prefix(void **state)
{
	const struct stores *t = *state;

	create(t, ID_A, "cc", NAMED);
	create(t, ID_C, "other", NAMED);
	expect_found(t, "cc", ID_A);
	expect_found(t, "cc3", ID_C);
}

static void a_name_is_taken_once_in_both_stores(void **state)
{
	const struct stores *t = *state;
	struct error err = { 0 };

	for (int first = 0; first <= VOLATILE; first += VOLATILE) {
		const char *owner = first ? ID_B : ID_A, *name = first ? "two" : "one";

		create(t, owner, name, NAMED | first);
		for (int second = 0; second <= VOLATILE; second += VOLATILE) {
			assert_int_equal(try_create(t, ID_C, name, NAMED | second, &err), -EEXIST);
			assert_non_null(strstr(err.msg, first ? "aa2222222222" : "aa1111111111"));
			assert_non_null(strstr(err.hint, "tare rm"));
			expect_found(t, name, owner);
			expect_not_found(t, "cc", -ENOENT);
			assert_false(scratch_has(&t->root, "containers/" ID_C));
			assert_false(scratch_has(&t->run, "containers/" ID_C));
		}
	}
}

static void a_name_without_a_container_is_free(void **state)
{
	const struct stores *t = *state;

	assert_int_equal(mkdirat(t->s.root_fd, "names", 0700), 0);
	assert_int_equal(symlinkat(ID_A, t->s.root_fd, "names/web"), 0);
	create(t, ID_B, "web", NAMED);
	expect_found(t, "web", ID_B);
}

static void names_that_are_no_ids_mean_nothing(void **state)
{
	const struct stores *t = *state;

	create(t, ID_A, "web", NAMED);
	assert_int_equal(symlinkat("../containers/" ID_A, t->s.root_fd, "names/odd"), 0);
	assert_int_equal(symlinkat(ID_A "1", t->s.root_fd, "names/long"), 0);
	expect_not_found(t, "odd", -ENOENT);
	expect_not_found(t, "long", -ENOENT);
}

static void lists_name_every_container_once(void **state)
{
	const struct stores *t = *state;
	struct strlist ids = { 0 };
	struct error err;
	int lock;

	assert_int_equal(record_list(&t->s, &ids, &err), 0);
	assert_int_equal(ids.n, 0);
	create(t, ID_A, "a", 0);
	create(t, ID_B, "b", VOLATILE);
	lock = record_lock(&t->s, ID_A, &err);
	assert_true(lock >= 0);
	scratch_put_text(&t->root, "containers/stray", "");
	assert_int_equal(record_list(&t->s, &ids, &err), 0);
	assert_int_equal(ids.n, 2);
	assert_true(strlist_has(&ids, ID_A) && strlist_has(&ids, ID_B));
	close(lock);
	strlist_done(&ids);
}

static void records_survive_the_disk(void **state)
{
	const struct stores *t = *state;
	struct record_port ports[] = { { "udp", "127.0.0.1", 65535, 53 }, { "tcp", "", 0, 80 } };
	autorecord struct record r = { 0 }, back = { 0 };
	autojson struct json *config = json_new_map();
	struct error err;
	char **texts[] = { &r.image,   &r.image_id, &r.command, &r.reason, &r.error,
			   &r.network, &r.ip,	    &r.mac,	&r.cgroup };
	char **read[] = { &back.image,	 &back.image_id, &back.command, &back.reason, &back.error,
			  &back.network, &back.ip,	 &back.mac,	&back.cgroup };

	describe(&r, ID_A, "n\"ame", NAMED);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		free(*texts[i]);
		*texts[i] = xasprintf("text %zu \n\xc3\xa9", i);
	}
	r.created_ns = INT64_C(1790000000123456789);
	r.started_ns = r.created_ns + 1;
	r.finished_ns = r.created_ns + 2;
	r.status = RECORD_EXITED;
	r.pid = 4194304;
	r.pid_start = UINT64_C(9000000000000000000);
	r.exit_code = 137;
	r.oom_killed = true;
	r.idmap_base = 0x6fff0000;
	r.n_ports = 2;
	r.ports = xcalloc(2, sizeof(*r.ports));
	memcpy(r.ports, ports, sizeof(ports));
	close(record_create(&t->s, &r, config, &err));

	record_init(&back);
	assert_int_equal(record_read(&t->s, ID_A, &back, &err), 0);
	assert_int_equal(record_read(&t->s, back.id, &back, &err),
			 0); /* once more, by its own id */
	assert_string_equal(back.id, ID_A);
	assert_string_equal(back.id, ID_A);
	assert_string_equal(back.name, "n\"ame");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_string_equal(*texts[i], *read[i]);
	assert_int_equal(back.created_ns, r.created_ns);
	assert_int_equal(back.started_ns, r.started_ns);
	assert_int_equal(back.finished_ns, r.finished_ns);
	assert_int_equal(back.status, RECORD_EXITED);
	assert_int_equal(back.pid, r.pid);
	assert_int_equal(back.pid_start, r.pid_start);
	assert_int_equal(back.exit_code, 137);
	assert_true(back.oom_killed && back.is_named && !back.auto_remove);
	assert_int_equal(back.idmap_base, 0x6fff0000);
	assert_int_equal(back.n_ports, 2);
	assert_string_equal(back.ports[0].protocol, "udp");
	assert_string_equal(back.ports[0].host_ip, "127.0.0.1");
	assert_int_equal(back.ports[0].host_port, 65535);
	assert_int_equal(back.ports[0].container_port, 53);
	assert_int_equal(back.ports[1].host_port, 0);
}

static void every_status_has_its_word(void **state)
{
	(void)state;
	for (int i = RECORD_CREATED; i <= RECORD_EXITED; i++) {
		autorecord struct record r = { 0 }, back = { 0 };
		autojson struct json *v = NULL;
		struct error err;
		char *text;

		describe(&r, ID_A, "", VOLATILE);
		r.status = (enum record_status)i;
		text = record_to_text(&r);
		assert_non_null(strstr(text, record_status_name(r.status)));
		v = json_parse(text, strlen(text), &err);
		record_init(&back);
		record_from_json(&back, v);
		assert_int_equal(back.status, i);
		assert_true(back.auto_remove && !back.is_named && !back.oom_killed);
		free(text);
	}
}

static void an_unknown_status_is_no_state_to_act_in(void **state)
{
	static const char *const texts[] = { "{}", "{\"status\":\"frozen\"}", "{\"status\":5}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		autorecord struct record r = { 0 };
		autojson struct json *v = NULL;
		struct error err;

		v = json_parse(texts[i], strlen(texts[i]), &err);
		describe(&r, ID_A, "web", VOLATILE);
		r.ports = calloc(r.n_ports = 1, sizeof(*r.ports));
		record_from_json(&r, v); /* nothing stays of what was there */
		assert_int_equal(r.status, RECORD_EXITED);
		assert_int_equal(r.idmap_base, -1);
		assert_string_equal(r.name, "");
		assert_true(!r.n_ports && !r.ports && !r.auto_remove);
	}
}

/* A power cut leaves files without their data where nobody waited for the disk. */
static void a_damaged_record_is_made_from_the_settings(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	char id[RECORD_ID_HEX + 1];

	record_init(&r);
	create(t, ID_A, "web", NAMED);
	scratch_put_text(&t->root, "containers/" ID_A "/record.json", "");
	scratch_put_text(&t->root, "containers/" ID_A "/config.json",
			 "{\"Name\":\"web\",\"ImageID\":\"1\",\"Config\":{\"Image\":\"i\"}}");
	assert_int_equal(record_read(&t->s, ID_A, &r, &err), 0);
	assert_int_equal(r.status, RECORD_EXITED);
	assert_string_equal(r.reason, RECORD_LOST);
	assert_string_equal(r.name, "web");
	assert_string_equal(r.image, "i");
	assert_string_equal(r.image_id, "1");
	assert_true(r.created_ns > 0);
	assert_int_equal(record_remove_orphans(&t->s), 0);
	assert_int_equal(record_find(&t->s, "web", id, &err), 0);
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	assert_int_equal(record_find(&t->s, "web", id, &err), -ENOENT);
}

static void a_container_that_lost_all_can_be_removed(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	char id[RECORD_ID_HEX + 1];

	record_init(&r);
	create(t, ID_A, "web", NAMED);
	scratch_put_text(&t->root, "containers/" ID_A "/record.json", "{\"id\":");
	scratch_put_text(&t->root, "containers/" ID_A "/config.json", "");
	assert_int_equal(record_read(&t->s, ID_A, &r, &err), 0);
	assert_string_equal(r.id, ID_A);
	assert_int_equal(record_remove_orphans(&t->s), 0);
	assert_int_equal(record_find(&t->s, "web", id, &err), -ENOENT);
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	assert_int_equal(record_read(&t->s, ID_A, &r, &err), -ENOENT);
}

static void a_record_that_is_too_large_is_an_error(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	int fd;

	record_init(&r);
	create(t, ID_A, "web", NAMED);
	fd = openat(t->s.root_fd, "containers/" ID_A "/record.json", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	close(fd);
	assert_int_equal(record_read(&t->s, ID_A, &r, &err), -EFBIG);
}

static void configurations_come_back_from_either_store(void **state)
{
	const struct stores *t = *state;
	struct error err;

	create(t, ID_A, "a", 0);
	create(t, ID_B, "b", VOLATILE);
	for (int i = 0; i < 2; i++) {
		const char *id = i ? ID_B : ID_A;
		autojson struct json *v = record_read_config(&t->s, id, &err);

		assert_string_equal(json_text_or(json_get(v, "Of"), ""), id);
	}
	assert_null(record_read_config(&t->s, ID_C, &err));
	assert_int_equal(err.code, ENOENT);
}

/* --- while it runs --- */

static void expect_config(const struct stores *t, const char *id, const char *of)
{
	struct error err = { 0 };
	autojson struct json *config = record_read_config(&t->s, id, &err);

	assert_string_equal(json_text_or(json_get(config, "Of"), "?"), of);
}

static void stage(const struct stores *t, const char *id, const char *of)
{
	struct error err = { 0 };
	autojson struct json *config = json_new_map();

	json_set_text(config, "Of", of);
	if (record_stage_config(&t->s, id, config, &err) < 0)
		fail_msg("%s", err.msg);
}

static void other_configurations_count_once_they_are_exchanged(void **state)
{
	static const char *const ids[] = { ID_A, ID_B };
	struct stores *t = *state;
	struct error err = { 0 };

	create(t, ID_A, "kept", NAMED);
	create(t, ID_B, "volatile", NAMED | VOLATILE);
	for (size_t i = 0; i < 2; i++) {
		stage(t, ids[i], "others");
		expect_config(t, ids[i], ids[i]);
		record_drop_config(&t->s, ids[i]);
		assert_int_equal(record_exchange_config(&t->s, ids[i], &err), -ENOENT);
		expect_config(t, ids[i], ids[i]);
		stage(t, ids[i], "others");
		assert_int_equal(record_exchange_config(&t->s, ids[i], &err), 0);
		expect_config(t, ids[i], "others");
	}
	assert_int_equal(record_exchange_config(&t->s, ID_C, &err), -ENOENT);
}

static void changes_are_told_to_the_supervisor(void **state)
{
	struct stores *t = *state;
	struct error err = { 0 };
	int lock;

	create(t, ID_A, "updated", NAMED);
	record_mark_updated(&t->s, ID_A); /* nobody to tell */
	lock = record_lock(&t->s, ID_A, &err);
	assert_false(record_is_updated(lock));
	record_mark_updated(&t->s, ID_A);
	assert_true(record_is_updated(lock));
	record_forget_updated(lock);
	assert_false(record_is_updated(lock));
	close(lock);
}

static int write_running(const struct stores *t, const char *id, int lock)
{
	autorecord struct record r = { 0 };
	struct error err;

	describe(&r, id, "web", NAMED);
	r.status = RECORD_RUNNING;
	r.pid = 77;
	r.started_ns = 1000;
	(void)t;
	return record_write_running(lock, &r, &err);
}

static enum record_status status_of(const struct stores *t, const char *id)
{
	autorecord struct record r = { 0 };
	struct error err;

	record_init(&r);
	assert_int_equal(record_read(&t->s, id, &r, &err), 0);
	return r.status;
}

static void the_running_record_shadows_the_last_known(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock;

	create(t, ID_A, "web", NAMED);
	assert_int_equal(status_of(t, ID_A), RECORD_CREATED);
	assert_false(record_is_supervised(&t->s, ID_A));
	lock = record_lock(&t->s, ID_A, &err);
	assert_true(lock >= 0);
	assert_int_equal(status_of(t, ID_A), RECORD_CREATED);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	assert_int_equal(status_of(t, ID_A), RECORD_RUNNING);
	assert_true(record_is_supervised(&t->s, ID_A));
	assert_int_equal(record_clear_running(&t->s, ID_A), 0);
	assert_int_equal(status_of(t, ID_A), RECORD_CREATED);
	close(lock);
}

static void a_lost_supervisor_shows(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	int lock;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	close(lock);
	record_init(&r);
	assert_int_equal(record_read(&t->s, ID_A, &r, &err), 0);
	assert_int_equal(r.status, RECORD_EXITED);
	assert_int_equal(r.exit_code, 255);
	assert_int_equal(r.pid, 0);
	assert_string_equal(r.reason, "lost");
	assert_int_equal(record_read_raw(&t->s, ID_A, &r, &err), 0);
	assert_int_equal(r.status, RECORD_RUNNING);
	/* What only ROOT says to run did so before the machine was started anew. */
	assert_int_equal(record_write_started(&t->s, &r, &err), 0);
	assert_int_equal(record_clear_running(&t->s, ID_A), 0);
	assert_int_equal(record_read_raw(&t->s, ID_A, &r, &err), 0);
	assert_int_equal(r.status, RECORD_EXITED);
	assert_string_equal(r.reason, "lost");
}

static void an_abandoned_container_can_be_taken_over(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock, status;
	pid_t pid;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	close(lock);
	/* But not while somebody makes a directory: it may be this one. */
	lock = record_lock_births(&t->s, LOCK_SH);
	pid = fork();
	if (pid == 0) {
		close(lock);
		_exit(record_lock_abandoned(&t->s, ID_A) < 0);
	}
	usleep(100000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	lock = record_lock_abandoned(&t->s, ID_A);
	assert_true(lock >= 0);
	close(lock);
}

static void one_container_has_one_supervisor(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	assert_int_equal(record_lock(&t->s, ID_A, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "already running"));
	assert_int_equal(record_lock_abandoned(&t->s, ID_A), -EWOULDBLOCK);
	close(lock);
	lock = record_lock(&t->s, ID_A, &err);
	assert_true(lock >= 0);
	close(lock);
}

static void creating_a_volatile_container_is_supervising_it(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int fd;

	fd = try_create(t, ID_A, "web", NAMED | VOLATILE, &err);
	assert_true(fd >= 0);
	assert_true(record_is_supervised(&t->s, ID_A));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_false(record_is_supervised(&t->s, ID_A));
}

/* The supervisor ends while somebody waits to start the container again. */
static int start_again(void *arg)
{
	const struct stores *t = arg;
	struct error err;
	struct stat st;
	int fd = record_lock(&t->s, ID_A, &err);

	if (fd < 0)
		return 1;
	if (fstat(fd, &st) < 0 || !st.st_nlink)
		return 2;
	return record_is_supervised(&t->s, ID_A) ? 0 : 3;
}

static void who_starts_an_ending_container_waits_for_its_end(void **state)
{
	struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	int lock, status;
	pid_t pid;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	describe(&r, ID_A, "web", NAMED);
	r.status = RECORD_EXITED;
	r.started_ns = 1000;
	r.finished_ns = 500; /* the clock has been set back */
	assert_int_equal(record_write_stopped(&t->s, &r, &err), 0);
	pid = fork();
	if (pid == 0) {
		close(lock);
		_exit(start_again(t));
	}
	usleep(100000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(record_clear_running(&t->s, ID_A), 0);
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_end_is_on_disk_before_the_running_record_goes(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	int lock;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	describe(&r, ID_A, "web", NAMED);
	r.status = RECORD_EXITED;
	r.exit_code = 3;
	assert_int_equal(record_write_stopped(&t->s, &r, &err), 0);
	assert_int_equal(status_of(t, ID_A), RECORD_RUNNING);
	assert_int_equal(record_clear_running(&t->s, ID_A), 0);
	assert_int_equal(status_of(t, ID_A), RECORD_EXITED);
	close(lock);
}

static void on_a_full_disk_the_end_takes_the_place_of_what_was(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 }, found = { 0 };
	struct error err;
	int ret;

	create(t, ID_A, "web", NAMED);
	describe(&r, ID_A, "web", NAMED);
	str_replace(&r.image, "an image with quite a long name");
	assert_int_equal(record_write_stopped(&t->s, &r, &err), 0);
	str_replace(&r.image, "");
	r.status = RECORD_EXITED;
	r.exit_code = 3;
	disk_is_full = true;
	ret = record_write_stopped(&t->s, &r, &err);
	disk_is_full = false;
	assert_int_equal(ret, 0);
	record_init(&found);
	assert_int_equal(record_read(&t->s, ID_A, &found, &err), 0);
	assert_int_equal(found.status, RECORD_EXITED);
	assert_int_equal(found.exit_code, 3);
	assert_string_equal(found.name, "web");
}

static void who_waits_for_a_volatile_container_learns_its_code(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;
	char *text;

	create(t, ID_A, "web", VOLATILE);
	scratch_put_text(&t->run, "containers/" ID_A "/exit", "");
	describe(&r, ID_A, "web", VOLATILE);
	r.status = RECORD_EXITED;
	r.exit_code = 42;
	assert_int_equal(record_write_stopped(&t->s, &r, &err), 0);
	text = scratch_get(&t->run, "containers/" ID_A "/exit");
	assert_string_equal(text, "42\n");
	free(text);
	assert_int_equal(record_write_stopped(&t->s, &(struct record){ .id = ID_C }, &err),
			 -ENOENT);
}

static void stopping_is_told_to_the_supervisor(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock;

	record_mark_stopping(&t->s, ID_A);
	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_false(record_is_stopping(lock));
	assert_false(record_is_marked(lock));
	record_mark_stopping(&t->s, ID_A);
	assert_true(record_is_stopping(lock));
	assert_true(record_is_marked(lock));
	close(lock);
}

static void a_reader_never_sees_half_a_record(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock, reader;
	char byte;

	create(t, ID_A, "web", NAMED);
	lock = record_lock(&t->s, ID_A, &err);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	reader = openat(lock, "record.json", O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(write_running(t, ID_A, lock), 0);
	assert_int_equal(read(reader, &byte, 1), 1); /* replaced, not written over */
	{
		struct stat st;

		assert_int_equal(fstat(reader, &st), 0);
		assert_int_equal(st.st_nlink, 0);
	}
	close(reader);
	close(lock);
}

/* --- the end --- */

static void removal_frees_the_name_and_keeps_the_files_for_later(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;

	create(t, ID_A, "web", NAMED);
	describe(&r, ID_A, "web", NAMED);
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	expect_not_found(t, "web", -ENOENT);
	expect_not_found(t, ID_A, -ENOENT);
	assert_true(scratch_has(&t->root, "trash/" ID_A "/config.json"));
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	create(t, ID_B, "web", NAMED);
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	expect_found(t, "web", ID_B);
	assert_true(scratch_has(&t->root, "names/web"));
}

static void a_volatile_container_leaves_nothing(void **state)
{
	const struct stores *t = *state;
	autorecord struct record r = { 0 };
	struct error err;

	create(t, ID_A, "web", NAMED | VOLATILE);
	describe(&r, ID_A, "web", NAMED | VOLATILE);
	assert_int_equal(record_remove(&t->s, &r, &err), 0);
	assert_false(scratch_has(&t->run, "containers/" ID_A));
	assert_false(scratch_has(&t->run, "names/web"));
	assert_false(scratch_has(&t->root, "trash"));
}

static void orphans_go_and_containers_stay(void **state)
{
	const struct stores *t = *state;
	struct error err;
	int lock;

	create(t, ID_A, "web", NAMED);
	assert_int_equal(mkdirat(t->s.root_fd, "containers/" ID_B, 0700), 0);
	assert_int_equal(symlinkat(ID_B, t->s.root_fd, "names/half"), 0);
	assert_int_equal(symlinkat(ID_D, t->s.root_fd, "names/dead"), 0);
	assert_int_equal(mkdirat(t->s.run_fd, "names", 0700), 0);
	assert_int_equal(symlinkat(ID_D, t->s.run_fd, "names/gone"), 0);
	assert_int_equal(symlinkat(ID_A, t->s.run_fd, "names/web"), 0);
	assert_int_equal(symlinkat(ID_A, t->s.run_fd, "names/former"), 0);
	lock = record_lock(&t->s, ID_C, &err); /* only in RUNROOT: not an orphan of ROOT */
	assert_int_equal(mkdirat(t->s.root_fd, "containers/" ID_C, 0700), 0);
	assert_int_equal(record_remove_orphans(&t->s), 0);
	assert_true(scratch_has(&t->root, "containers/" ID_A));
	assert_false(scratch_has(&t->root, "containers/" ID_B));
	assert_true(scratch_has(&t->root, "containers/" ID_C));
	assert_true(scratch_has(&t->root, "names/web"));
	assert_false(scratch_has(&t->root, "names/half"));
	assert_false(scratch_has(&t->root, "names/dead"));
	assert_false(scratch_has(&t->run, "names/gone"));
	assert_true(scratch_has(&t->run, "names/web"));
	assert_false(scratch_has(&t->run, "names/former")); /* of a rename that was killed */
	close(lock);
}

static void who_makes_a_directory_keeps_the_sweep_waiting(void **state)
{
	const struct stores *t = *state;
	int first = record_lock_births(&t->s, LOCK_SH);
	int second = record_lock_births(&t->s, LOCK_SH);
	int sweep = openat(t->s.run_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(first >= 0 && second >= 0);
	assert_int_equal(file_lock(sweep, LOCK_EX | LOCK_NB), -EWOULDBLOCK);
	close(first);
	close(second);
	first = record_lock_births(&t->s, LOCK_EX);
	assert_int_equal(file_lock(sweep, LOCK_SH | LOCK_NB), -EWOULDBLOCK);
	close(first);
	close(sweep);
}

#define store_test(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(containers_are_found_by_name_id_and_unique_prefix),
		store_test(a_name_goes_before_a_prefix),
		store_test(a_name_is_taken_once_in_both_stores),
		store_test(a_name_without_a_container_is_free),
		store_test(names_that_are_no_ids_mean_nothing),
		store_test(lists_name_every_container_once),
		store_test(records_survive_the_disk),
		cmocka_unit_test(every_status_has_its_word),
		cmocka_unit_test(an_unknown_status_is_no_state_to_act_in),
		store_test(a_damaged_record_is_made_from_the_settings),
		store_test(a_container_that_lost_all_can_be_removed),
		store_test(a_record_that_is_too_large_is_an_error),
		store_test(configurations_come_back_from_either_store),
		store_test(other_configurations_count_once_they_are_exchanged),
		store_test(changes_are_told_to_the_supervisor),
		store_test(the_running_record_shadows_the_last_known),
		store_test(a_lost_supervisor_shows),
		store_test(an_abandoned_container_can_be_taken_over),
		store_test(one_container_has_one_supervisor),
		store_test(creating_a_volatile_container_is_supervising_it),
		store_test(who_starts_an_ending_container_waits_for_its_end),
		store_test(the_end_is_on_disk_before_the_running_record_goes),
		store_test(on_a_full_disk_the_end_takes_the_place_of_what_was),
		store_test(who_waits_for_a_volatile_container_learns_its_code),
		store_test(stopping_is_told_to_the_supervisor),
		store_test(a_reader_never_sees_half_a_record),
		store_test(removal_frees_the_name_and_keeps_the_files_for_later),
		store_test(a_volatile_container_leaves_nothing),
		store_test(orphans_go_and_containers_stay),
		store_test(who_makes_a_directory_keeps_the_sweep_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
