/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include "base/log.h"

/*
 * findings - what the diagnosis of change keys says, in the log.
 *
 * A restored server makes every key of a mailbox go backwards, and nobody reads 100,000 lines of
 * that: what a run found is told at its end, item by item or as one line. An unknown one is
 * counted alone, since some servers have no key that could be judged.
 */
static uint64_t told_n(const struct findings *findings)
{
	return findings->regressed_n + findings->uncovered_n;
}

void findings_note(struct sync *sync, const char *id, enum verdict verdict)
{
	struct findings *findings = &sync->findings;
	uint64_t n = told_n(findings);

	findings->unknown_n += verdict == VERDICT_UNKNOWN;
	if (verdict != VERDICT_REGRESSED && verdict != VERDICT_UNCOVERED)
		return;
	findings->regressed_n += verdict == VERDICT_REGRESSED;
	findings->uncovered_n += verdict == VERDICT_UNCOVERED;
	if (n >= FINDINGS_MAX)
		return;
	findings->list[n].verdict = verdict;
	/* Without memory for it the line says no id. */
	if (text_copy(id, &findings->list[n].id) != ERR_OK)
		findings->list[n].id = NULL;
}

static void tell_one(const struct finding *finding)
{
	const char *id = finding->id ? finding->id : "?";

	if (finding->verdict == VERDICT_REGRESSED)
		log_info("item %s: its change key went backwards (regressed): it is fetched all "
			 "the same, other clients may miss the change",
			 id);
	else
		log_info("item %s: its change key is not in its predecessor list (uncovered): it "
			 "is fetched all the same, other clients may see a conflict",
			 id);
}

void findings_tell(struct sync *sync)
{
	struct findings *findings = &sync->findings;
	uint64_t n = told_n(findings);

	if (n > FINDINGS_MAX)
		log_info("%s: the change keys of %llu items went backwards (regressed), those of "
			 "%llu are not in their lists (uncovered): was the server restored? They "
			 "are fetched all the same",
			 sync->account->url, (unsigned long long)findings->regressed_n,
			 (unsigned long long)findings->uncovered_n);
	for (uint64_t i = 0; n <= FINDINGS_MAX && i < n; i++)
		tell_one(&findings->list[i]);
	if (findings->unknown_n > 0)
		log_info("%s: the change keys of %llu items are of a form that cannot be judged",
			 sync->account->url, (unsigned long long)findings->unknown_n);
	findings_release(findings);
}

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < FINDINGS_MAX; i++)
		str_release(&findings->list[i].id);
	*findings = (struct findings){ 0 };
}
