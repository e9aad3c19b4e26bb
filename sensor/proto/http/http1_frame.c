/* Where a body ends (RFC 9112 6, 7.1). */
#include "sensor/proto/http/http1_parts.h"
#include "sensor/proto/http/token.h"

/* Digits only. */
static bool length_of(struct slice s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = s.p[i] - '0';

		if (d > 9 || *v > (UINT64_MAX - d) / 10)
			return false;
		*v = *v * 10 + d;
	}
	return s.n > 0;
}

static void note_length(struct http1 *p, struct slice value)
{
	struct slice one;
	uint64_t v;
	bool any = false;

	while (token_list(&value, &one)) {
		any = true;
		if (!length_of(one, &v) || ((p->flags & H1_LENGTH) != 0 && v != p->left)) {
			p->odd |= length_of(one, &v) ? ANOMALY_BIT(SEVERAL_LENGTHS) : ANOMALY_BIT(BAD_LENGTH);
			p->flags |= H1_LENGTH_BAD;
			continue;
		}
		p->left = v; /* the first one, or the same again */
		p->flags |= H1_LENGTH;
	}
	if (!any) {
		p->odd |= ANOMALY_BIT(BAD_LENGTH);
		p->flags |= H1_LENGTH_BAD;
	}
}

/* RFC 9112 7 */
static bool known_coding(struct slice name)
{
	static const char *const known[] = { "chunked", "gzip",	  "x-gzip",	"deflate",
					     "compress", "x-compress", "identity" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (token_same(name, known[i]))
			return true;
	return false;
}

static void note_coding(struct http1 *p, struct slice value)
{
	struct slice one;

	while (token_list(&value, &one)) {
		one = token_of(one); /* without its parameters */
		if ((p->flags & H1_CHUNKED) != 0 || !known_coding(one))
			p->odd |= ANOMALY_BIT(BAD_TRANSFER_CODING);
		if (token_same(one, "identity")) /* RFC 2616 3.6: no coding */
			continue;
		p->flags |= H1_CODED;
		if (token_same(slice_head(one, 7), "chunked")) /* some write "chunkedx", and mean it */
			p->flags |= H1_CHUNKED;
		else
			p->flags &= (uint16_t)~H1_CHUNKED;
	}
}

static void note_connection(struct http1 *p, struct slice value)
{
	struct slice one;

	while (token_list(&value, &one))
		if (token_same(one, "close"))
			p->flags |= H1_CLOSE;
}

void http1_frame_header(struct http1 *p, struct slice name, struct slice value)
{
	if (token_is(name, "content-length"))
		note_length(p, value);
	else if (token_is(name, "transfer-encoding"))
		note_coding(p, value);
	else if (token_is(name, "connection"))
		note_connection(p, value);
}

/* RFC 9112 6.3. Where lengths contradict one another, of a request the first is followed, a response is read
 * until the connection's end. A request whose last coding is not chunked has no end that can be known. What
 * is in a coding that is not undone is not whole. */
void http1_frame_begin(struct http1 *p)
{
	bool response = p->kind == HTTP1_RESPONSE, chunked = (p->flags & H1_CHUNKED) != 0;
	bool length = (p->flags & H1_LENGTH) != 0, bad = (p->flags & H1_LENGTH_BAD) != 0;
	bool coded = (p->flags & H1_CODED) != 0, close = response && (p->flags & H1_CLOSE) != 0;

	if (coded && (length || bad))
		p->odd |= ANOMALY_BIT(TE_AND_CL);
	if (coded && !chunked && !response) /* of a response the connection's end is the body's */
		p->odd |= ANOMALY_BIT(BAD_TRANSFER_CODING);
	p->flags = !chunked && (bad || coded) ? H1_BROKEN : 0;
	p->head_bytes = p->line_n = 0;
	if (chunked) {
		p->state = H1_CHUNK_SIZE;
		p->flags = close ? H1_CLOSE : 0;
		if (length && !bad && p->left > 0)
			p->flags |= H1_LENGTH;
		else
			p->left = 0;
		return;
	}
	p->state = response && (coded || bad || !length) ? H1_UNTIL_CLOSE : H1_BODY;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum http1_chunk size_over(struct http1 *p)
{
	p->state = p->left > 0 ? H1_CHUNK_DATA : H1_TRAILER;
	p->flags &= H1_BROKEN;
	p->line_n = 0;
	return H1_CHUNK_GOES_ON;
}

/* The first byte of a body that is said to be chunked, and whose end is known without chunks: is it so? */
static bool first_byte(struct http1 *p, uint8_t c)
{
	bool length = (p->flags & H1_LENGTH) != 0;

	p->flags &= (uint16_t)~(H1_LENGTH | H1_CLOSE);
	if (hex(c) >= 0 || token_blank(c)) {
		p->left = 0;
		return true;
	}
	p->state = length ? H1_BODY : H1_UNTIL_CLOSE;
	p->flags |= H1_BROKEN;
	p->odd |= ANOMALY_BIT(BAD_CHUNK);
	return false;
}

static enum http1_chunk size_byte(struct http1 *p, uint8_t c)
{
	bool begun = (p->flags & H1_DIGIT) != 0;
	int v = hex(c);

	if ((p->flags & (H1_LENGTH | H1_CLOSE)) != 0 && !first_byte(p, c))
		return H1_CHUNK_NONE;
	p->line_n++;
	if (v >= 0) {
		if (p->left >> 60 != 0)
			return H1_CHUNK_BROKEN;
		p->left = p->left << 4 | (unsigned)v;
		p->flags |= H1_DIGIT;
	} else if (begun && c == '\n') {
		return size_over(p);
	} else if (begun && (token_blank(c) || c == ';' || c == ',')) {
		p->state = H1_CHUNK_EXTENSION;
	} else if (begun || !token_blank(c)) {
		return H1_CHUNK_BROKEN;
	} else if (c == '\n') { /* an empty line before the size */
		p->line_n = 0;
	}
	return p->line_n > HTTP1_LINE_MAX ? H1_CHUNK_BROKEN : H1_CHUNK_GOES_ON;
}

size_t http1_frame_usual(struct http1 *p, struct slice s)
{
	size_t n = 0;

	if (p->state == H1_CHUNK_CR && s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n') {
		p->state = H1_CHUNK_SIZE;
		p->left = 0;
		return 2;
	}
	if (p->state != H1_CHUNK_SIZE || p->line_n > 0 || (p->flags & ~H1_BROKEN) != 0)
		return 0;
	while (n < s.n && n < 8 && hex(s.p[n]) >= 0)
		n++;
	if (n == 0 || s.n - n < 2 || s.p[n] != '\r' || s.p[n + 1] != '\n')
		return 0;
	for (size_t i = 0; i < n; i++)
		p->left = p->left << 4 | (unsigned)hex(s.p[i]);
	size_over(p);
	return n + 2;
}

static enum http1_chunk trailer_byte(struct http1 *p, uint8_t c)
{
	if (++p->head_bytes > HTTP1_HEAD_MAX)
		return H1_CHUNK_BROKEN;
	if (c == '\n' && p->line_n == 0)
		return H1_CHUNK_OVER;
	if (c == '\n')
		p->line_n = 0;
	else if (c != '\r')
		p->line_n = 1; /* not empty */
	return H1_CHUNK_GOES_ON;
}

static enum http1_chunk chunk_byte(struct http1 *p, uint8_t c)
{
	switch (p->state) {
	case H1_CHUNK_SIZE:
		return size_byte(p, c);
	case H1_CHUNK_EXTENSION:
		if (c == '\n')
			return size_over(p);
		return ++p->line_n > HTTP1_LINE_MAX ? H1_CHUNK_BROKEN : H1_CHUNK_GOES_ON;
	case H1_CHUNK_CR:
	case H1_CHUNK_LF:
		if (c == '\n') {
			p->state = H1_CHUNK_SIZE;
			p->left = 0;
			return H1_CHUNK_GOES_ON;
		}
		if (c != '\r' || p->state == H1_CHUNK_LF)
			return H1_CHUNK_BROKEN;
		p->state = H1_CHUNK_LF;
		return H1_CHUNK_GOES_ON;
	default:
		return trailer_byte(p, c);
	}
}

enum http1_chunk http1_frame_chunk(struct http1 *p, uint8_t c)
{
	enum http1_chunk what = chunk_byte(p, c);

	if (what == H1_CHUNK_BROKEN)
		p->odd |= ANOMALY_BIT(BAD_CHUNK);
	return what;
}
