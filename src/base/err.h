/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/auto.h"

/*
 * err - every way an operation can fail, what the kernel is told, and whether
 * trying again can help.
 *
 * The vocabularies we translate from (EWS ResponseCode, CURLcode, SQLite codes,
 * errno) each have one *_err_from_*() function beside the library they wrap; the
 * errno of a failure is chosen here and nowhere else.
 *
 * The object that failed (an http, ews or store handle) keeps one line of detail
 * about its last failure; its *_reason() function lends it.
 */
enum retry { RETRY_NEVER, RETRY_NOW, RETRY_BACKOFF };

/* clang-format off */
#define ERR_TABLE(X) \
	/* name         errno         retry          text */ \
	X(NOMEM,        ENOMEM,       RETRY_NEVER,   "out of memory") \
	X(NOT_FOUND,    ENOENT,       RETRY_NEVER,   "no such item or folder") \
	X(NO_XATTR,     ENODATA,      RETRY_NEVER,   "no such attribute") \
	X(INVALID,      EINVAL,       RETRY_NEVER,   "invalid argument") \
	X(DENIED,       EACCES,       RETRY_NEVER,   "server refused access") \
	X(AUTH,         EACCES,       RETRY_BACKOFF, "login refused") \
	X(PERM,         EPERM,        RETRY_NEVER,   "not permitted") \
	X(READ_ONLY,    EROFS,        RETRY_NEVER,   "mounted read-only") \
	X(BUSY,         EBUSY,        RETRY_BACKOFF, "already in use") \
	X(NOT_DIR,      ENOTDIR,      RETRY_NEVER,   "not a directory") \
	X(IS_DIR,       EISDIR,       RETRY_NEVER,   "is a directory") \
	X(INTERRUPTED,  EINTR,        RETRY_NEVER,   "interrupted") \
	X(CANCELLED,    ECANCELED,    RETRY_NEVER,   "cancelled") \
	X(SYNC_RESET,   EIO,          RETRY_NOW,     "sync state expired, list afresh") \
	X(SHAPE,        EIO,          RETRY_NOW,     "server refuses a property we asked for") \
	X(STALE_REPLY,  EIO,          RETRY_NOW,     "reply does not answer the question") \
	X(BAD_ITEM,     EIO,          RETRY_NEVER,   "server cannot deliver the item") \
	X(TRANSIENT,    EIO,          RETRY_BACKOFF, "server asked us to try again") \
	X(THROTTLED,    EAGAIN,       RETRY_BACKOFF, "server asked us to wait") \
	X(OFFLINE,      EHOSTDOWN,    RETRY_BACKOFF, "server unreachable") \
	X(TLS,          EHOSTDOWN,    RETRY_BACKOFF, "server certificate refused") \
	X(NOT_EWS,      EPROTO,       RETRY_BACKOFF, "not an Exchange web service") \
	X(LIMIT,        EOVERFLOW,    RETRY_NEVER,   "larger than we accept") \
	X(PROTOCOL,     EPROTO,       RETRY_BACKOFF, "unintelligible server reply") \
	X(STORE,        EIO,          RETRY_BACKOFF, "local cache failed") \
	X(DAMAGED,      EIO,          RETRY_NEVER,   "local cache is damaged") \
	X(NO_SPACE,     ENOSPC,       RETRY_BACKOFF, "local disk is full") \
	X(OTHER_OWNER,  EIO,          RETRY_NEVER,   "cache belongs to another mailbox") \
	X(IO,           EIO,          RETRY_NEVER,   "input/output error")
/* clang-format on */

#define X(name, no, retry, text) ERR_##name,
enum err { ERR_OK, ERR_TABLE(X) ERR_COUNT };
#undef X

int err_to_errno(enum err err);
enum retry err_retry(enum err err);
/* A few words in lower case, without a full stop; static. */
const char *err_text(enum err err);
/* For the calls of libc that set errno. */
enum err err_from_errno(int no);

#endif
