/* SPDX-License-Identifier: MIT */
#ifndef DISCOVER_SRV_H
#define DISCOVER_SRV_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * srv - the host that DNS names for autodiscover: "_autodiscover._tcp.DOMAIN".
 *
 * The record of the lowest priority, of these the one of the greatest weight. What DNS says is
 * not signed: it names who is to be asked, and proves nothing.
 */

/* Appends "HOST" or "HOST:PORT". ERR_NOT_FOUND: there is none, or nobody answers within limit_ms. */
MUST_CHECK enum err srv_find(const char *domain, int64_t limit_ms, const atomic_bool *stop,
			     struct buf *ret);

#endif
