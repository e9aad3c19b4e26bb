/* What the parts of the tail share (tail.c: the files' life; tail_read.c: bytes into batches;
 * tail_identify.c: which generation a file is; tail_account.c: gaps and heartbeats). Nobody else includes
 * this. */
#ifndef TK_SENSOR_INPUT_TAIL_STATE_H
#define TK_SENSOR_INPUT_TAIL_STATE_H

#include "sensor/input/codec.h"
#include "sensor/input/generation.h"
#include "sensor/input/probe.h"
#include "sensor/input/tail.h"

#define CHUNK (1u << 20)
#define OVERLAP 64          /* bytes read again, to see whether they are still the same */
#define SAMPLE (64u << 10)  /* of which a format is told */

enum file_state {
	FILE_NEW,      /* its generation is not known yet */
	FILE_WAITS,    /* nor can it be told now: wait_* say until when */
	FILE_PROBED,   /* compressed, being looked through */
	FILE_READ,     /* being read */
	FILE_FINISHED, /* its last batch is on its way */
	FILE_GONE      /* given back; swept at the next step */
};

enum wait_reason {
	WAIT_YOUNG,    /* written to right now: it may be a copy in the making */
	WAIT_SHADOW,   /* a copy of a log that is still being read, or whose last batches are on their way */
	WAIT_CUT,      /* a compressed file that is not complete */
	WAIT_TWIN      /* a copy of a file of which nothing was read yet, and which goes first */
};

struct tail_file {
	uint64_t id, dev, ino;
	int fd;
	uint32_t input, group;  /* group: files of one configured path */
	char *path, *base;
	bool is_base, compressed, unlinked, whole; /* whole: an import, read once from its beginning */
	enum file_state state;
	enum wait_reason wait;
	uint64_t wait_version;  /* of the book when it was decided to wait */
	int64_t wait_until;     /* monotonic: look again then */
	int64_t met_at, changed_at, rotated_at; /* monotonic */
	uint64_t size;          /* last fstat */
	uint64_t known_size;    /* largest size at which the bytes were still this generation's */
	int64_t mtime;
	bool check;             /* written to, size unchanged: are the bytes still the same? */
	int64_t copy_of;        /* number in the book of the longer generation that it is a copy of, -1 */
	int64_t found;          /* compressed: what the probe said, and how many plain bytes there are */
	uint64_t plain_size;
	bool probed;

	int64_t gen;            /* number in the book, -1: none yet */
	struct generation cur;  /* position and line: put into batches, not yet committed */
	uint64_t nul_lead;      /* NUL bytes that the generation began with */
	unsigned epoch;         /* raised by each rewind: answers to older batches mean nothing */
	bool first_sent;        /* import */
	const struct log_format *format;
	const struct log_format *own_format; /* of which a header of this file tells */
	uint64_t format_size;   /* a size at which no format was known; UINT64_MAX: none */
	bool told;
	bool damaged;
	int64_t error_until;    /* after a read error */
	struct lines lines;
	struct gen_track track;
	struct codec_reader *codec;
	bool codec_end;         /* all of it was read */
	uint64_t skip;          /* plain bytes to pass over first */
	bool count_skipped;     /* and their lines are to be counted */
	void *capture;          /* its reader, if it is a capture file */
	struct line_counts counts;
};

struct tail_input {
	char *name;
	const struct log_format *format; /* NULL: auto */
	int64_t last_beat;
	int64_t beat_gen;       /* book number of the generation last read, -1: none */
};

struct tail_group {
	uint32_t input;
	char *base;
};

struct tails {
	enum batch_mode mode;
	struct tail_sink sink;
	struct batcher *batcher;
	struct outbox *outbox;
	struct outbox_user user;
	struct gen_book book;
	struct tail_input *inputs;
	size_t n_inputs;
	struct tail_group *groups;
	size_t n_groups;
	struct tail_file **files; /* in the order in which they were handed in: older ones first */
	size_t n_files, cap_files, turn;
	bool ready;
	int64_t ready_at;
	uint32_t shortage;
	int64_t now, wall;        /* of this step */
	int64_t stat_at, stat_wall;

	struct tail_file *pending; /* whose batch is being written */
	int64_t pending_since;
	uint64_t pending_from;
	struct slice chunk;        /* being split, of `pending` or nobody's */

	uint64_t new_events, duplicates, bytes_in;

	struct tail_file *unpacking; /* one at a time: decompressors are large */
	struct probe probe;
	uint8_t *buf;              /* OVERLAP + CHUNK */
};

/* tail_read.c */
/* Bytes that wait for this file to be read. */
bool file_has_more(const struct tails *t, const struct tail_file *f);
/* Reads up to a chunk and puts its lines into batches. */
int file_read(struct tails *t, struct tail_file *f, struct err *e);
/* The last line, although it has no LF. */
int file_last_line(struct tails *t, struct tail_file *f, struct err *e);
/* Sends the pending batch, if there is one, with these flags. */
int batch_flush(struct tails *t, uint8_t flags, struct err *e);
/* Makes the pending batch this file's. */
int batch_open_for(struct tails *t, struct tail_file *f, struct err *e);
/* A batch of one entry that no file is read as: a gap, or only its state. */
int batch_for_entry(struct tails *t, size_t entry, const struct loss *gap, uint8_t flags, struct err *e);
/* The file was truncated: what it was is left for a copy, and it goes on as a new generation. */
int file_truncated(struct tails *t, struct tail_file *f, struct err *e);
/* Continues at a position; its line number is told, or counted by reading again. */
void file_resume(struct tails *t, struct tail_file *f, uint64_t position, uint64_t line,
		 bool count_lines_too);

/* tail_capture.c */
bool file_is_capture(const struct tails *t, const struct tail_file *f, struct slice chunk);
/* The next bytes of a capture file, and its end (nothing for a log). */
int file_capture(struct tails *t, struct tail_file *f, struct slice chunk, struct err *e);
int file_capture_end(struct tails *t, struct tail_file *f, struct err *e);

/* tail_identify.c */
int file_new_generation(struct tails *t, struct tail_file *f, struct err *e);
/* Tries to tell the generations of all files that wait for it. Sets *busy while there is more to do. */
int identify_files(struct tails *t, bool *busy, struct err *e);

/* tail_account.c */
/* Generations that no file turned up for: what is known to be lost of them, or may be, is a gap. */
int tails_give_up_lost(struct tails *t, struct err *e);
/* An empty batch for each input that is read to its end, every TAIL_BEAT_NS. */
int tails_heartbeats(struct tails *t, struct err *e);

/* tail.c */
void file_retire(struct tails *t, struct tail_file *f, enum retired_status status);
void tails_say(const struct tails *t, const char *fmt, ...) TK_PRINTF(2, 3);

#endif
