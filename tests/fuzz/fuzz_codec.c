// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_codec - Compressed streams, by what their first bytes say they are
 */
#include "base/error.h"
#include "image/codec.h"
#include "tests/fuzz/fuzz.h"

#define READ_MAX (1 << 20)

struct input {
	const uint8_t *data;
	size_t len;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;
	size_t n = in->len < 1000 ? in->len : 1000;

	(void)err;
	*data = in->data;
	*len = n;
	in->data += n;
	in->len -= n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct codec *c = codec_new(codec_detect(data, size), fill, &in);
	const unsigned char *piece;
	struct error err;
	size_t len = 0, total = 0;

	while (total < READ_MAX && codec_read(c, &piece, &len, &err) >= 0 && len)
		total += len;
	codec_free(c);
	return 0;
}
