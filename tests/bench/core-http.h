/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_CORE_HTTP_H
#define TESTS_BENCH_CORE_HTTP_H

#include <stddef.h>
#include <stdint.h>

/*
 * core-http - an Exchange server without a network, in place of the http layer by linking.
 *
 * It answers SyncFolderItems with pages of Creates and GetItem with messages, in the shape that a
 * recorded server gave them, and hands them on in pieces as libcurl does. Requests are answered in
 * the order in which they came. One thread.
 */
struct core_mailbox {
	size_t items_n;
	size_t mime_bytes; /* of each message */
};

void core_http_open(const struct core_mailbox *mailbox);
void core_http_close(void);
/* The time that it took to make the answers, which is not the client's. */
int64_t core_http_making_ns(void);
int64_t core_clock_ns(void);

#endif
