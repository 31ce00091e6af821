/* SPDX-License-Identifier: MIT */
#include "synth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define FIRST_TIME INT64_C(1451606400) /* 2016-01-01 */
#define SPAN_S INT64_C(315619200)      /* ten years */
#define DAY_S 86400
#define SMALLEST_BYTES 200
#define SPREAD 0.9

uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return (uint64_t)((unsigned __int128)rng_next(rng) * n >> 64);
}

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
	struct rng rng = { a };

	rng.state = rng_next(&rng) ^ b;
	rng.state = rng_next(&rng) ^ c;
	return rng_next(&rng);
}

/* The folders in the order in which --synthetic counts them. */
static const struct {
	const char *path;
	enum folder_kind kind;
} first_folders[] = {
	{ "Inbox", FOLDER_MAIL },
	{ "Sent Items", FOLDER_MAIL },
	{ "Calendar", FOLDER_CALENDAR },
	{ "Contacts", FOLDER_CONTACTS },
	{ "Tasks", FOLDER_TASKS },
	{ "Inbox/Projects", FOLDER_MAIL },
	{ "Drafts", FOLDER_MAIL },
	{ "Inbox/Projects/Größe & Maße", FOLDER_MAIL },
	{ "Archive", FOLDER_MAIL },
	{ "Archive/AC/DC", FOLDER_MAIL },
	{ "Archive/.hidden no more", FOLDER_MAIL },
	{ "Inbox/日本語のフォルダ", FOLDER_MAIL },
	{ "Archive/Trailing blank ", FOLDER_MAIL },
	{ "Calendar/Room: 4*2?", FOLDER_CALENDAR },
	{ "Inbox/Отчёты \"2024\"", FOLDER_MAIL },
	{ "Contacts/Suppliers", FOLDER_CONTACTS },
	{ "Inbox/A very long folder name that goes on and on, as people make them when they paste "
	  "a "
	  "whole sentence into the dialog and press return without looking at what they have done, "
	  "which is more common than one would think",
	  FOLDER_MAIL },
	{ "Tasks/Someday", FOLDER_TASKS },
	{ "Archive/e\u0301te\u0301 \U0001F3D6", FOLDER_MAIL },
	{ "Junk Email", FOLDER_MAIL },
};

/* "AC/DC" is one name: mkdir_path() would make two folders of it. */
static struct folder *named_folder(struct mailbox *box, size_t i)
{
	if (i == 9)
		return mailbox_mkdir(box, mailbox_path(box, "Archive"), "AC/DC", FOLDER_MAIL);
	return mailbox_mkdir_path(box, first_folders[i].path, first_folders[i].kind);
}

/* Seven folders of mail, then a calendar, contacts and tasks, and so on. */
static struct folder *numbered_folder(struct mailbox *box, size_t i)
{
	static const char *const tops[] = { "Archive/Customer", "Inbox/Projects/Project" };
	static const char *const others[] = { "Calendar/Team", "Contacts/Team", "Tasks/Team" };
	char path[64];
	size_t turn = i % 10;
	enum folder_kind kind = turn < 7 ? FOLDER_MAIL : (enum folder_kind)(turn - 6);

	if (turn < 7)
		snprintf(path, sizeof(path), "%s %04zu", tops[i % 2], i);
	else
		snprintf(path, sizeof(path), "%s %04zu", others[turn - 7], i);
	return mailbox_mkdir_path(box, path, kind);
}

static enum kind draw_mail_kind(struct rng *rng)
{
	uint64_t r = rng_below(rng, 100);

	if (r < 4)
		return KIND_REQUEST;
	if (r < 6)
		return KIND_RESPONSE;
	if (r < 7)
		return KIND_CANCELLATION;
	if (r < 10)
		return KIND_REPORT;
	return r < 13 ? KIND_POST : KIND_MESSAGE;
}

static enum kind draw_kind(struct rng *rng, const struct folder *folder)
{
	enum kind mail = draw_mail_kind(rng);
	bool list = rng_below(rng, 10) == 0;

	switch (folder->kind) {
	case FOLDER_CALENDAR: return KIND_APPOINTMENT;
	case FOLDER_CONTACTS: return list ? KIND_LIST : KIND_CONTACT;
	case FOLDER_TASKS: return KIND_TASK;
	default:
		return folder->distinguished && folder->distinguished[0] != 'i' ? KIND_MESSAGE
										: mail;
	}
}

/* exp(N(-s*s/2, s)) has the mean 1. */
static uint32_t draw_size(struct rng *rng, uint64_t mean)
{
	double u = ((double)(rng_next(rng) >> 11) + 1) / 9007199254740993.0;
	double v = (double)(rng_next(rng) >> 11) / 9007199254740992.0;
	double normal = sqrt(-2 * log(u)) * cos(2 * M_PI * v);
	double size = (double)mean * exp(SPREAD * normal - SPREAD * SPREAD / 2);

	if (size > (double)mean * 30)
		size = (double)mean * 30;
	if (size > 160e6)
		size = 160e6;
	return size < SMALLEST_BYTES ? SMALLEST_BYTES : (uint32_t)size;
}

static struct item draw_item(uint64_t seed, const struct folder *folder, uint64_t mean)
{
	struct item item = { .seed = seed };
	struct rng rng = { seed ^ 1 };
	bool sent = folder->distinguished && strcmp(folder->distinguished, "sentitems") == 0;

	item.kind = (uint8_t)draw_kind(&rng, folder);
	item.size = draw_size(&rng, mean);
	item.draft = folder->distinguished && strcmp(folder->distinguished, "drafts") == 0;
	item.own = item.draft || sent;
	item.read = rng_below(&rng, 10) < 8 || item.own || folder->kind != FOLDER_MAIL;
	uint64_t flag = rng_below(&rng, 40), category = rng_below(&rng, 60);
	item.flag = flag < 2 ? FLAG_FLAGGED : flag == 2 ? FLAG_COMPLETE : FLAG_NONE;
	item.category = category < CATEGORIES ? (uint8_t)category : 0;
	item.modified = (int64_t)rng_below(&rng, 3 * DAY_S);
	return item;
}

static void set_times(struct item *item, int64_t received)
{
	item->created = item->received = received;
	item->modified += received;
}

static void fill_folder(struct mailbox *box, struct folder *folder, size_t number,
			const struct synth_plan *plan)
{
	int64_t step = SPAN_S / (int64_t)(plan->items_n ? plan->items_n : 1);

	for (uint64_t i = 0; i < plan->items_n; i++) {
		struct rng rng = { mix(plan->seed, number, i) };
		struct item item = draw_item(rng_next(&rng), folder, plan->bytes);
		int64_t at = FIRST_TIME + (int64_t)(i * (uint64_t)SPAN_S / plan->items_n);
		set_times(&item, at + (int64_t)rng_below(&rng, (uint64_t)step + 1));
		folder_add(box, folder, &item);
	}
}

void synth_fill(struct mailbox *box, const struct synth_plan *plan)
{
	mailbox_set_seed(box, plan->seed);
	box->synthetic = true;
	for (size_t i = 0; i < plan->folders_n; i++) {
		bool named = i < ARRAY_LEN(first_folders);
		fill_folder(box, named ? named_folder(box, i) : numbered_folder(box, i), i, plan);
	}
}

struct item synth_item(struct mailbox *box, const struct folder *folder, uint32_t bytes)
{
	uint64_t seed = mix(box->seed, UINT64_MAX, ++box->delivered_n);
	struct item item = draw_item(seed, folder, bytes);

	item.size = bytes;
	item.read = item.own;
	item.modified = 0;
	set_times(&item, clock_wall_ns() / NS_PER_S);
	return item;
}
