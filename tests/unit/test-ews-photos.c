/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-ews.h"

/* The pictures of contacts, which are attachments: asked for when the contacts are here. */

/* clang-format off */
#define FILE_OF(id, inner) "<t:FileAttachment><t:AttachmentId Id=\"" id "\"/>" inner "</t:FileAttachment>"
#define CONTACT(id, files) OK("GetItem", "<m:Items><t:Contact><t:ItemId Id=\"" id "\" ChangeKey=\"k\"/>" \
	"<t:Attachments>" files "</t:Attachments></t:Contact></m:Items>")
#define PICTURE(id, content) OK("GetAttachment", "<m:Attachments>" \
	FILE_OF(id, "<t:Name>x</t:Name><t:Content>" content "</t:Content>") "</m:Attachments>")

static const char contacts[] = RESPONSE("GetItem",
	CONTACT("A", FILE_OF("1", "<t:Name>a.pdf</t:Name>") FILE_OF("2", "<t:Name>b</t:Name><t:IsContactPhoto>true</t:IsContactPhoto>"))
	CONTACT("B", FILE_OF("3", "<t:Name>b.jpg</t:Name><t:IsContactPhoto>false</t:IsContactPhoto>"))
	CONTACT("C", FILE_OF("4", "<t:Name>ContactPicture.jpg</t:Name>")));
/* clang-format on */

static enum err note_photo(void *ctx, size_t index, struct ews_item_reply *reply)
{
	struct outcome *o = ctx;
	const char *photo = reply->item ? fields_get(&reply->item->fields, "Photo") : NULL;

	assert_true(reply->err || reply->mime);
	return buf_printf(&o->log, "%zu:%s:%s;", index, err_text(reply->err), photo ? photo : "-");
}

static void check_photos(const char *pictures, enum err err, const char *log)
{
	static const struct ews_items_sink photos = { note_photo, note_done };
	const struct fake_reply replies[] = { { contacts, strlen(contacts), 200 },
					      { pictures, strlen(pictures), 200 } };
	const char *const ids[] = { "A", "B", "C" };
	AUTO(ews) struct ews *ews = open_ews(replies, ARRAY_LEN(replies), 7);
	AUTO(outcome) struct outcome o = { 0 };

	check_ok(ews_get_items(ews, KIND_CONTACT, ids, ARRAY_LEN(ids), "/tmp", &photos, &o));
	while (ews_pending_n(ews) > 0)
		check_ok(ews_wait(ews, 0));
	check_err(o.err, err);
	assert_int_equal(o.done_n, 1);
	assert_string_equal(o.log.bytes, log);
	assert_non_null(strstr(fake.request,
			       "<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id=\"2\"/>"
			       "<t:AttachmentId Id=\"4\"/></m:AttachmentIds></m:GetAttachment>"));
}

static void test_contacts_with_a_picture_wait_for_it(void **state)
{
	(void)state;
	check_photos(RESPONSE("GetAttachment", PICTURE("2", "YQ==") PICTURE("4", "Yg==")), ERR_OK,
		     "1:success:-;0:success:YQ==;2:success:Yg==;");
}

static void test_a_picture_that_is_not_to_be_had_is_none(void **state)
{
	(void)state;
	check_photos(RESPONSE("GetAttachment",
			      PICTURE("2", "YQ==") ERROR("GetAttachment", "ErrorItemNotFound",
							 "<m:Attachments/>")),
		     ERR_OK, "1:success:-;0:success:YQ==;2:success:-;");
	check_photos(FAULT("ErrorSchemaValidation", ""), ERR_OK,
		     "1:success:-;0:success:-;2:success:-;");
}

static void test_a_picture_that_may_come_later_is_waited_for(void **state)
{
	(void)state;
	check_photos(RESPONSE("GetAttachment",
			      PICTURE("2", "YQ==")
				      ERROR("GetAttachment", "ErrorInternalServerTransientError",
					    "<m:Attachments/>")),
		     ERR_OK, "1:success:-;0:success:YQ==;2:server asked us to try again:-;");
	check_photos(FAULT("ErrorServerBusy", ""), ERR_THROTTLED, "1:success:-;");
}

static void test_a_picture_of_another_contact_is_not_believed(void **state)
{
	(void)state;
	check_photos(RESPONSE("GetAttachment", PICTURE("4", "YQ==") PICTURE("2", "Yg==")),
		     ERR_STALE_REPLY, "1:success:-;");
	check_photos(RESPONSE("GetAttachment", PICTURE("2", "YQ==")), ERR_STALE_REPLY,
		     "1:success:-;0:success:YQ==;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contacts_with_a_picture_wait_for_it),
		cmocka_unit_test(test_a_picture_that_is_not_to_be_had_is_none),
		cmocka_unit_test(test_a_picture_that_may_come_later_is_waited_for),
		cmocka_unit_test(test_a_picture_of_another_contact_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
