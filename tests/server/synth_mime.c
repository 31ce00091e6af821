/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "mime_out.h"
#include "synth.h"

/* What a small message cannot go below, however small the mean is. */
#define LEAST_BODY_BYTES 200
#define ATTACHMENT_BYTES 6000
#define TEXT_BEFORE_ATTACHMENT 1500
#define NOTES_MAX_BYTES 4000
#define DESCRIPTION_MAX_BYTES 20000

/* Quoted-printable already. Each is a line of the body. */
static const char *const sentences[] = {
	"Please find the figures for the last quarter in the table below.\r\n",
	"As discussed on the phone, we will postpone the delivery to next week.\r\n",
	"The attached document supersedes the version that I sent on Monday.\r\n",
	"Let me know whether you agree, and I will take it from there.\r\n",
	"Mit freundlichen Gr=C3=BC=C3=9Fen aus K=C3=B6ln\r\n",
	"\r\n",
	"We have 3 open tickets, 2 of them with the supplier, and none is urgent.\r\n",
	"Could you have a look at section 4 before the meeting?\r\n",
	"The total comes to 1=C2=A0250,00=C2=A0=E2=82=AC, including VAT.\r\n",
	"> Who is going to tell the customer?\r\n",
	"> > I thought that you had done that already.\r\n",
	"Nous vous remercions pour votre r=C3=A9ponse rapide.\r\n",
	"The backup of the file server finished without errors at half past three.\r\n",
	"=D0=A1=D0=BF=D0=B0=D1=81=D0=B8=D0=B1=D0=BE =D0=B7=D0=B0=\r\n =D0=B2=D1=81=D1=91\r\n",
	"From now on, the report is produced automatically every morning.\r\n",
	"This message is confidential and intended for the addressee only.\r\n",
};

static struct rng body_rng(const struct item *item)
{
	return (struct rng){ (item->seed ^ 3) + item->revision * UINT64_C(0x9e3779b97f4a7c15) };
}

bool synth_has_attachment(const struct item *item)
{
	struct rng rng = { item->seed ^ 4 };

	return (item->kind == KIND_MESSAGE || item->kind == KIND_POST) &&
	       item->size > ATTACHMENT_BYTES && rng_below(&rng, 5) < 2;
}

/* Sentences until the whole has `until` bytes; at least one always. */
static void fill_text(struct mime_out *out, struct rng *rng, size_t until)
{
	do
		out_str(out, sentences[rng_below(rng, ARRAY_LEN(sentences))]);
	while (!out->err && out->buf->len < until);
}

static void fill_base64(struct mime_out *out, struct rng *rng, size_t until)
{
	uint64_t numbers[57 * 8];
	const uint8_t *bytes = (const uint8_t *)numbers;

	while (!out->err && out->buf->len + 78 < until) {
		size_t left = (until - out->buf->len) / 78 * 57;
		size_t now = left < sizeof(numbers) ? left : sizeof(numbers);
		for (size_t i = 0; i < (now + 7) / 8; i++)
			numbers[i] = rng_next(rng);
		out_base64_lines(out, bytes, now);
	}
}

static size_t target(const struct mime_out *out, size_t start, const struct item *item)
{
	size_t least = out->buf->len + LEAST_BODY_BYTES, wanted = start + item->size;

	return wanted > least ? wanted : least;
}

static void mail_headers(struct mime_out *out, const struct item *item, const struct props *props)
{
	out_date_header(
		out,
		"Received: from mail.example.org (192.0.2.25) by mail.example.com\r\n\twith "
		"Microsoft SMTP Server id 15.2.1748.10; ",
		item->received);
	out_people_header(out, "From", &props->from, props->from.address != NULL);
	out_people_header(out, "To", props->to, props->to_n);
	out_people_header(out, "Cc", props->cc, props->cc_n);
	out_header(out, "Subject", props->subject);
	out_date_header(out, "Date: ", props->sent);
	out_header(out, "Message-ID", props->message_id);
	out_header(out, "In-Reply-To", props->in_reply_to);
	out_header(out, "References", props->references);
	if (strcmp(props->importance, "Normal") != 0)
		outf(out, "Importance: %s\r\n", props->importance);
	if (item->draft)
		out_str(out, "X-Unsent: 1\r\n");
	out_str(out, "MIME-Version: 1.0\r\n");
}

static const char text_part[] = "Content-Type: text/plain; charset=\"utf-8\"\r\n"
				"Content-Transfer-Encoding: quoted-printable\r\n\r\n";
static const char html_part[] = "Content-Type: text/html; charset=\"utf-8\"\r\n"
				"Content-Transfer-Encoding: quoted-printable\r\n\r\n";

static void boundary(struct mime_out *out, const struct item *item, const char *after)
{
	outf(out, "\r\n--_000_%016llx_%s", (unsigned long long)item->seed, after);
}

static void multipart(struct mime_out *out, const struct item *item, const char *subtype)
{
	outf(out, "Content-Type: multipart/%s;\r\n\tboundary=\"_000_%016llx_\"\r\n\r\n", subtype,
	     (unsigned long long)item->seed);
	boundary(out, item, "\r\n");
}

static void with_attachment(struct mime_out *out, struct rng *rng, const struct item *item,
			    size_t until)
{
	multipart(out, item, "mixed");
	out_str(out, text_part);
	fill_text(out, rng, out->buf->len + TEXT_BEFORE_ATTACHMENT);
	boundary(out, item, "\r\n");
	outf(out,
	     "Content-Type: application/octet-stream; name=\"report-%u.bin\"\r\n"
	     "Content-Disposition: attachment; filename=\"report-%u.bin\"\r\n"
	     "Content-Transfer-Encoding: base64\r\n\r\n",
	     (unsigned)(item->seed % 1000), (unsigned)(item->seed % 1000));
	fill_base64(out, rng, until);
	boundary(out, item, "--\r\n");
}

static void with_html(struct mime_out *out, struct rng *rng, const struct item *item, size_t until)
{
	multipart(out, item, "alternative");
	out_str(out, text_part);
	size_t text_bytes = until > out->buf->len ? (until - out->buf->len) / 3 : 0;
	fill_text(out, rng, out->buf->len + text_bytes);
	boundary(out, item, "\r\n");
	out_str(out, html_part);
	out_str(out, "<html><body><pre>\r\n");
	fill_text(out, rng, until);
	out_str(out, "</pre></body></html>\r\n");
	boundary(out, item, "--\r\n");
}

static void calendar(struct mime_out *out, const struct item *item, const struct props *props,
		     const char *method)
{
	struct rng rng = body_rng(item);
	size_t bytes = item->size < DESCRIPTION_MAX_BYTES ? item->size : DESCRIPTION_MAX_BYTES;
	size_t until = out->buf->len + bytes;

	out_str(out,
		"BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r\n"
		"VERSION:2.0\r\n");
	out_property(out, "METHOD", method);
	out_str(out, "BEGIN:VEVENT\r\n");
	outf(out, "ORGANIZER;CN=\"%s\":mailto:%s\r\n", props->from.name, props->from.address);
	for (size_t i = 0; i < props->to_n; i++)
		outf(out, "ATTENDEE;ROLE=REQ-PARTICIPANT;CN=\"%s\":\r\n mailto:%s\r\n",
		     props->to[i].name, props->to[i].address);
	out_property(out, "UID", props->uid);
	out_property(out, "SUMMARY", props->subject);
	out_property(out, "LOCATION", props->location);
	(props->all_day ? out_property_date : out_property_time)(
		out, props->all_day ? "DTSTART;VALUE=DATE" : "DTSTART", props->start);
	(props->all_day ? out_property_date : out_property_time)(
		out, props->all_day ? "DTEND;VALUE=DATE" : "DTEND", props->end);
	out_property_time(out, "DTSTAMP", item->created);
	if (props->recurring)
		out_str(out, "RRULE:FREQ=WEEKLY;COUNT=10\r\n");
	outf(out, "SEQUENCE:%u\r\n", item->revision);
	do
		outf(out, "COMMENT:%016llx\r\n", (unsigned long long)rng_next(&rng));
	while (!out->err && out->buf->len < until);
	out_str(out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

static void with_calendar(struct mime_out *out, struct rng *rng, const struct item *item,
			  const struct props *props, const char *method)
{
	multipart(out, item, "alternative");
	out_str(out, text_part);
	fill_text(out, rng, out->buf->len + 300);
	boundary(out, item, "\r\n");
	outf(out,
	     "Content-Type: text/calendar; charset=\"utf-8\"; method=%s\r\n"
	     "Content-Transfer-Encoding: 8bit\r\n\r\n",
	     method);
	calendar(out, item, props, method);
	boundary(out, item, "--\r\n");
}

static void report(struct mime_out *out, struct rng *rng, const struct item *item,
		   const struct props *props, size_t until)
{
	multipart(out, item, "report; report-type=delivery-status");
	out_str(out, text_part);
	out_str(out, "Delivery has failed to these recipients or groups:\r\n\r\n");
	outf(out, "%s\r\n\r\n", props->to_n ? props->to[0].address : "nobody@example.net");
	boundary(out, item, "\r\n");
	out_str(out,
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: "
		"dns;mail.example.com\r\n\r\n"
		"Final-Recipient: rfc822;gone@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n");
	boundary(out, item, "\r\n");
	out_str(out, "Content-Type: message/rfc822\r\n\r\nSubject: the original\r\n");
	out_str(out, text_part);
	fill_text(out, rng, until);
	boundary(out, item, "--\r\n");
}

static void message_body(struct mime_out *out, struct rng *rng, const struct item *item,
			 size_t until)
{
	uint64_t shape = rng_below(rng, 5);

	if (synth_has_attachment(item)) {
		with_attachment(out, rng, item, until);
	} else if (shape < 2) {
		with_html(out, rng, item, until);
	} else {
		out_str(out, text_part);
		fill_text(out, rng, until);
	}
}

static void vcard(struct mime_out *out, const struct item *item, const struct props *props)
{
	struct rng rng = body_rng(item);

	out_str(out, "BEGIN:VCARD\r\nVERSION:3.0\r\n");
	out_property(out, "FN", props->subject);
	outf(out, "N:%s;%s;;;\r\n", props->surname, props->given);
	out_property(out, "ORG", props->company);
	out_property(out, "TITLE", props->job);
	out_property(out, "EMAIL", props->email);
	out_property(out, "TEL;TYPE=work", props->phone);
	out_property(out, "TEL;TYPE=cell", props->mobile);
	outf(out, "X-REVISION:%016llx\r\n", (unsigned long long)rng_next(&rng));
	out_str(out, "END:VCARD\r\n");
}

static const char *method_of(enum kind kind)
{
	switch (kind) {
	case KIND_REQUEST: return "REQUEST";
	case KIND_RESPONSE: return "REPLY";
	case KIND_CANCELLATION: return "CANCEL";
	default: return NULL;
	}
}

static void mail(struct mime_out *out, const struct item *item, const struct props *props)
{
	struct rng rng = body_rng(item);
	size_t start = out->buf->len;

	mail_headers(out, item, props);
	size_t until = target(out, start, item);
	if (method_of(item->kind))
		with_calendar(out, &rng, item, props, method_of(item->kind));
	else if (item->kind == KIND_REPORT)
		report(out, &rng, item, props, until);
	else
		message_body(out, &rng, item,
			     kind_folder(item->kind) == FOLDER_MAIL ? until
								    : start + NOTES_MAX_BYTES);
}

enum err synth_mime(const struct item *item, const struct props *props, struct buf *ret)
{
	struct mime_out out = { .buf = ret };

	if (item->kind == KIND_APPOINTMENT)
		calendar(&out, item, props, NULL);
	else if (item->kind == KIND_CONTACT)
		vcard(&out, item, props);
	else
		mail(&out, item, props);
	return out.err;
}
