/* Files of a trail: written whole or not at all, and read without following anybody's links. */
#ifndef TK_TRAIL_FILES_H
#define TK_TRAIL_FILES_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/trail/signature.h"

/* Writes beside the path, syncs, renames, syncs the folder: after a crash the file is there whole or as it
 * was before. */
int file_put(const char *path, struct slice bytes, mode_t mode, struct err *e);
int file_copy(const char *from, const char *to, mode_t mode, struct err *e); /* in the same way */
#define TRAIL_PATH_MAX 4096
/* The same piece by piece: begin, write, end. fresh_end puts the file into its place if `rc`, how it went so
 * far, is TK_OK; it is called whatever the others said. */
struct fresh {
	char path[TRAIL_PATH_MAX];
	int fd;
};
int fresh_begin(struct fresh *f, const char *path, mode_t mode, struct err *e);
int fresh_write(struct fresh *f, const void *p, size_t n, struct err *e);
int fresh_end(struct fresh *f, const char *path, int rc, struct err *e);
int file_sync_folder(const char *file, struct err *e); /* the folder that holds the file */
bool file_there(const char *path);
/* "folder/name", as printf; true if it fits. */
bool file_path(char *out, size_t n, const char *folder, const char *fmt, ...) TK_PRINTF(4, 5);

/* Opens a regular file at a relative path below an open folder; no component may be a link. TK_ENOTFOUND;
 * TK_EMALFORMED: something else than a file lies there; TK_EIO. */
int file_open_below(int folder, const char *path, int *fd, struct err *e);
/* Its bytes, at most max (else TK_ELIMIT); the buffer is cleared first. */
int file_read_below(int folder, const char *path, size_t max, struct buf *out, struct err *e);

/* Private keys as PKCS #8 in PEM, 0600, as openssl reads and writes them. */
int key_read(const char *path, uint8_t seed[SEED_LEN], struct err *e); /* TK_ENOTFOUND */
int key_write(const char *path, const uint8_t seed[SEED_LEN], struct err *e);
int key_make(const char *path, uint8_t seed[SEED_LEN], struct err *e); /* a new random one */
int key_destroy(const char *path, struct err *e); /* overwritten, synced, unlinked; none is legal */
/* A public key in PEM (SubjectPublicKeyInfo). */
void put_public_pem(struct buf *out, const uint8_t key[PUBLIC_LEN]);
bool public_pem_read(struct slice text, uint8_t key[PUBLIC_LEN]);

#endif
