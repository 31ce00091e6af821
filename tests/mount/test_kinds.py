# SPDX-License-Identifier: MIT
"""Every kind of item, with all that it may hold, as parsers read it that are not ours."""
import base64
import datetime
import html
import os
import pathlib
import re
import urllib.parse
import urllib.request

import dateutil.rrule
import ewsfs
import icalendar
import pytest
import vobject

SCHEMA = pathlib.Path(os.environ.get("EWSFS_SHARED", ewsfs.ROOT.parent / "shared")) / "ews/schema/V2018_01_08"
NS = "http://schemas.microsoft.com/exchange/services/2006"
# What breaks formats that were not thought through.
NASTY = ("plain", "comma, semicolon; colon: \"quotes\" back\\slash \\n \\, \\;", "line\nbreak\n\nand\nmore",
         "emoji \U0001F389\U0001F3D6 ünïcödé 日本語 " * 9, "END:VCARD\nBEGIN:VCARD", "^caret ^n ^' \ttab",
         " leading and trailing ", "x" * 74, "é" * 200)
LONG = "".join(f"Line {n}: – a note, with; all sorts of \\things\n" for n in range(250)) + "the end"


def text(name, value, **attributes):
    given = "".join(f' {key}="{html.escape(each)}"' for key, each in attributes.items())
    return f"<t:{name}{given}>{html.escape(value, quote=False)}</t:{name}>" if value is not None else ""


def strings(name, values):
    return f"<t:{name}>" + "".join(text("String", each) for each in values) + f"</t:{name}>"


def entries(name, values):
    return f"<t:{name}>" + "".join(text("Entry", value, Key=key) for key, value in values.items()) + f"</t:{name}>"


def create(server, *items):
    body = (f'<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone">'
            f'<m:Items>{"".join(items)}</m:Items></m:CreateItem>')
    envelope = (f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{NS}/messages" '
                f'xmlns:t="{NS}/types"><s:Header><t:RequestServerVersion Version="Exchange2010_SP2"/></s:Header>'
                f'<s:Body>{body}</s:Body></s:Envelope>')
    login = base64.b64encode(f"{ewsfs.USER}:{ewsfs.PASSWORD}".encode()).decode()
    request = urllib.request.Request(server.url, data=envelope.encode(), headers={
        "Content-Type": "text/xml; charset=utf-8", "Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=ewsfs.TIMEOUT_S) as reply:
        answer = reply.read().decode()
    ids = re.findall(r'<t:ItemId Id="([^"]*)"', answer)
    assert len(ids) == len(items), answer[:2000]
    return ids


def clean(value):
    """What a text value says: line breaks are one kind, and control characters are none."""
    return value.replace("\r\n", "\n").strip("\r")


def new_empty(new_server, *args):
    schema = ("--schema", str(SCHEMA)) if SCHEMA.is_dir() else ()
    return new_server("--synthetic", f"{ewsfs.USER}:5:0:2000:3", *schema, *args)


@pytest.fixture
def empty(new_server):
    return new_empty(new_server)


def read(mount, ids):
    mount.update()
    files = mount.by_item_id()
    assert set(ids) <= set(files)
    return [files[each] for each in ids]


def check_lines(raw):
    """Lines as both formats want them: CRLF, 75 octets, no sequence of UTF-8 cut in two."""
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


PHONES = ("AssistantPhone BusinessFax BusinessPhone BusinessPhone2 Callback CarPhone CompanyMainPhone HomeFax "
          "HomePhone HomePhone2 Isdn MobilePhone OtherFax OtherTelephone Pager PrimaryPhone RadioPhone Telex "
          "TtyTddPhone").split()


def contact(nasty, note):
    address = "".join(text(name, f"{nasty} {name}") for name in
                      ("Street", "City", "State", "CountryOrRegion", "PostalCode"))
    addresses = "".join(f'<t:Entry Key="{key}">{address}</t:Entry>' for key in ("Business", "Home"))
    return ("<t:Contact>" + text("Body", note, BodyType="Text") + strings("Categories", ("Friends", "A, B; C"))
            + text("FileAs", nasty) + text("DisplayName", nasty) + text("GivenName", nasty)
            + text("Initials", "N.N.") + text("MiddleName", f"{nasty}M") + text("Nickname", nasty)
            + text("CompanyName", nasty)
            + entries("EmailAddresses", {f"EmailAddress{n}": f"n{n}@corp.example" for n in (1, 2, 3)})
            + f"<t:PhysicalAddresses>{addresses}</t:PhysicalAddresses>"
            + entries("PhoneNumbers", {key: f"+49 {n}" for n, key in enumerate(PHONES)})
            + text("AssistantName", nasty) + text("Birthday", "1604-02-29T00:00:00Z")
            + text("BusinessHomePage", "https://corp.example/a,b;c?d=e&f") + strings("Children", (nasty, "Dora"))
            + strings("Companies", (nasty,)) + text("Department", nasty) + text("Generation", "III")
            + entries("ImAddresses", {"ImAddress1": "sip:n@corp.example", "ImAddress2": nasty})
            + text("JobTitle", nasty) + text("Manager", nasty) + text("Mileage", nasty)
            + text("OfficeLocation", nasty) + text("PostalAddressIndex", "Home") + text("Profession", nasty)
            + text("SpouseName", nasty) + text("Surname", f"{nasty}S")
            + text("WeddingAnniversary", "1583-12-31T00:00:00Z") + "</t:Contact>")


def values(card, name):
    """vobject leaves properties that it does not know as they stand."""
    return [re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], each.value) if each.encoded else each.value
            for each in card.contents.get(name, ())]


def check_card(raw, nasty, note):
    check_lines(raw)
    card, = vobject.readComponents(raw.decode())
    assert values(card, "version") == ["4.0"] and values(card, "fn") == [nasty]
    name = card.n.value
    assert (name.given, name.family, name.additional, name.suffix) == (nasty, f"{nasty}S", f"{nasty}M", "III")
    assert card.org.value == [nasty, nasty]
    assert values(card, "title") == values(card, "role") == values(card, "nickname") == [nasty]
    assert values(card, "email") == [f"n{n}@corp.example" for n in (1, 2, 3)]
    assert sorted(values(card, "tel")) == sorted(f"+49 {n}" for n in range(len(PHONES)))
    told_apart = {tuple(tuple(tel.params.get(name, ())) for name in ("TYPE", "PREF", "X-EWS-KEY"))
                  for tel in card.contents["tel"]}
    assert len(told_apart) == len(PHONES)
    assert [adr.params["TYPE"] for adr in card.contents["adr"]] == [["work"], ["home"]]
    assert ["PREF" in adr.params for adr in card.contents["adr"]] == [False, True]
    for adr in values(card, "adr"):
        assert (adr.street, adr.city, adr.region, adr.country, adr.code) == tuple(
            f"{nasty} {part}" for part in ("Street", "City", "State", "CountryOrRegion", "PostalCode"))
    assert b"\r\nURL:https://corp.example/a,b;c?d=e&f\r\n" in raw  # a URI is not text; vobject ends it at the comma
    assert values(card, "bday") == ["--0229"] and values(card, "anniversary") == ["15831231"]
    assert [urllib.parse.unquote(each) for each in values(card, "impp")] == ["sip:n@corp.example", f"im:{nasty}"]
    assert values(card, "related") == [nasty, nasty, "Dora"]
    assert [related.params["TYPE"] for related in card.contents["related"]] == [["spouse"], ["child"], ["child"]]
    for own in ("manager", "assistant", "office", "file-as", "mileage", "company"):
        assert values(card, f"x-ews-{own}") == [nasty], own
    assert values(card, "categories") == [["Friends", "A, B; C"]]
    assert values(card, "note") == [note]


def test_a_contact_reads_back_from_vobject_as_the_server_holds_it(empty, new_mount):
    notes = [LONG if nasty == "plain" else nasty for nasty in NASTY]
    ids = create(empty, *map(contact, NASTY, notes), "<t:Contact/>",
                 "<t:Contact><t:Birthday>1899-12-30T23:00:00Z</t:Birthday></t:Contact>")
    files = read(new_mount(empty), ids)
    for path, nasty, note in zip(files, NASTY, notes):
        assert path.suffix == ".vcf"
        check_card(path.read_bytes(), nasty, note)
    for path in files[len(NASTY):]:
        vobject.readOne(path.read_text()).fn
    assert "\nBDAY:18991231\n" in files[-1].read_text()


def with_picture(name, content, marked=True, file_name="picture.jpg"):
    attachment = (text("Name", file_name) + (text("IsContactPhoto", "true") if marked else "")
                  + text("Content", base64.b64encode(content).decode()))
    other = text("Name", "contract.pdf") + text("Content", "AAAA")
    return (f"<t:Contact><t:Attachments><t:FileAttachment>{other}</t:FileAttachment><t:FileAttachment>{attachment}"
            f"</t:FileAttachment></t:Attachments>{text('DisplayName', name)}</t:Contact>")


PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400


def pictures(files):
    """vobject ends a URI at its comma."""
    raw = [path.read_bytes() for path in files]
    assert [len(vobject.readOne(each.decode()).contents.get("photo", ())) for each in raw] == \
        [each.count(b"\nPHOTO:") for each in raw]
    return [re.findall("\nPHOTO:(.*)\r", each.replace(b"\r\n ", b"").decode()) for each in raw]


def as_uri(kind, content):
    return [f"data:image/{kind};base64," + base64.b64encode(content).decode()]


def test_a_contacts_picture_is_in_its_card(empty, new_mount):
    ids = create(empty, with_picture("a", JPEG), with_picture("b", PNG, False, "ContactPicture.jpg"),
                 with_picture("c", PNG, False), with_picture("d", b"x" * 3_500_000), "<t:Contact/>")
    mount = new_mount(empty)
    seen = pictures(read(mount, ids))
    assert [[each[:80] for each in photos] for photos in seen] == [
        [each[:80] for each in photos] for photos in (as_uri("jpeg", JPEG), as_uri("png", PNG), [], [], [])]
    assert seen[0] == as_uri("jpeg", JPEG) and seen[1] == as_uri("png", PNG)
    assert empty.requests()["GetAttachment"] == 1


@pytest.mark.parametrize("fault, has_picture", (
    ({"kind": "error", "code": "ErrorItemNotFound"}, False),
    ({"kind": "error", "code": "ErrorInternalServerTransientError"}, True),
    ({"kind": "busy", "back_off": 300}, True),
    ({"kind": "reset", "bytes": 700}, True),
    ({"kind": "malformed"}, True)))
def test_a_picture_that_does_not_come_stops_no_contact(fault, has_picture, empty, new_mount):
    ids = create(empty, with_picture("a", JPEG), "<t:Contact/>")
    empty.op("fault", None, op="GetAttachment", count=1, **fault)
    mount = new_mount(empty, dirty_log=True)
    assert pictures(read(mount, ids)) == [as_uri("jpeg", JPEG) if has_picture else [], []]
    assert mount.status()["quarantined"] == "0"


def member(name, address, kind="SMTP"):
    return ("<t:Member><t:Mailbox>" + text("Name", name) + text("EmailAddress", address)
            + text("RoutingType", kind) + "</t:Mailbox></t:Member>")


def test_a_list_of_2000_is_a_group_of_all_its_members(empty, new_mount):
    people = [(f"{NASTY[n % 7]} {n}", f"member-{n}@corp.example") for n in range(2000)]
    odd = member("Nested, list", None, "MAPIPDL") + member("inside", "/o=corp/cn=inside", "EX") \
        + member("bare@corp.example", "bare@corp.example")
    list_, = create(empty, "<t:DistributionList>" + text("DisplayName", "Team; all") + "<t:Members>"
                    + "".join(member(*each) for each in people) + odd + "</t:Members></t:DistributionList>")
    path, = read(new_mount(empty), [list_])
    check_lines(path.read_bytes())
    card = vobject.readOne(path.read_bytes().decode())
    assert values(card, "kind") == ["group"] and values(card, "fn") == ["Team; all"]
    members = card.contents["member"]
    assert [each.value for each in members] == \
        [f"mailto:{address}" for _, address in people] + ["mailto:bare@corp.example"]
    caret = {"^^": "^", "^n": "\n", "^'": '"'}
    told = [re.sub(r"\^[\^n']", lambda m: caret[m[0]], each.params["X-EWS-NAME"][0]) for each in members[:-1]]
    assert told == [name.replace("\t", "") for name, _ in people] and "X-EWS-NAME" not in members[-1].params
    assert values(card, "x-ews-member") == ["Nested, list", "inside"]


def task(nasty, note, recurrence, status):
    return ("<t:Task>" + text("Subject", nasty) + text("Sensitivity", "Private")
            + text("Body", note, BodyType="Text") + strings("Categories", ("Work", "A, B; C"))
            + text("Importance", "High") + text("ReminderDueBy", "2024-02-01T08:30:00Z")
            + text("ReminderIsSet", "true") + text("ActualWork", "90") + text("BillingInformation", nasty)
            + strings("Companies", (nasty,)) + strings("Contacts", (nasty, "Dora"))
            + text("DueDate", "2024-02-01T23:00:00Z") + text("Mileage", nasty)
            + f"<t:Recurrence>{recurrence}</t:Recurrence>" + text("StartDate", "2024-01-29T23:00:00Z")
            + text("Status", status) + text("TotalWork", "480") + "</t:Task>")


FROM = "<t:NoEndRecurrence><t:StartDate>2024-01-30Z</t:StartDate></t:NoEndRecurrence>"
RULES = (
    ("<t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence>", "RRULE", "FREQ=DAILY;INTERVAL=2"),
    ("<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek>"
     "<t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>", "RRULE",
     "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,FR;WKST=MO"),
    ("<t:AbsoluteYearlyRecurrence><t:DayOfMonth>24</t:DayOfMonth><t:Month>December</t:Month>"
     "</t:AbsoluteYearlyRecurrence>", "RRULE", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"),
    ("<t:RelativeMonthlyRecurrence><t:Interval>3</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek>"
     "<t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>", "RRULE",
     "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ("<t:WeeklyRegeneration><t:Interval>2</t:Interval></t:WeeklyRegeneration>", "X-EWS-REGENERATE",
     "FREQ=WEEKLY;INTERVAL=2"),
)
STATUSES = (("NotStarted", "NEEDS-ACTION"), ("InProgress", "IN-PROCESS"), ("Completed", "COMPLETED"),
            ("WaitingOnOthers", "NEEDS-ACTION"), ("Deferred", "NEEDS-ACTION"))


def check_todo(raw, nasty, note, rule, status):
    check_lines(raw)
    calendar = icalendar.Calendar.from_ical(raw)
    todo, = calendar.walk("VTODO")
    assert not todo.errors
    assert str(todo["due"].dt) == "2024-02-02" and str(todo["dtstart"].dt) == "2024-01-30"
    assert todo["status"] == status[1] and todo["class"] == "PRIVATE" and todo["priority"] == 1
    assert ("completed" in todo) == (status[0] == "Completed")
    assert (todo["x-ews-total-work"], todo["x-ews-actual-work"]) == ("480", "90")
    assert todo["x-ews-owner"] == ewsfs.USER
    shown = todo[rule[1].lower()]
    shown = shown.to_ical().decode() if rule[1] == "RRULE" else str(shown)
    assert dict(part.split("=") for part in shown.split(";")) == dict(part.split("=") for part in rule[2].split(";"))
    alarm, = todo.walk("VALARM")
    assert alarm["trigger"].dt.isoformat() == "2024-02-01T08:30:00+00:00"
    # icalendar 4 takes an escaped backslash before an n for a line break, and splits at escaped commas.
    other = vobject.readOne(raw.decode()).vtodo
    assert other.summary.value == nasty and other.description.value == note
    assert other.categories.value == ["Work", "A, B; C"]
    assert values(other, "contact") == [nasty, "Dora"]
    for own in ("mileage", "billing", "company"):
        assert values(other, f"x-ews-{own}") == [nasty]
    assert other.valarm.description.value == nasty


def test_a_task_reads_back_from_icalendar_as_the_server_holds_it(empty, new_mount):
    cases = [(nasty.replace("\t", ""), LONG if nasty == "plain" else nasty, RULES[n % len(RULES)],
              STATUSES[n % len(STATUSES)]) for n, nasty in enumerate(NASTY)]
    ids = create(empty, *(task(nasty, note, rule[0] + FROM, status[0]) for nasty, note, rule, status in cases),
                 "<t:Task/>")
    files = read(new_mount(empty), ids)
    for path, case in zip(files, cases):
        assert path.suffix == ".ics"
        check_todo(path.read_bytes(), *case)
    bare, = icalendar.Calendar.from_ical(files[-1].read_bytes()).walk("VTODO")
    assert bare["uid"] and bare["dtstamp"]


MAIL = (b"Received: from a by b; Tue, 30 Jan 2024 10:15:12 +0000\r\nFrom: Ana <ana@corp.example>\r\n"
        b"To: bob@corp.example\r\nSubject: =?utf-8?q?k=C3=AFnd?=\r\nDate: Tue, 30 Jan 2024 10:15:12 +0000\r\n")
PARTS = {
    "IPM.Note.SMIME": b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
                      b"Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxgg==\r\n",
    "IPM.Note.SMIME.MultipartSigned": b"Content-Type: multipart/signed; micalg=sha-256; boundary=b;\r\n"
                                      b"\tprotocol=\"application/pkcs7-signature\"\r\n\r\n--b\r\n\r\ntrailing  \t \r\n"
                                      b"--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--b--\r\n",
    "IPM.Note.rpmsg.Microsoft.Voicemail.UM": b"Content-Type: audio/mp3\r\n\r\n\xff\xfb\x90 raw\r\n",
}
CLASSES = ("IPM.Post", "IPM.StickyNote", "IPM.Activity", "REPORT.IPM.Note.NDR", "REPORT.IPM.Note.DR",
           "REPORT.IPM.Note.IPNRN", "IPM.Note.SMIME", "IPM.Note.SMIME.MultipartSigned",
           "IPM.Configuration.UMOLK.UserOptions", "IPM.Document.Word.Document.12", "IPM.Note.Microsoft.Voicemail.UM",
           "IPM.Sharing", "IPM.Note.rpmsg.Microsoft.Voicemail.UM", "IPM.Schedule.Meeting.Request",
           "IPM.Schedule.Meeting.Resp.Tent", "IPM.Schedule.Meeting.Canceled", "IPM.InfoPathForm.x", "ipm.note.custom")


@pytest.mark.parametrize("element", (None, "Item"))
def test_mail_of_every_class_is_the_servers_byte_for_byte(element, empty, new_mount):
    wanted = {}
    for item_class in CLASSES:
        raw = MAIL + PARTS.get(item_class, b"\r\nbody\r\n.\r\nFrom x\r\n")
        more = {"element": element} if element else {}
        item_id, = empty.op("deliver", "Inbox", **{"class": item_class}, mime=base64.b64encode(raw).decode(), **more)
        wanted[item_id] = (item_class, raw)
    mount = new_mount(empty)
    for path, (item_class, raw) in zip(read(mount, list(wanted)), wanted.values()):
        assert path.suffix == ".eml" and path.read_bytes() == raw, item_class
        shown = ewsfs.xattrs(path)
        assert shown["user.ews.item_class"] == item_class and shown["user.ews.subject"] == "kïnd"
        assert shown["user.ews.sync"] == "ok" and len(shown["user.mapi.change_key"]) == 44
    assert mount.status()["quarantined"] == "0"


def test_a_task_on_the_31st_is_due_on_the_last_day_of_shorter_months(empty, new_mount):
    """As EWS has it; a plain BYMONTHDAY=31 leaves those months out."""
    monthly = "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>{}</t:DayOfMonth>" \
              "</t:AbsoluteMonthlyRecurrence>"
    yearly = "<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month>" \
             "</t:AbsoluteYearlyRecurrence>"
    cases = ((monthly.format(31), ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
             (monthly.format(30), ["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"]),
             (monthly.format(28), ["2024-02-28", "2024-03-28", "2024-04-28", "2024-05-28"]),
             (yearly, ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]))
    ids = create(empty, *(task("x", "", rule + FROM, "NotStarted") for rule, _ in cases))
    for path, (_, wanted) in zip(read(new_mount(empty), ids), cases):
        todo, = icalendar.Calendar.from_ical(path.read_bytes()).walk("VTODO")
        rule = dateutil.rrule.rrulestr(todo["rrule"].to_ical().decode(), dtstart=datetime.datetime(2024, 1, 30))
        assert [str(each.date()) for each in rule[:4]] == wanted


def test_a_request_for_a_task_is_a_to_do_that_holds_the_mail(empty, new_mount):
    raw = MAIL + b"\r\nPlease do it.\r\n"
    ids = [empty.op("deliver", "Inbox", **{"class": item_class}, mime=base64.b64encode(raw).decode())[0]
           for item_class in ("IPM.TaskRequest", "IPM.TaskRequest.Decline")]
    for path in read(new_mount(empty), ids):
        todo, = icalendar.Calendar.from_ical(path.read_bytes()).walk("VTODO")
        assert path.suffix == ".ics" and todo["summary"] == "kïnd"
        assert todo["x-ews-class"] == ewsfs.xattr(path, "user.ews.item_class")
        assert base64.b64decode(todo["attach"]) == raw


SERIES = "\r\n".join("""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
SUMMARY:Series\\, with exceptions
DTSTART;TZID=W. Europe Standard Time:20240130T101500
DTEND;TZID=W. Europe Standard Time:20240130T111500
RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5
EXDATE;TZID=W. Europe Standard Time:20240206T101500
END:VEVENT
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
RECURRENCE-ID;TZID=W. Europe Standard Time:20240213T101500
SUMMARY:Moved
DTSTART;TZID=W. Europe Standard Time:20240213T140000
DTEND;TZID=W. Europe Standard Time:20240213T150000
END:VEVENT
END:VCALENDAR
""".split("\n")).encode()
ALL_DAY = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:All day\r\n"
           b"DTSTART;VALUE=DATE:20240130\r\nDTEND;VALUE=DATE:20240201\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
WRAPPED = (b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
           b"Content-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: text/calendar; charset=utf-8\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(SERIES).replace(b"\n", b"\r\n")
           + b"\r\n--b--\r\n")


def test_appointments_stay_as_the_server_gives_them(empty, new_mount):
    cases = ((SERIES, SERIES), (ALL_DAY, ALL_DAY), (WRAPPED, SERIES))
    ids = [empty.op("deliver", "Calendar", **{"class": "IPM.Appointment"}, mime=base64.b64encode(raw).decode())[0]
           for raw, _ in cases]
    for path, (_, wanted) in zip(read(new_mount(empty), ids), cases):
        assert path.suffix == ".ics" and path.read_bytes() == wanted
        events = icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
        assert len(events) == wanted.count(b"BEGIN:VEVENT")


@pytest.mark.parametrize("like", ("exchange2010", "exchange2019", "gromox"))
def test_every_run_gives_the_same_bytes(like, new_server, new_mount):
    """gromox makes another MIME at each GetItem; what we make of properties stays."""
    empty = new_empty(new_server, "--like", like)
    create(empty, contact(NASTY[1], LONG), with_picture("p", JPEG),
           task(NASTY[2], LONG, RULES[4][0] + FROM, "InProgress"),
           "<t:DistributionList><t:Members>" + member("Ana", "ana@corp.example") + "</t:Members></t:DistributionList>")
    for item_class in (*CLASSES, "IPM.TaskRequest") if like != "gromox" else CLASSES:
        empty.op("deliver", "Inbox", **{"class": item_class}, size=3000)
    mounts = [new_mount(empty, *options, name=name, dirty_log=name == "ondemand") for name, options in
              (("one", ()), ("other", ("batch=1",)), ("ondemand", ("content=ondemand",)))]
    for mount in mounts:
        mount.update()
    is_stable = like != "gromox"
    seen = [{path.name: (path.read_bytes() if is_stable or path.suffix != ".eml" else b"", path.stat().st_mtime_ns,
                         ewsfs.xattr(path, "user.ews.item_class"))
             for path in mount.files()} for mount in mounts]
    assert seen[0] == seen[1] == seen[2] and len(seen[0]) >= len(CLASSES) + 4


def test_every_card_and_calendar_of_a_mailbox_is_read_by_other_parsers(new_server, new_mount):
    mount = new_mount(new_server("--synthetic", f"{ewsfs.USER}:20:60:2000:5"))
    mount.update()
    counted = {".vcf": 0, ".ics": 0}
    for path in mount.files():
        raw = path.read_bytes()
        if path.suffix == ".vcf":
            check_lines(raw)
            card, = vobject.readComponents(raw.decode())
            assert values(card, "uid")[0].startswith("urn:uuid:") and len(values(card, "rev")) == 1
        elif path.suffix == ".ics":
            part, = icalendar.Calendar.from_ical(raw).walk("VTODO") or icalendar.Calendar.from_ical(raw).walk("VEVENT")
            assert part["uid"] and not part.errors
            assert vobject.readOne(raw.decode()).name == "VCALENDAR"
        counted[path.suffix] = counted.get(path.suffix, 0) + 1
    assert counted[".vcf"] >= 100 and counted[".ics"] >= 200
