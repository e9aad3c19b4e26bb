/* Preloaded into the program: the i-th allocation, read or open goes wrong, once. What glibc and libseccomp
 * do inside of themselves is left alone (the name service dereferences what it did not get, seccomp_load
 * does, or frees twice), and so is what comes before the program's own first allocation (libraries'
 * constructors); what other libraries do is counted. The processes of one run count together, in a file.
 * FAULT_COUNTER=FILE  8 bytes, the calls so far     FAULT_AT=I  which one
 * FAULT_ON=alloc|read|open|files   no memory, EIO of a regular file, EIO, EMFILE
 * FAULT_ON=famine   no memory from the i-th call on */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NOTHING, ALLOC, READ, OPEN };

static struct {
	uint64_t *count, at;
	enum kind on;
	int error;
	bool famine, begun;
	uintptr_t program[2], libc[2], seccomp[2]; /* where their code lies */
} shim;

static int see_object(struct dl_phdr_info *o, size_t size, void *arg)
{
	bool program = o->dlpi_name[0] == 0 && shim.program[0] == 0,
	     libc = strstr(o->dlpi_name, "/libc.so") != NULL,
	     seccomp = strstr(o->dlpi_name, "/libseccomp.so") != NULL;
	uintptr_t *to = program ? shim.program : libc ? shim.libc : shim.seccomp;

	(void)size;
	(void)arg;
	for (int i = 0; (program || libc || seccomp) && i < o->dlpi_phnum; i++)
		if (o->dlpi_phdr[i].p_type == PT_LOAD && (o->dlpi_phdr[i].p_flags & PF_X)) {
			to[0] = o->dlpi_addr + o->dlpi_phdr[i].p_vaddr;
			to[1] = to[0] + o->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

static bool within(const uintptr_t part[2], const void *caller)
{
	return (uintptr_t)caller >= part[0] && (uintptr_t)caller < part[1];
}

/* What our own names hide. dlsym allocates, so allocation has these. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("FAULT_COUNTER"), *at = getenv("FAULT_AT"), *on = getenv("FAULT_ON");
	int fd = file == NULL || on == NULL ? -1 : open(file, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	dl_iterate_phdr(see_object, NULL);
	shim.count = p;
	shim.at = at == NULL ? 0 : strtoull(at, NULL, 10);
	shim.famine = strcmp(on, "famine") == 0;
	shim.error = strcmp(on, "files") == 0 ? EMFILE : EIO;
	shim.on = shim.famine || strcmp(on, "alloc") == 0 ? ALLOC : strcmp(on, "read") == 0 ? READ : OPEN;
}

static bool fails(enum kind k)
{
	uint64_t n;

	if (shim.count == NULL || shim.on != k)
		return false;
	n = __atomic_add_fetch(shim.count, 1, __ATOMIC_SEQ_CST);
	if (shim.at == 0 || (shim.famine ? n < shim.at : n != shim.at))
		return false;
	errno = k == ALLOC ? ENOMEM : shim.error;
	return true;
}

static bool starves(const void *caller)
{
	if (shim.on != ALLOC)
		return false;
	shim.begun |= within(shim.program, caller);
	return shim.begun && !within(shim.libc, caller) && !within(shim.seccomp, caller) && fails(ALLOC);
}
#define STARVES starves(__builtin_return_address(0))

void *malloc(size_t n)
{
	return STARVES ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return STARVES ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return STARVES ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return STARVES ? NULL : __libc_realloc(p, n * size);
}

void *aligned_alloc(size_t align, size_t n)
{
	return STARVES ? NULL : __libc_memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	if (STARVES)
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p == NULL ? ENOMEM : 0;
}

/* Inside of glibc these would call its own malloc. */
static char *copied(const char *s, size_t n, bool fail)
{
	char *p = fail ? NULL : __libc_malloc(n + 1);

	if (p == NULL)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *strndup(const char *s, size_t max)
{
	return copied(s, strnlen(s, max), STARVES);
}

char *strdup(const char *s)
{
	return copied(s, strlen(s), STARVES);
}

static bool read_fails(int fd)
{
	struct stat st;

	return shim.on == READ && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fails(READ);
}

#define READS(name, params, args)                                                                            \
	ssize_t name params                                                                                  \
	{                                                                                                    \
		__typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                         \
		return read_fails(fd) ? -1 : real args;                                                      \
	}
READS(read, (int fd, void *p, size_t n), (fd, p, n))
READS(pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
READS(pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))

static mode_t mode_of(int flags, va_list *v)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(*v, mode_t) : 0;
}

#define OPENS(name)                                                                                          \
	int name(const char *path, int flags, ...)                                                           \
	{                                                                                                    \
		int (*real)(const char *, int, ...) =                                                        \
			(int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                            \
		va_list v;                                                                                   \
		mode_t mode;                                                                                 \
		va_start(v, flags);                                                                          \
		mode = mode_of(flags, &v);                                                                   \
		va_end(v);                                                                                   \
		return fails(OPEN) ? -1 : real(path, flags, mode);                                           \
	}
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                                                                       \
	int name(int dir, const char *path, int flags, ...)                                                  \
	{                                                                                                    \
		int (*real)(int, const char *, int, ...) =                                                   \
			(int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #name);                       \
		va_list v;                                                                                   \
		mode_t mode;                                                                                 \
		va_start(v, flags);                                                                          \
		mode = mode_of(flags, &v);                                                                   \
		va_end(v);                                                                                   \
		return fails(OPEN) ? -1 : real(dir, path, flags, mode);                                      \
	}
OPENS_AT(openat)
OPENS_AT(openat64)

#define OPENS_FILE(name)                                                                                     \
	FILE *name(const char *path, const char *mode)                                                       \
	{                                                                                                    \
		FILE *(*real)(const char *, const char *) =                                                  \
			(FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, #name);                    \
		return fails(OPEN) ? NULL : real(path, mode);                                                \
	}
OPENS_FILE(fopen)
OPENS_FILE(fopen64)
