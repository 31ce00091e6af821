/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/auto.h"

/*
 * err - every way an operation can fail, and what the kernel is told.
 *
 * The vocabularies we translate from (EWS ResponseCode, CURLcode, SQLite codes,
 * errno) each have one *_err_from_*() function beside the library they wrap; the
 * errno of a failure is chosen here and nowhere else.
 *
 * The object that failed (an http, ews or store handle) keeps one line of detail
 * about its last failure; its *_reason() function lends it.
 */

/* clang-format off */
#define ERR_TABLE(X) \
	/* name         errno         text */ \
	X(NOMEM,        ENOMEM,       "out of memory") \
	X(NOT_FOUND,    ENOENT,       "no such item or folder") \
	X(NO_XATTR,     ENODATA,      "no such attribute") \
	X(INVALID,      EINVAL,       "invalid argument") \
	X(DENIED,       EACCES,       "server refused access") \
	X(AUTH,         EACCES,       "login refused") \
	X(PERM,         EPERM,        "not permitted") \
	X(READ_ONLY,    EROFS,        "mounted read-only") \
	X(BUSY,         EBUSY,        "already in use") \
	X(NOT_DIR,      ENOTDIR,      "not a directory") \
	X(IS_DIR,       EISDIR,       "is a directory") \
	X(INTERRUPTED,  EINTR,        "interrupted") \
	X(CANCELLED,    ECANCELED,    "cancelled") \
	X(SYNC_RESET,   EIO,          "sync state expired, list afresh") \
	X(SUBSCRIPTION, EIO,          "subscription refused or lost") \
	X(SHAPE,        EIO,          "server refuses a property we asked for") \
	X(STALE_REPLY,  EIO,          "reply does not answer the question") \
	X(BAD_ITEM,     EIO,          "server cannot deliver the item") \
	X(TRANSIENT,    EIO,          "server asked us to try again") \
	X(THROTTLED,    EAGAIN,       "server asked us to wait") \
	X(OFFLINE,      EHOSTDOWN,    "server unreachable") \
	X(TLS,          EHOSTDOWN,    "server certificate refused") \
	X(NOT_EWS,      EPROTO,       "not an Exchange web service") \
	X(MOVED,        EHOSTDOWN,    "the mailbox is on another server") \
	X(LIMIT,        EOVERFLOW,    "larger than we accept") \
	X(PROTOCOL,     EPROTO,       "unintelligible server reply") \
	X(STORE,        EIO,          "local cache failed") \
	X(DAMAGED,      EIO,          "local cache is damaged") \
	X(ABSENT,       EIO,          "content is not here") \
	X(STALE,        ESTALE,       "another version has taken its place") \
	X(TOO_LARGE,    EFBIG,        "larger than all that may be kept") \
	X(NO_SPACE,     ENOSPC,       "local disk is full") \
	X(OTHER_OWNER,  EIO,          "cache belongs to another mailbox") \
	X(IO,           EIO,          "input/output error")
/* clang-format on */

#define X(name, no, text) ERR_##name,
enum err { ERR_OK, ERR_TABLE(X) ERR_COUNT };
#undef X

int err_to_errno(enum err err);
/* A few words in lower case, without a full stop; static. */
const char *err_text(enum err err);
/* For the calls of libc that set errno. */
enum err err_from_errno(int no);

#endif
