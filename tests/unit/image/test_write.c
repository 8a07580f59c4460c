// SPDX-License-Identifier: Apache-2.0
/* Archives as written, read back by the loader's own reader. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/codec.h"
#include "image/plan.h"
#include "image/source.h"
#include "image/write.h"

#define CONTENT "what the layer holds, more than once: what the layer holds, once more"

static int sink(void *arg, const void *data, size_t len, struct error *err)
{
	(void)err;
	str_append(arg, data, len);
	return 0;
}

static void make_layer(int fd, enum layer_compression compression, struct layer_blob *out)
{
	struct layer_writer *w;
	struct error err;

	assert_int_equal(layer_writer_new(fd, compression, &w, &err), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(layer_writer_sink(w, CONTENT, strlen(CONTENT), &err), 0);
	assert_int_equal(layer_writer_finish(w, out, &err), 0);
	layer_writer_free(w);
}

static void write_archive(struct str *out, enum layer_compression compression,
			  const char *first_name)
{
	struct strlist names = { 0 };
	autoclose int fd = memfd_create("layer", MFD_CLOEXEC);
	struct writer *w = writer_new();
	struct layer_blob layers[2];
	autostr struct str config = { 0 };
	struct error err;

	assert_true(fd >= 0);
	make_layer(fd, compression, &layers[0]);
	layers[1] = layers[0];
	str_printf(&config,
		   "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		   "\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
		   layers[0].diff_id.hex, layers[0].diff_id.hex);
	strlist_add(&names, first_name);
	strlist_add(&names, "localhost/b:2");
	assert_int_equal(writer_add(w,
				    &(struct write_image){ .config = config.data,
							   .config_len = config.len,
							   .layers = layers,
							   .n_layers = 2,
							   .names = &names },
				    NULL, &err),
			 0);
	assert_int_equal(writer_finish(w, sink, out, &err), 0);
	writer_free(w);
	strlist_done(&names);
}

static void same_image_gives_the_same_bytes(void **state)
{
	(void)state;
	for (enum layer_compression c = LAYER_PLAIN; c <= LAYER_GZIP; c++) {
		autostr struct str a = { 0 }, b = { 0 }, other = { 0 };

		write_archive(&a, c, "docker.io/library/a:1");
		write_archive(&b, c, "docker.io/library/a:1");
		write_archive(&other, c, "docker.io/library/z:1");
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		assert_memory_not_equal(a.data, other.data, a.len);
	}
}

static void read_back(const struct str *archive, const char *hidden, struct plan *plan)
{
	static const struct source_limits limits = { 1U << 30, 100 };
	autoclose int fd = memfd_create("archive", MFD_CLOEXEC);
	struct plan_platform platform = { .os = "linux", .architecture = "amd64" };
	autofree char *data = xmalloc(archive->len);
	struct source *source;
	struct error err;
	char *at;

	memcpy(data, archive->data, archive->len);
	/* Renamed in its header, whose checksum counts bytes: swap two of them. */
	at = hidden ? memmem(data, archive->len, hidden, strlen(hidden)) : NULL;
	if (at) {
		char c = at[0];

		at[0] = at[1];
		at[1] = c;
	}
	assert_int_equal(file_write_fd(fd, data, archive->len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(source_open(fd, AT_FDCWD, &limits, &source, &err), 0);
	assert_int_equal(plan_read(source, &platform, plan, &err), 0);
	source_close(source);
}

static void both_formats_name_the_same_image(void **state)
{
	autostr struct str archive = { 0 };
	struct plan oci = { 0 }, docker = { 0 };

	(void)state;
	write_archive(&archive, LAYER_GZIP, "docker.io/library/a:1");
	read_back(&archive, NULL, &oci);
	read_back(&archive, "index.json", &docker);
	for (size_t i = 0; i < docker.n; i++) {
		assert_string_equal(docker.images[i].config_digest.hex,
				    oci.images[0].config_digest.hex);
		assert_int_equal(docker.images[i].n_layers, 2);
	}
	assert_int_equal(oci.n, 1);
	assert_int_equal(docker.n, 1);
	assert_string_equal(oci.images[0].names.items[0], "docker.io/library/a:1");
	assert_string_equal(oci.images[0].names.items[1], "localhost/b:2");
	assert_int_equal(docker.images[0].names.n, 2);
	plan_done(&oci);
	plan_done(&docker);
}

static void a_layer_that_occurs_twice_is_there_once(void **state)
{
	autostr struct str archive = { 0 };
	struct layer_blob layer;
	autoclose int fd = memfd_create("layer", MFD_CLOEXEC);

	(void)state;
	make_layer(fd, LAYER_PLAIN, &layer);
	write_archive(&archive, LAYER_PLAIN, "docker.io/library/a:1");
	assert_true(archive.len > layer.size && archive.len < 2 * layer.size);
}

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct str *s = arg;

	(void)err;
	*data = (const unsigned char *)s->data;
	*len = s->len;
	s->len = 0;
	return 0;
}

static void compressed_layers_inflate_to_their_diff_id(void **state)
{
	(void)state;
	for (enum layer_compression c = LAYER_PLAIN; c <= LAYER_GZIP; c++) {
		autoclose int fd = memfd_create("layer", MFD_CLOEXEC);
		struct digest_hash *hash = digest_hash_new(DIGEST_SHA256);
		struct str blob = { 0 };
		const unsigned char *data;
		struct layer_blob layer;
		struct codec *codec;
		struct digest have;
		struct error err;
		char *owned;
		size_t len;

		make_layer(fd, c, &layer);
		blob.data = owned = xmalloc(layer.size);
		blob.len = layer.size;
		assert_int_equal(pread(fd, blob.data, layer.size, 0), layer.size);
		digest_of_buffer(blob.data, layer.size, &have);
		assert_string_equal(have.hex, layer.blob.hex);
		assert_int_equal(codec_detect((unsigned char *)blob.data, blob.len),
				 (enum codec_kind)c);
		codec = codec_new((enum codec_kind)c, fill, &blob);
		while (codec_read(codec, &data, &len, &err) == 0 && len)
			digest_hash_update(hash, data, len);
		codec_free(codec);
		digest_hash_finish(hash, &have);
		digest_hash_free(hash);
		assert_string_equal(have.hex, layer.diff_id.hex);
		free(owned);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_image_gives_the_same_bytes),
		cmocka_unit_test(both_formats_name_the_same_image),
		cmocka_unit_test(a_layer_that_occurs_twice_is_there_once),
		cmocka_unit_test(compressed_layers_inflate_to_their_diff_id),
	};

	return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
