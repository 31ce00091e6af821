/* SPDX-License-Identifier: MIT */
#include "synth.h"

#define PICK(rng, table) ((table)[rng_below((rng), ARRAY_LEN(table))])

static const struct {
	const char *given, *surname, *local;
} people[] = {
	{ "Anna", "Schmidt", "anna.schmidt" },	 { "John", "O'Brien", "john.obrien" },
	{ "François", "Müller", "f.mueller" },	 { "Мария", "Иванова", "m.ivanova" },
	{ "山田", "太郎", "taro.yamada" },	 { "José", "Núñez", "jose.nunez" },
	{ "Grace", "Hopper", "grace.hopper" },	 { "Ada", "Lovelace", "ada" },
	{ "Søren", "Ångström", "soren" },	 { "Wei", "Zhang", "wei.zhang" },
	{ "Fatima", "al-Fihri", "fatima" },	 { "Linus", "Berg", "linus.berg" },
	{ "Zoë", "van der Berg", "zoe.vdberg" }, { "שרה", "כהן", "sarah.cohen" },
	{ "Bob", "Smith, Jr.", "bob.smith" },	 { "Priya", "Raman", "priya" },
};

static const char *const plain_subjects[] = {
	"Quarterly report",
	"Minutes of the meeting",
	"Invoice 2041-77 overdue",
	"Lunch on Friday?",
	"Build failed on main",
	"New starters next week",
	"Your parcel is on its way",
	"Question about the contract",
	"Server maintenance this weekend",
	"Draft of the annual plan",
	"Holiday calendar",
	"Travel expenses March",
	"Security awareness training",
	"Customer complaint: late delivery",
	"Photos from the summer party",
	"Password expires in 5 days",
};

static const char *const foreign_subjects[] = {
	"Größere Änderungen für Köln",	   "会議の議事録について",
	"Отчёт за второй квартал",	   "مراجعة العقد الجديد",
	"Réunion reportée à jeudi",	   "\U0001F389 Party! \U0001F37B",
	"Re\u0301sume\u0301 (decomposed)", "Ñandú, cigüeña y pingüino",
};

/* What a file name must survive. Bytes up to 0x1F reach the client as references. */
static const char *const hostile_subjects[] = {
	"../../../etc/passwd",
	"a/b\\c:d*e?f\"g<h>i|j",
	"bell\x07 and unit separator\x1f in the middle",
	"   leading and trailing blanks   ",
	".hidden",
	"-rf *",
	"CON",
	"tab\there, line\nbreak",
	"evil\u202efdp.exe",
	"zero\u200bwidth\ufeffmarks\u2066",
	"%s%n%d $(reboot) `id` ${HOME}",
	"<script>alert('&amp;')</script>",
	"]]>",
	"...",
	"noncharacter \ufffe and \U0001FFFF",
	"ends in dots and blanks . . .",
	"\u2028line separator\u2029paragraph separator",
};

static const char *const cities[] = { "Köln", "Dublin", "Zürich", "Москва", "東京", "Austin" };
static const char *const companies[] = { "Contoso Ltd.", "Müller & Söhne GmbH", "Fabrikam; Inc.",
					 "Northwind\\Traders" };
static const char *const rooms[] = { "Room 12", "Besprechungsraum Süd", "Teams, Inc.; Bldg 3" };
static const char *const jobs[] = { "Engineer", "Head of Sales", "Geschäftsführer", "CFO" };

/* A sentence repeated until it is longer than any file name may be. */
static const char *long_subject(struct rng *rng, struct props *ret)
{
	AUTO(buf) struct buf buf = { 0 };
	uint64_t words = 40 + rng_below(rng, 80);
	enum err err = buf_append_str(&buf, "This subject is very long");

	for (uint64_t i = 0; !err && i < words; i++)
		err = buf_append_str(&buf, i % 5 ? " and on" : " – weiter");
	return err ? "" : props_keep(ret, buf_str(&buf));
}

static const char *draw_subject(struct rng *rng, struct props *ret)
{
	static const char *const prefixes[] = { "", "", "", "", "Re: ", "RE: ", "AW: ", "Fwd: " };
	uint64_t kind = rng_below(rng, 100);
	const char *plain = PICK(rng, plain_subjects), *prefix = PICK(rng, prefixes);
	const char *foreign = PICK(rng, foreign_subjects), *hostile = PICK(rng, hostile_subjects);

	if (kind < 3)
		return "";
	if (kind < 6)
		return long_subject(rng, ret);
	if (kind < 10)
		return "Status";
	if (kind < 20)
		return hostile;
	if (kind < 32)
		return props_printf(ret, "%s%s", prefix, foreign);
	return props_printf(ret, "%s%s", prefix, plain);
}

static struct person draw_person(struct rng *rng, struct props *ret)
{
	size_t i = (size_t)rng_below(rng, ARRAY_LEN(people));

	return (struct person){
		props_printf(ret, "%s %s", people[i].given, people[i].surname),
		props_printf(ret, "%s@example.%s", people[i].local, i % 2 ? "org" : "net"),
	};
}

static void draw_people(struct rng *rng, const struct item *item, struct props *ret)
{
	const struct mailbox *box = item->folder->box;
	struct person owner = { box->name, box->address };

	ret->to_n = 1 + (size_t)rng_below(rng, 4);
	ret->cc_n = (size_t)rng_below(rng, 8) < 5 ? 0 : (size_t)rng_below(rng, 5);
	for (size_t i = 0; i < ret->to_n + ret->cc_n; i++)
		ret->people[i] = draw_person(rng, ret);
	if (!item->own)
		ret->people[0] = owner;
	ret->to = ret->people;
	ret->cc = ret->people + ret->to_n;
	ret->from = draw_person(rng, ret);
	if (item->own)
		ret->from = owner;
}

static void draw_meeting(struct rng *rng, const struct item *item, struct props *ret)
{
	int64_t half_hours = item->received / 1800 + 1 + (int64_t)rng_below(rng, 48 * 60);

	ret->uid = props_printf(ret, "040000008200E00074C5B7101A82E008%016llX",
				(unsigned long long)item->seed);
	ret->location = PICK(rng, rooms);
	ret->all_day = rng_below(rng, 12) == 0;
	ret->start = ret->all_day ? half_hours / 48 * 86400 : half_hours * 1800;
	ret->end = ret->start + (ret->all_day ? 86400 : 1800 * (1 + (int64_t)rng_below(rng, 5)));
	ret->recurring = rng_below(rng, 6) == 0;
}

static void draw_contact(struct rng *rng, struct props *ret)
{
	size_t i = (size_t)rng_below(rng, ARRAY_LEN(people));

	ret->given = people[i].given;
	ret->surname = props_printf(ret, "%s %llu", people[i].surname,
				    (unsigned long long)rng_below(rng, 100000));
	ret->company = PICK(rng, companies);
	ret->job = PICK(rng, jobs);
	ret->email = props_printf(ret, "%s@example.com", people[i].local);
	ret->phone = props_printf(ret, "+49 221 %06llu",
				  (unsigned long long)rng_below(rng, 1000000));
	ret->mobile = props_printf(ret, "+353 87 %07llu",
				   (unsigned long long)rng_below(rng, 10000000));
	ret->street = props_printf(ret, "%llu Main Street",
				   (unsigned long long)rng_below(rng, 200));
	ret->city = PICK(rng, cities);
	ret->postal = props_printf(ret, "%05llu", (unsigned long long)rng_below(rng, 100000));
	ret->country = "Germany";
	ret->birthday = -(int64_t)rng_below(rng, 1000) * 86400;
	ret->subject = props_printf(ret, "%s %s", ret->given, ret->surname);
}

static void draw_task(struct rng *rng, const struct item *item, struct props *ret)
{
	static const char *const states[] = { "NotStarted", "InProgress", "Completed",
					      "WaitingOnOthers", "Deferred" };
	size_t state = (size_t)rng_below(rng, ARRAY_LEN(states));

	ret->status = states[state];
	ret->percent = state == 2 ? 100 : state == 1 ? 10 * (1 + (int)rng_below(rng, 9)) : 0;
	ret->begin = item->received / 86400 * 86400;
	ret->due = ret->begin + 86400 * (1 + (int64_t)rng_below(rng, 30));
	ret->completed = state == 2 ? ret->due : TIME_NONE;
	ret->recurring = rng_below(rng, 8) == 0;
}

static void draw_by_kind(struct rng *rng, const struct item *item, struct props *ret)
{
	switch (item->kind) {
	case KIND_APPOINTMENT:
	case KIND_REQUEST:
	case KIND_RESPONSE:
	case KIND_CANCELLATION: draw_meeting(rng, item, ret); break;
	case KIND_CONTACT: draw_contact(rng, ret); break;
	case KIND_TASK: draw_task(rng, item, ret); break;
	case KIND_REPORT:
		ret->subject = props_printf(ret, "Undeliverable: %s", ret->subject);
		ret->from = (struct person){ "Microsoft Outlook", "postmaster@example.com" };
		break;
	case KIND_LIST:
		ret->subject = *ret->subject ? ret->subject : "Team";
		ret->from = (struct person){ 0 };
		break;
	default: break;
	}
}

void synth_describe(const struct item *item, struct props *ret)
{
	struct rng rng = { item->seed ^ 2 };

	ret->subject = draw_subject(&rng, ret);
	draw_people(&rng, item, ret);
	uint64_t importance = rng_below(&rng, 30), sensitivity = rng_below(&rng, 50);
	ret->importance = importance < 2 ? "High" : importance == 2 ? "Low" : "Normal";
	ret->sensitivity = sensitivity == 0   ? "Private"
			   : sensitivity == 1 ? "Confidential"
					      : "Normal";
	ret->sent = item->received - (int64_t)rng_below(&rng, 60);
	ret->message_id = props_printf(ret, "<%016llx@mail.example.org>",
				       (unsigned long long)item->seed);
	if (rng_below(&rng, 3) == 0)
		ret->in_reply_to = ret->references = props_printf(
			ret, "<%016llx@mail.example.org>", (unsigned long long)rng_next(&rng));
	ret->has_attachments = synth_has_attachment(item);
	draw_by_kind(&rng, item, ret);
}
