/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "store/internal.h"

/*
 * Pages with a checksum.
 *
 * SQLite notices damage where it upsets its trees, and takes a flipped bit in the middle of a row
 * for data. So each page of the file ends with a sum over its bytes and its place, which is put
 * there when the page is written and compared when it is read. What stands in the write-ahead log
 * has SQLite's own sums.
 *
 * The file's methods are those of the usual VFS but for reading and writing; the originals lie
 * behind the file that SQLite made room for.
 */
#define VFS_NAME "ewsfs"

struct behind {
	sqlite3_io_methods methods; /* of this file, ours among them */
	const sqlite3_io_methods *usual;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *usual_vfs;

/*
 * Every read pays for it, so the sums of every fourth word are made side by side: one
 * multiplication need not wait for the one before. What is missing at the end counts as zeros.
 */
enum { LANES_N = 4 };

static uint64_t add_word(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum << 32 | sum >> 32;
}

static void add_words(uint64_t sums[LANES_N], const void *bytes)
{
	uint64_t words[LANES_N];

	memcpy(words, bytes, sizeof(words));
#pragma GCC unroll 4
	for (size_t i = 0; i < LANES_N; i++)
		sums[i] = add_word(sums[i], le64toh(words[i]));
}

uint64_t sum_bytes(const void *bytes, size_t n, uint64_t seed)
{
	uint64_t sums[LANES_N] = { seed, seed, seed, seed }, last[LANES_N] = { 0 };
	const char *at = bytes;

	for (; n >= sizeof(last); n -= sizeof(last), at += sizeof(last))
		add_words(sums, at);
	if (n > 0) {
		memcpy(last, at, n);
		add_words(sums, last);
	}
	for (size_t i = 1; i < LANES_N; i++)
		sums[0] = add_word(sums[0], sums[i]);
	return sums[0];
}

static struct behind *behind(sqlite3_file *file)
{
	return (struct behind *)((char *)file + usual_vfs->szOsFile);
}

static uint64_t sum_page(const void *page, sqlite3_int64 at)
{
	return htole64(sum_bytes(page, PAGE_BYTES - PAGE_SUM_BYTES, (uint64_t)at + 1));
}

bool page_is_sound(const void *page, int64_t at)
{
	uint64_t sum;

	memcpy(&sum, (const char *)page + PAGE_BYTES - PAGE_SUM_BYTES, sizeof(sum));
	return sum == sum_page(page, at);
}

static int read_page(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at)
{
	int rc = behind(file)->usual->xRead(file, bytes, n, at);

	/* Less than any page: a look at the header. */
	if (rc != SQLITE_OK || n < 512)
		return rc;
	if (n != PAGE_BYTES)
		return SQLITE_IOERR_DATA;
	return page_is_sound(bytes, at) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int write_page(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	const sqlite3_io_methods *usual = behind(file)->usual;
	char page[PAGE_BYTES];

	if (n != PAGE_BYTES)
		return usual->xWrite(file, bytes, n, at);
	memcpy(page, bytes, PAGE_BYTES);
	uint64_t sum = sum_page(page, at);
	memcpy(page + PAGE_BYTES - PAGE_SUM_BYTES, &sum, sizeof(sum));
	return usual->xWrite(file, page, n, at);
}

static int open_file(sqlite3_vfs *of, const char *path, sqlite3_file *file, int flags, int *ret)
{
	int rc = usual_vfs->xOpen(usual_vfs, path, file, flags, ret);
	struct behind *b = behind(file);

	(void)of;
	if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
		return rc;
	*b = (struct behind){ .methods = *file->pMethods, .usual = file->pMethods };
	b->methods.iVersion = 2; /* nothing mapped: that would be read behind our back */
	b->methods.xRead = read_page;
	b->methods.xWrite = write_page;
	file->pMethods = &b->methods;
	return SQLITE_OK;
}

static void register_vfs(void)
{
	usual_vfs = sqlite3_vfs_find(NULL);
	if (!usual_vfs)
		return;
	vfs = *usual_vfs;
	vfs.zName = VFS_NAME;
	vfs.pNext = NULL;
	vfs.szOsFile += (int)sizeof(struct behind);
	vfs.xOpen = open_file;
	sqlite3_vfs_register(&vfs, 0);
}

const char *pages_vfs(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_vfs);
	return VFS_NAME;
}
