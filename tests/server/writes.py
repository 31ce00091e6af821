# SPDX-License-Identifier: MIT
"""The requests that write, and a mailbox to which they go: for the tests of them."""
import base64

from lxml import etree

import testd
from testd import NS, TAG, text

MIME = (b"From: Anna <anna@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: Hello\r\n"
        b"Date: Tue, 30 Jan 2024 10:15:12 +0100\r\nMessage-ID: <1@example.org>\r\n\r\nText\r\n")
ICAL = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Lunch\r\n"
        b"DTSTART:20240130T120000Z\r\nDTEND:20240130T130000Z\r\nBEGIN:VALARM\r\n"
        b"DESCRIPTION:Ring\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


class Box:
    """A mailbox whose every reply is valid, and what a client is told of it."""

    def __init__(self, server, schema):
        self.server, self.schema, self.states = server, schema, {}

    def ask(self, body):
        status, reply = self.server.post(testd.envelope(body))
        assert status == 200, reply
        tree = testd.parse(reply)
        self.schema.assertValid(tree)
        return [message for message in tree.find(".//m:ResponseMessages", NS)]

    def one(self, body):
        message, = self.ask(body)
        return message

    def codes(self, body):
        return [text(message, "m:ResponseCode") for message in self.ask(body)]

    def made(self, body):
        """(id, change key) of the one item or folder in a reply that went well."""
        message = self.one(body)
        assert text(message, "m:ResponseCode") == "NoError", etree.tostring(message)
        return ident(message)

    def folder(self, path):
        return self.server.truth(mime=False)[path]["id"]

    def item(self, key):
        """The item as the server itself sees it, and where."""
        for path, folder in self.server.truth().items():
            for item in folder["items"]:
                if item["id"] == key:
                    return {**item, "path": path}
        return None

    def news(self, path):
        """What SyncFolderItems says since the last call: [(change, id, change key)]."""
        state, last, changes = self.server.sync(self.folder(path), self.states.get(path, ""))
        assert last
        self.states[path] = state
        return [change[:3] for change in changes]

    def folder_news(self):
        known = self.states.get("hierarchy")
        message = self.one(
            "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>"
            "<t:AdditionalProperties><t:FieldURI FieldURI='folder:DisplayName'/>"
            "<t:FieldURI FieldURI='folder:ParentFolderId'/>"
            "<t:ExtendedFieldURI PropertyTag='0x10f4' PropertyType='Boolean'/>"
            "</t:AdditionalProperties></m:FolderShape>"
            + (f"<m:SyncState>{known}</m:SyncState>" if known else "") + "</m:SyncFolderHierarchy>")
        self.states["hierarchy"] = text(message, "m:SyncState")
        return [(etree.QName(change).localname, change.find(".//t:FolderId", NS).get("Id"),
                 text(change, ".//t:DisplayName")) for change in message.find("m:Changes", NS)]

    def get(self, key, *uris, base="IdOnly"):
        fields = "".join(uri if uri[0] == "<" else f"<t:FieldURI FieldURI='{uri}'/>"
                         for uri in uris)
        extra = f"<t:AdditionalProperties>{fields}</t:AdditionalProperties>" if fields else ""
        message = self.one(
            f"<m:GetItem><m:ItemShape><t:BaseShape>{base}</t:BaseShape>{extra}</m:ItemShape>"
            f"<m:ItemIds><t:ItemId Id='{key}'/></m:ItemIds></m:GetItem>")
        assert text(message, "m:ResponseCode") == "NoError"
        return message.find("m:Items/*", NS)


def ident(element):
    node = next(e for e in element.iter(TAG["t"] + "ItemId", TAG["t"] + "FolderId"))
    return node.get("Id"), node.get("ChangeKey")


def where(folder):
    if not folder:
        return ""
    return f"<m:SavedItemFolderId><t:DistinguishedFolderId Id='{folder}'/></m:SavedItemFolderId>"


def create(items, folder=None, **attributes):
    attributes = attributes or {"MessageDisposition": "SaveOnly",
                                "SendMeetingInvitations": "SendToNone"}
    given = "".join(f" {key}='{value}'" for key, value in attributes.items() if value)
    return f"<m:CreateItem{given}>{where(folder)}<m:Items>{items}</m:Items></m:CreateItem>"


def mime(element, content, more=""):
    encoded = base64.b64encode(content).decode()
    return f"<t:{element}><t:MimeContent>{encoded}</t:MimeContent>{more}</t:{element}>"


def tag(number, kind, value):
    path = f"<t:ExtendedFieldURI PropertyTag='{number}' PropertyType='{kind}'/>"
    return f"<t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty>"


def field(uri, value, element="Message", how="Set"):
    path = uri if uri.startswith("<") else f"<t:FieldURI FieldURI='{uri}'/>"
    if how == "Delete":
        return f"<t:DeleteItemField>{path}</t:DeleteItemField>"
    what = f"{how}{'To' if how == 'Append' else ''}ItemField"
    return f"<t:{what}>{path}<t:{element}>{value}</t:{element}></t:{what}>"


READ = field("message:IsRead", "<t:IsRead>true</t:IsRead>")
UNREAD = field("message:IsRead", "<t:IsRead>false</t:IsRead>")


def subject(value, element="Message"):
    return field("item:Subject", f"<t:Subject>{value}</t:Subject>", element)


def update(*changes, resolution="AutoResolve", attributes=None):
    if attributes is None:
        attributes = ("MessageDisposition='SaveOnly' "
                      "SendMeetingInvitationsOrCancellations='SendToNone'")
    items = "".join(
        f"<t:ItemChange><t:ItemId Id='{key}'" + (f" ChangeKey='{version}'" if version else "")
        + f"/><t:Updates>{updates}</t:Updates></t:ItemChange>" for key, version, updates in changes)
    return (f"<m:UpdateItem ConflictResolution='{resolution}' {attributes}>"
            f"<m:ItemChanges>{items}</m:ItemChanges></m:UpdateItem>")


def ids(keys):
    return "<m:ItemIds>" + "".join(f"<t:ItemId Id='{key}'/>" for key in keys) + "</m:ItemIds>"


def move(operation, to, *keys, more=""):
    return (f"<m:{operation}><m:ToFolderId><t:FolderId Id='{to}'/></m:ToFolderId>"
            f"{ids(keys)}{more}</m:{operation}>")


def delete(*keys, kind="HardDelete", attributes="SendMeetingCancellations='SendToNone' "
                                                "AffectedTaskOccurrences='AllOccurrences'"):
    return f"<m:DeleteItem DeleteType='{kind}' {attributes}>{ids(keys)}</m:DeleteItem>"


def missing(key):
    """The id of an item that never was, in the same mailbox and folder."""
    raw = bytearray(base64.b64decode(key))
    raw[-4] ^= 0x55
    return base64.b64encode(raw).decode()
