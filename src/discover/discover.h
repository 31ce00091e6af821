/* SPDX-License-Identifier: MIT */
#ifndef DISCOVER_DISCOVER_H
#define DISCOVER_DISCOVER_H

#include <stdatomic.h>

#include "base/buf.h"
#include "model/account.h"

/*
 * discover - the EWS endpoint of an address, as autodiscover finds it.
 *
 * A layer between ews, whose XML reader it uses, and sync. It asks, in this order, until one
 * answers:
 *
 *   1. JSON (v2, never with a login) at autodiscover.DOM, then DOM
 *   2. POX at DOM, then autodiscover.DOM;  3. SOAP at the same
 *   4. http://autodiscover.DOM for a redirect, and POX where it leads
 *   5. the host of the SRV record, by all three dialects
 *   6. JSON at outlook.office365.com. Last, since it hears of an address that may be none of
 *      its own, and not where a host above wanted a login and refused ours: whatever
 *      it named would then be sent the password.
 *
 * Rules:
 * - What is asked is https with the certificate verified, but for the one request of step 4,
 *   which carries no login. An answer or redirect that leads to http is not taken.
 * - Every host is asked without a login first. Only one whose certificate has held, and
 *   which then wants a login, gets it.
 * - Anybody on the way can forge http and DNS, and have a certificate for a host of his own. So
 *   what is named in step 4 or 5, and whatever is named there in turn, is taken only when it is the
 *   domain of the address or below it. Unattended, both steps are left out: a mount that
 *   runs in a strange network is led nowhere by it.
 * - At most DISCOVER_REDIRECTS_MAX redirects in all, of http and of answers ("ask for that
 *   address", "ask there"); a host that sends us in a circle is left at once.
 * - A 401 to our login is no proof that it is wrong (the host may be an unrelated website): the
 *   next is asked. After three hosts that refused it (unattended: one) it is sent to no other:
 *   accounts get locked.
 * - A host that cannot be reached, or whose certificate is wrong, is not asked again.
 * - Each request takes at most DISCOVER_STEP_MS, all together DISCOVER_RUN_MS.
 *
 * Nothing is logged; the caller keeps what was found.
 */
#define DISCOVER_REDIRECTS_MAX 10
#define DISCOVER_STEP_MS (INT64_C(8) * 1000)
#define DISCOVER_RUN_MS (INT64_C(60) * 1000)

struct discovered {
	char *url;   /* https */
	char *where; /* who said so: "POX at autodiscover.corp.example" */
};

/* For account->address, with its login. Unattended: nobody has just asked for it. `stop`: when set,
 * ERR_CANCELLED; NULL: never. On failure *reason says in one line why, and what to do. */
MUST_CHECK enum err discover_find(const struct account *account, bool is_unattended,
				  const atomic_bool *stop, struct discovered *ret,
				  struct buf *reason);
void discovered_release(struct discovered *discovered);

#endif
