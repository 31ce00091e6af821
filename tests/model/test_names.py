# SPDX-License-Identifier: MIT
"""The independent names, on examples worked out by hand: a model that is wrong proves nothing."""
import names

GERMANY, FRANCE = "\U0001F1E9\U0001F1EA", "\U0001F1EB\U0001F1F7"
FAMILY = "\U0001F468\u200d\U0001F469\u200d\U0001F467"


def test_subjects_are_cleaned_as_the_interface_says():
    for subject, name in {
        "Re: Quarterly report": "Re： Quarterly report",
        "a/b\\c:d*e?f\"g<h>i|j": "a／b＼c：d＊e？f＂g＜h＞i｜j",
        "  ..- trimmed . .": "trimmed",
        "a\u2028\u00a0\t b\u202ec": "a b c",
        "e\u0301": "é",
        "<\u0338": "≮",
        "\ufffe\U0001FFFF": "\ufffd\ufffd",
        "...": "",
    }.items():
        assert names.clean(subject, ".-") == name


def test_what_is_too_long_ends_at_a_grapheme():
    assert names.clean("x" * 200, "") == "x" * 180
    assert names.clean("x" * 179 + "é", "") == "x" * 179
    assert names.clean("x" * 178 + "e\u0338\u0338", "") == "x" * 178
    assert names.clean("x" * 170 + FAMILY, "") == "x" * 170
    assert names.clean("x" * 172 + GERMANY + FRANCE, "") == "x" * 172 + GERMANY
    assert names.clean("x" * 176 + "\u0e01\u0e33", "") == "x" * 176
    assert names.clean("x" * 176 + "한\u11a8", "") == "x" * 176


def test_items_and_folders():
    item = {"id": "AAMkAD==", "class": "IPM.Note", "subject": "Hi", "is_draft": False,
            "received": 0, "created": 86400, "start": None}
    digest = names.digest("AAMkAD==", 12)
    assert names.of_item(item) == f"1970-01-01 000000 Hi.{digest}.eml"
    assert names.of_item({**item, "is_draft": True}).startswith("1970-01-02 000000")
    folder = {"id": "F", "name": "a:b"}
    assert names.of_folder(folder, ["a:b"]) == "a：b"
    assert names.of_folder({**folder, "name": ".x"}, [".x"]) == "\u2024x ~" + names.digest("F", 8)
    assert names.of_folder(folder, ["a:b", "a:b"]) == "a：b ~" + names.digest("F", 8)
    assert names.of_folder({**folder, "name": ""}, [""]) == "(no name) ~" + names.digest("F", 8)
