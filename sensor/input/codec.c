#include "sensor/input/codec.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/sys.h"

#define CHUNK (256u << 10)

#define CODEC(name) extern const struct codec codec_##name;
#include "sensor/input/codecs.def"
#undef CODEC

static const struct codec codec_plain = { .name = "plain" };

static const struct codec *const codecs[] = {
#define CODEC(name) &codec_##name,
#include "sensor/input/codecs.def"
#undef CODEC
};

struct codec_reader {
	int fd;
	bool pipe, input_end;
	const struct codec *codec; /* NULL: not detected yet */
	void *state;               /* of the codec; NULL between two files' members and for plain */
	bool inside;               /* within a member */
	bool members;              /* at least one member is complete */
	uint64_t at;               /* where the next pread goes */
	struct slice in;           /* read and not yet decoded */
	uint8_t *chunk;
};

const struct codec *codec_detect(struct slice head)
{
	for (size_t i = 0; i < COUNT(codecs); i++)
		if (slice_starts(head, codecs[i]->magic))
			return codecs[i];
	return &codec_plain;
}

struct codec_reader *codec_open(int fd)
{
	struct codec_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->chunk = malloc(CHUNK);
	if (r->chunk == NULL) {
		free(r);
		return NULL;
	}
	r->fd = fd;
	return r;
}

void codec_close(struct codec_reader *r)
{
	if (r == NULL)
		return;
	if (r->state != NULL)
		r->codec->close(r->state);
	free(r->chunk);
	free(r);
}

const char *codec_name(const struct codec_reader *r)
{
	return r->codec == NULL ? NULL : r->codec->name;
}

static ssize_t read_some(struct codec_reader *r, uint8_t *p, size_t n)
{
	ssize_t got;

	if (!r->pipe) {
		got = sys_pread(r->fd, p, n, (off_t)r->at);
		if (got >= 0 || errno != ESPIPE)
			return got;
		r->pipe = true;
	}
	return sys_read(r->fd, p, n);
}

/* Appends input behind what is left. TK_OK, or TK_EEND when there is none now. */
static int fill(struct codec_reader *r, struct err *e)
{
	ssize_t got;

	if (r->in.n > 0)
		memmove(r->chunk, r->in.p, r->in.n);
	got = read_some(r, r->chunk + r->in.n, CHUNK - r->in.n);
	if (got < 0)
		return err_sys(e, "read failed at byte %llu", (unsigned long long)r->at);
	r->in = slice_of(r->chunk, r->in.n + (size_t)got);
	r->at += (uint64_t)got;
	return got == 0 ? TK_EEND : TK_OK;
}

/* The magic needs its few bytes together; a pipe may give them one by one. */
static int detect(struct codec_reader *r, struct err *e)
{
	int rc = TK_OK;

	while (r->in.n < CODEC_MAGIC_MAX && rc == TK_OK)
		rc = fill(r, e);
	if (rc != TK_OK && rc != TK_EEND)
		return rc;
	if (r->in.n == 0)
		return TK_EEND;
	r->codec = codec_detect(r->in);
	return TK_OK;
}

static int read_plain(struct codec_reader *r, uint8_t *out, size_t cap, size_t *n, struct err *e)
{
	ssize_t got;

	if (r->in.n > 0) {
		struct slice head = slice_head(r->in, cap);

		memcpy(out, head.p, head.n);
		r->in = slice_from(r->in, head.n);
		*n = head.n;
		return TK_OK;
	}
	got = read_some(r, out, cap);
	if (got < 0)
		return err_sys(e, "read failed at byte %llu", (unsigned long long)r->at);
	r->at += (uint64_t)got;
	*n = (size_t)got;
	return got == 0 ? TK_EEND : TK_OK;
}

/* Between members: zeros are padding (tapes, xz's own, files grown in blocks); another member may
 * follow; anything else is not of this file. TK_OK when one begins. */
static int next_member(struct codec_reader *r, struct err *e)
{
	int rc = TK_OK;

	do {
		while (r->members && r->in.n > 0 && r->in.p[0] == 0)
			r->in = slice_from(r->in, 1);
		if (r->in.n >= r->codec->magic.n)
			break;
		rc = fill(r, e);
	} while (rc == TK_OK);
	if (r->in.n < r->codec->magic.n) {
		if (rc != TK_EEND)
			return rc;
		return r->in.n == 0 ? TK_EEND : TK_AGAIN;
	}
	if (!slice_starts(r->in, r->codec->magic))
		return err_set(e, TK_EMALFORMED, "bytes that are not %s follow the end of the data",
			       r->codec->name);
	if (r->state == NULL)
		r->state = r->codec->open();
	if (r->state == NULL)
		return err_set(e, TK_ENOMEM, "no memory for a %s decoder", r->codec->name);
	r->inside = true;
	return TK_OK;
}

int codec_read(struct codec_reader *r, uint8_t *out, size_t cap, size_t *n, struct err *e)
{
	*n = 0;
	if (r->codec == NULL) {
		int rc = detect(r, e);

		if (rc != TK_OK)
			return rc;
	}
	if (r->codec == &codec_plain)
		return read_plain(r, out, cap, n, e);
	while (*n == 0) {
		int rc;

		if (!r->inside) {
			rc = next_member(r, e);
			if (rc != TK_OK)
				return rc;
		}
		rc = r->codec->decode(r->state, &r->in, out, cap, n, e);
		if (rc == TK_EEND) {
			r->inside = false;
			r->members = true;
		} else if (rc == TK_AGAIN && *n == 0) {
			rc = fill(r, e);
			if (rc == TK_EEND)
				return TK_AGAIN;
			if (rc != TK_OK)
				return rc;
		} else if (rc != TK_OK && rc != TK_AGAIN) {
			return rc;
		}
	}
	return TK_OK;
}

int codec_seek(struct codec_reader *r, uint64_t offset)
{
	if (r->codec == NULL) {
		int rc = detect(r, NULL);

		if (rc == TK_EEND)
			return offset == 0 ? TK_OK : TK_EMALFORMED;
		if (rc != TK_OK)
			return rc;
	}
	if (r->codec != &codec_plain || r->pipe)
		return TK_EMALFORMED;
	r->in = slice_of(NULL, 0);
	r->at = offset;
	return TK_OK;
}
