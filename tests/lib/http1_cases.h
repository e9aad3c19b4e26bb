/* What test_http1.c plays: bytes of one direction of a connection, and the calls that they lead to. */
#ifndef TK_TESTS_HTTP1_CASES_H
#define TK_TESTS_HTTP1_CASES_H

#include "sensor/proto/http/http1.h"

/* What is no byte of the wire stands in it under these bytes. */
#define MIDWAY "\4"
#define GAP(n) "\1" n ";"
#define FIN "\2"   /* the end, in order */
#define BREAK "\3" /* the end, not in order */

#define Q HTTP1_REQUEST
#define R HTTP1_RESPONSE
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_OUT "200 1.1|Transfer-Encoding=chunked|--|"
#define NEXT "HTTP/1.1 204 N\r\n\r\n"
#define NEXT_OUT "204 1.1|--|end|"
#define LENGTH(n) "HTTP/1.1 200 OK\r\nContent-Length: " n "\r\n\r\n"
#define LENGTH_OUT(n) "200 1.1|Content-Length=" n "|--|"
#define GET "GET /2 HTTP/1.1\r\n\r\n"
#define GET_OUT "GET /2 1.1|--|end|"

static const struct {
	const char *name;
	enum http1_kind kind;
	char answer; /* of head(), see struct scene */
	struct slice wire;
	const char *want;
} cases[] = {
	/* start lines */
	{ "request", Q, 0, SLICE("GET /x?y HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /x?y 1.1|Host=h|--|end|" },
	{ "bare LF", Q, 0, SLICE("GET / HTTP/1.0\nA: b\n\n" GET), "GET / 1.0|A=b|--|end|" GET_OUT },
	{ "empty lines before", Q, 0, SLICE("\r\n\n\r\n" GET "\r\n" GET), GET_OUT GET_OUT },
	{ "blanks", Q, 0, SLICE("  GET \t /a b  HTTP/1.1 \r\n\r\n"), "GET /a b 1.1|--|end|" },
	{ "unknown method", Q, 0, SLICE("f-oo! x HTTP/1.1\r\n\r\n"), "f-oo! x 1.1|--|end|" },
	{ "method that is no token", Q, 0, SLICE("G(T / HTTP/1.1\r\n\r\n" GET), "lost|" GET_OUT },
	{ "no target", Q, 0, SLICE("GET HTTP/1.1\r\n\r\n"), "GET  1.1|--|end|" },
	{ "method alone", Q, 0, SLICE("GET\r\nA: b\r\n\r\n" GET), "GET  |A=b|--|end|" GET_OUT },
	{ "unknown method alone", Q, 0, SLICE("GOT\r\n" GET), "lost|" GET_OUT },
	{ "no blank before the version", Q, 0, SLICE("GET /HTTP/1.1\r\nA: b\r\n\r\nGOT /HTTP/1.0\n\n"),
	  "GET /HTTP/1.1 |A=b|--|end|GOT /HTTP/1.0 |--|end|" },
	{ "HTTP/0.9", Q, 0, SLICE("GET /a\r\nGET /b\n" GET),
	  "GET /a |--|(http09)|end|GET /b |--|(http09)|end|" GET_OUT },
	{ "HTTP/0.9 of unknown method", Q, 0, SLICE("GOT /a\r\n" GET), "lost|" GET_OUT },
	{ "prose is no HTTP/0.9", Q, 0, SLICE("GET me a coffee\r\nGET some\r\n" GET), "lost|" GET_OUT },
	{ "version that is none", Q, 0, SLICE("GET / HTTP/x\r\n" GET), "lost|" GET_OUT },
	{ "CONNECT", Q, 't', SLICE("CONNECT h:443 HTTP/1.1\r\n\r\n\x16\x15\r\n" GET),
	  "CONNECT h:443 1.1|--|end|" },
	{ "nothing is told of half a line", Q, 0, SLICE("GET / HTTP/1.1" BREAK), "" },
	{ "NUL in the target", Q, 0, SLICE("GET /\0x HTTP/1.1\r\n\r\n"),
	  "GET /\\00x 1.1|--|(nul_in_head)|end|" },
	{ "response", R, 0, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"),
	  "200 1.1|Content-Length=2|--|\"ab|end|" },
	{ "no reason", R, 0, SLICE("HTTP/1.1 204\r\n\r\nHTTP/1.1 204 \n\n"),
	  "204 1.1|--|end|204 1.1|--|end|" },
	{ "no status", R, 0, SLICE("HTTP/1.1\r\n\r\nx" FIN), "0 1.1|--|\"x|end|" },
	{ "status that is none", R, 0, SLICE("HTTP/1.1 2x0 OK\r\n\r\n" FIN), "0 1.1|--|end|" },
	{ "reason that sticks", R, 0, SLICE("HTTP/1.1 204no\r\n\r\n"), "204 1.1|--|end|" },
	{ "tab, case, odd versions", R, 0,
	  SLICE("http/1.1\t204 N\r\n\r\nHTTP/1.01  204\r\n\r\nHTTP/2 204\r\n\r\n"),
	  "204 1.1|--|end|204 1.01|--|end|204 2|--|end|" },
	{ "no response", R, 0, SLICE("SSH-2.0-x\r\n" NEXT), "lost|" NEXT_OUT },
	{ "version that goes on", R, 0, SLICE("HTTP/1.1x 204\r\n" NEXT), "lost|" NEXT_OUT },

	/* headers */
	{ "values are trimmed", Q, 0, SLICE("GET / HTTP/1.1\r\nA:\r\nB: \t c d\t \r\nC :e\r\nD:f:g\r\n\r\n"),
	  "GET / 1.1|A=|B=c d|C=e|D=f:g|--|(space_before_colon)|end|" },
	{ "folded", Q, 0, SLICE("GET / HTTP/1.1\r\nA: b \r\n  c\r\n\td\nB: e\n f\r\n\r\n" GET),
	  "GET / 1.1|A=b c d|B=e f|--|(obs_fold)|end|" GET_OUT },
	{ "folded to nothing", Q, 0, SLICE("GET / HTTP/1.1\r\nA: b\r\n \r\n \r\n c\r\nB: d\r\n \r\n\r\n"),
	  "GET / 1.1|A=b c|B=d|--|(obs_fold)|end|" },
	{ "colon in the fold", Q, 0, SLICE("GET / HTTP/1.1\r\nA\r\n : b\r\n\r\n"),
	  "GET / 1.1|A=b|--|(obs_fold,space_before_colon)|end|" },
	{ "fold of the start line", Q, 0, SLICE("GET / HTTP/1.1\r\n A: b\r\n c\r\nB: c\r\n\r\n"),
	  "GET / 1.1|B=c|--|(obs_fold,bad_header)|end|" },
	{ "no colon, no name, no token", Q, 0,
	  SLICE("GET / HTTP/1.1\r\njunk\r\n: x\r\nA b: c\r\nA\xff: d\r\nB: e\r\n\r\n"),
	  "GET / 1.1|B=e|--|(bad_header)|end|" },
	{ "CR inside", Q, 0, SLICE("GET / HTTP/1.1\r\nA: b\rc\r\r\n\r\r\n"),
	  "GET / 1.1|A=b\\0dc|--|(bare_cr)|end|" },
	{ "lines that end in CR", Q, 0, SLICE("GET / HTTP/1.1\rA: b\r\nC: d\rE:f\r c\r\n\r\n" GET),
	  "GET / 1.1|A=b|C=d|E=f\\0d c|--|(bare_cr)|end|" GET_OUT },
	{ "two colons, NUL", Q, 0, SLICE("GET / HTTP/1.1\r\nA:: b\r\nC\0:\0d\0\r\n\r\n"),
	  "GET / 1.1|A=b|C=d|--|(nul_in_head,space_before_colon)|end|" },
	{ "head that is cut", Q, 0, SLICE("GET / HTTP/1.1\r\nA: b\r\nB: c\r\n" FIN),
	  "GET / 1.1|A=b|BROKEN|" },

	/* lengths */
	{ "request without length", Q, 0, SLICE("POST / HTTP/1.1\r\n\r\n" GET),
	  "POST / 1.1|--|end|" GET_OUT },
	{ "pipelined", Q, 0, SLICE("POST / HTTP/1.1\r\ncontent-LENGTH:3\r\n\r\nabc" GET GET),
	  "POST / 1.1|content-LENGTH=3|--|\"abc|end|" GET_OUT GET_OUT },
	{ "length 0", R, 0, SLICE(LENGTH("0") NEXT), LENGTH_OUT("0") "end|" NEXT_OUT },
	{ "equal lengths", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 02\r\n\r\nab" NEXT),
	  "200 1.1|Content-Length=2, 2|Content-Length=02|--|\"ab|end|" NEXT_OUT },
	{ "lengths that differ, response", R, 0, SLICE(LENGTH("2, 3") "abc" FIN),
	  LENGTH_OUT("2, 3") "\"abc|(several_lengths)|BROKEN|" },
	{ "lengths that differ, request", Q, 0,
	  SLICE("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab" GET),
	  "POST / 1.1|Content-Length=2|Content-Length=3|--|\"ab|(several_lengths)|BROKEN|" GET_OUT },
	{ "no number, response", R, 0, SLICE(LENGTH("2x") "ab" FIN),
	  LENGTH_OUT("2x") "\"ab|(bad_length)|BROKEN|" },
	{ "negative, request", Q, 0, SLICE("POST / HTTP/1.1\r\nContent-Length: -2\r\n\r\n" GET),
	  "POST / 1.1|Content-Length=-2|--|(bad_length)|BROKEN|" GET_OUT },
	{ "empty length", R, 0, SLICE(LENGTH("") "ab" FIN), LENGTH_OUT("") "\"ab|(bad_length)|BROKEN|" },
	{ "largest length", R, 0, SLICE(LENGTH("18446744073709551615") "ab" FIN),
	  LENGTH_OUT("18446744073709551615") "\"ab|BROKEN|" },
	{ "length that is too large", R, 0, SLICE(LENGTH("18446744073709551616") "ab" FIN),
	  LENGTH_OUT("18446744073709551616") "\"ab|(bad_length)|BROKEN|" },
	{ "folded length", R, 0, SLICE("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nab" NEXT),
	  LENGTH_OUT("2") "\"ab|(obs_fold)|end|" NEXT_OUT },
	{ "until the end", R, 0, SLICE("HTTP/1.1 200 OK\r\n\r\nab\r\n" NEXT FIN),
	  "200 1.1|--|\"ab\\0d\\0aHTTP/1.1 204 N\\0d\\0a\\0d\\0a|end|" },
	{ "until the end, broken off", R, 0, SLICE("HTTP/1.1 200 OK\r\n\r\nab" BREAK),
	  "200 1.1|--|\"ab|BROKEN|" },
	{ "body that is cut", R, 0, SLICE(LENGTH("3") "ab" FIN FIN), LENGTH_OUT("3") "\"ab|BROKEN|" },
	{ "bytes behind the body", R, 0, SLICE(LENGTH("1") "ab\r\n" NEXT),
	  LENGTH_OUT("1") "\"a|end|lost|" NEXT_OUT },
	{ "answer to HEAD", R, 'n', SLICE(LENGTH("3") LENGTH("4")),
	  LENGTH_OUT("3") "end|" LENGTH_OUT("4") "end|" },
	{ "interim responses", R, 0,
	  SLICE("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" LENGTH("1") "a"),
	  "100 1.1|--|end|103 1.1|Link=x|--|end|" LENGTH_OUT("1") "\"a|end|" },
	{ "304 has no body", R, 0, SLICE("HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n" NEXT),
	  "304 1.1|Content-Length=9|--|end|" NEXT_OUT },
	{ "tunnel", R, 0, SLICE("HTTP/1.1 101 S\r\n\r\n\x81\x05hello" NEXT GAP("5") NEXT FIN),
	  "101 1.1|--|end|" },

	/* chunks */
	{ "chunks", R, 0, SLICE(CHUNKED "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"abc0123456789abcdef|end|" NEXT_OUT },
	{ "chunks of a request", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding:Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" GET),
	  "PUT / 1.1|Transfer-Encoding=Chunked|--|\"a|end|" GET_OUT },
	{ "no chunk", R, 0, SLICE(CHUNKED "0\r\n\r\n" NEXT), CHUNKED_OUT "end|" NEXT_OUT },
	{ "bare LF in chunks", R, 0, SLICE(CHUNKED "1\na\n0\n\n" NEXT), CHUNKED_OUT "\"a|end|" NEXT_OUT },
	{ "broken chunks of a request: nothing behind them is one", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n" GET GET FIN),
	  "PUT / 1.1|Transfer-Encoding=chunked|--|(bad_chunk,smuggled_request)|BROKEN|" },
	{ "but what looks like none", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n GET / HTTP/1.1\r\n" GAP("3")
		"GET / HTTP/1.1" BREAK),
	  "PUT / 1.1|Transfer-Encoding=chunked|--|\"a|(bad_chunk)|BROKEN|" },
	{ "smuggled behind a gap", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11112222333344445\r\nG" GAP("3")
		GET GAP("9") GET FIN),
	  "PUT / 1.1|Transfer-Encoding=chunked|--|(bad_chunk,smuggled_request)|BROKEN|" },
	{ "two framings", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length : 6\r\n\r\n"
		"0\r\n\r\n" GET),
	  "PUT / 1.1|Transfer-Encoding=chunked|Content-Length=6|--|"
	  "(te_and_cl,obs_fold,space_before_colon)|end|" GET_OUT },
	{ "identity behind chunked", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" GET),
	  "PUT / 1.1|Transfer-Encoding=chunked, identity|--|(bad_transfer_coding)|end|" GET_OUT },
	{ "codings that are known", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: GZip, chunked\r\n\r\n0\r\n\r\n"),
	  "PUT / 1.1|Transfer-Encoding=GZip, chunked|--|end|" },
	{ "extensions, blanks, case, zeros", R, 0,
	  SLICE(CHUNKED "00000000000000000001;x=\"y\"\r\na\r\n \tA \r\n0123456789\r\n000 ; z\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"a0123456789|end|" NEXT_OUT },
	{ "trailers", R, 0, SLICE(CHUNKED "0\r\nA: b\r\n\tc\r\n\r\n" NEXT), CHUNKED_OUT "end|" NEXT_OUT },
	{ "chunked wins over a length", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: gzip\r\n"
		"Transfer-Encoding: , chunked;q=1,\r\n\r\n1\r\na\r\n0\r\n\r\n" NEXT),
	  "200 1.1|Content-Length=x|Transfer-Encoding=gzip|"
	  "Transfer-Encoding=, chunked;q=1,|--|\"a|(te_and_cl,bad_length)|end|" NEXT_OUT },
	{ "chunked is not the last", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n" FIN),
	  "200 1.1|Transfer-Encoding=chunked, gzip|--|\"0\\0d\\0a|(bad_transfer_coding)|BROKEN|" },
	{ "coding without an end in a request", Q, 0,
	  SLICE("PUT / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n" GET),
	  "PUT / 1.1|Transfer-Encoding=xchunked|--|(bad_transfer_coding)|BROKEN|" GET_OUT },
	{ "identity is no coding", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na"),
	  "200 1.1|Transfer-Encoding=identity|Content-Length=1|--|\"a|end|" },
	{ "size that is none", R, 0, SLICE(CHUNKED "g\r\nabc\r\n" NEXT),
	  CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "size with junk", R, 0, SLICE(CHUNKED "3x\r\nabc\r\n" NEXT),
	  CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "no size", R, 0, SLICE(CHUNKED ";x\r\nabc\r\n" NEXT),
	  CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "empty lines before a size", R, 0, SLICE(CHUNKED "\r\n\n\r1\r\na\r\n0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"a|end|" NEXT_OUT },
	{ "a length, and no chunks though they are said", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nxyz" NEXT),
	  "200 1.1|Content-Length=3|Transfer-Encoding=chunked|--|"
	  "\"xyz|(te_and_cl,bad_chunk)|BROKEN|" NEXT_OUT },
	{ "no chunks, and the end of the connection", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nTransfer-Encoding: chunked\r\n\r\nxyz" FIN),
	  "200 1.1|Connection=x, Close|Transfer-Encoding=chunked|--|\"xyz|(bad_chunk)|BROKEN|" },
	{ "chunks, and the end of the connection", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
		"1\r\na\r\n0\r\n\r\n" FIN),
	  "200 1.1|Connection=close|Transfer-Encoding=chunked|--|\"a|end|" },
	{ "a length of 0, and no chunks", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" NEXT),
	  "200 1.1|Content-Length=0|Transfer-Encoding=chunked|--|"
	  "(te_and_cl,bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "a length, and broken chunks", R, 0,
	  SLICE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0z\r\n" NEXT),
	  "200 1.1|Content-Length=3|Transfer-Encoding=chunked|--|"
	  "(te_and_cl,bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "response in place of a chunk", R, 0, SLICE(CHUNKED "1\r\na\r\n" NEXT),
	  CHUNKED_OUT "\"a|(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "no line end behind a chunk", R, 0, SLICE(CHUNKED "1\r\nab\r\n" NEXT),
	  CHUNKED_OUT "\"a|(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "two CR behind a chunk", R, 0, SLICE(CHUNKED "1\r\na\r\r\n0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"a|(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "no start line in the middle of a line", R, 0, SLICE(CHUNKED "1\r\naHTTP/1.1 200 OK\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"a|(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "size of 16 digits", R, 0, SLICE(CHUNKED "FFFFFFFFFFFFFFFF\r\nab" GAP("7") FIN),
	  CHUNKED_OUT "\"ab|gap 7|BROKEN|" },
	{ "size of 17 digits", R, 0, SLICE(CHUNKED "10000000000000000\r\nab\r\n" NEXT),
	  CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT },
	{ "end without the last line", R, 0, SLICE(CHUNKED "1\r\na\r\n0\r\n" FIN),
	  CHUNKED_OUT "\"a|BROKEN|" },

	/* gaps */
	{ "gap in a body", R, 0, SLICE(LENGTH("6") "ab" GAP("2") "ef" NEXT),
	  LENGTH_OUT("6") "\"ab|gap 2|\"ef|BROKEN|" NEXT_OUT },
	{ "gap to the body's end", R, 0, SLICE(LENGTH("6") "ab" GAP("4") NEXT),
	  LENGTH_OUT("6") "\"ab|gap 4|BROKEN|" NEXT_OUT },
	{ "gap over the body's end", R, 0, SLICE(LENGTH("6") "ab" GAP("5") NEXT),
	  LENGTH_OUT("6") "\"ab|gap 4|BROKEN|lost|" NEXT_OUT },
	{ "gap in a chunk", R, 0, SLICE(CHUNKED "6\r\nab" GAP("2") "ef\r\n1\r\ng\r\n0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"ab|gap 2|\"efg|BROKEN|" NEXT_OUT },
	{ "gap to the chunk's end", R, 0, SLICE(CHUNKED "6\r\nab" GAP("4") "\r\n0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"ab|gap 4|BROKEN|" NEXT_OUT },
	{ "gap over the chunk's end", R, 0, SLICE(CHUNKED "6\r\nab" GAP("6") "0\r\n\r\n" NEXT),
	  CHUNKED_OUT "\"ab|gap 4|BROKEN|lost|" NEXT_OUT },
	{ "gap in a size", R, 0, SLICE(CHUNKED "6" GAP("1") "\nabc\r\n" NEXT),
	  CHUNKED_OUT "BROKEN|lost|" NEXT_OUT },
	{ "gap in the trailers", R, 0, SLICE(CHUNKED "0\r\n" GAP("1") NEXT),
	  CHUNKED_OUT "BROKEN|lost|" NEXT_OUT },
	{ "gap in a body until the end", R, 0, SLICE("HTTP/1.1 200 OK\r\n\r\nab" GAP("9") "c" FIN),
	  "200 1.1|--|\"ab|gap 9|\"c|BROKEN|" },
	{ "gap in a head", R, 0, SLICE("HTTP/1.1 200 OK\r\nA: b\r\nB: c" GAP("3") "d\r\n\r\n" NEXT),
	  "200 1.1|A=b|BROKEN|lost|" NEXT_OUT },
	{ "gap in a start line", R, 0, SLICE("HTTP/1.1 20" GAP("3") "\r\nA: b\r\n" NEXT), "lost|" NEXT_OUT },
	{ "gap between messages", R, 0, SLICE(NEXT GAP("3") "xyz" GAP("4") NEXT), NEXT_OUT "lost|" NEXT_OUT },
	{ "gap of nothing", R, 0, SLICE(GAP("0") NEXT), NEXT_OUT },

	/* finding the place again */
	{ "midway, at a message", R, 0, SLICE(MIDWAY NEXT), NEXT_OUT },
	{ "midway, in a line", R, 0, SLICE(MIDWAY "xHTTP/1.1 200 OK\r\nA: b\r\n\r\n" NEXT), NEXT_OUT },
	{ "not surely a response", R, 0,
	  SLICE(MIDWAY "HTTP/1.1 20\nHTTP/1.2 200 \nHTTP/1.1 2000\nhttp/1.1 200 OK\n"
		       " HTTP/1.1 200 OK\nHTTP/1.1 204\n\n"),
	  "204 1.1|--|end|" },
	{ "not surely a request", Q, 0,
	  SLICE(MIDWAY "GOT / HTTP/1.1\nGET x HTTP/1.1\nGET / HTTP/1.2\nGET /\nGET  / HTTP/1.1\n"
		"get / HTTP/1.1\nCONNECT / HTTP/1.1\nGET / x HTTP/1.1\n" GET),
	  GET_OUT },
	{ "surely requests", Q, 0,
	  SLICE(MIDWAY "x\nGET http://h/ HTTP/1.0\n\n" GAP("1")
		"OPTIONS * HTTP/1.1\r\n\r\n" GAP("1")
		"CONNECT [::1]:443 HTTP/1.1\n\n" GAP("1")
		"VERSION-CONTROL /x HTTP/1.1\n\n"),
	  "GET http://h/ 1.0|--|end|lost|OPTIONS * 1.1|--|end|lost|CONNECT [::1]:443 1.1|--|end|lost|"
	  "VERSION-CONTROL /x 1.1|--|end|" },
	{ "gap in what might be a start line", Q, 0, SLICE(MIDWAY "GET /a" GAP("1") GET), GET_OUT },
	{ "lost once", Q, 0, SLICE("x\ny\n" GAP("3") "z\n" FIN), "lost|" },
};

#endif
