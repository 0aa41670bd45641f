from shared.validation.findings import Finding, in_document_order, pointer_to, quoted


def test_pointer() -> None:
    """A pointer escapes ~ and /, and is empty for the whole document."""
    assert pointer_to(()) == ""
    assert pointer_to(("a", 0, "b/c~d", "")) == "/a/0/b~1c~0d/"


def test_document_order() -> None:
    """Faults follow the document; what is missing comes after what is there; nothing is said twice."""
    document = {"b": [{"x": 1}, {"y": 1}], "a": 1}
    findings = [
        Finding(("c",), "required", "is required"),
        Finding(("a",), "wrongType", "is wrong"),
        Finding(("b", 1, "y"), "wrongType", "is wrong"),
        Finding(("b", 0, "z"), "required", "is required"),
        Finding(("b",), "tooMany", "is long"),
        Finding(("a",), "wrongType", "is wrong"),
    ]
    pointers = [fault.pointer for fault in in_document_order(findings, document)]
    assert pointers == ["/b", "/b/0/z", "/b/1/y", "/a", "/c"]


def test_subject() -> None:
    """A message begins with the field's name, or with the item's place in its list."""
    locations = [(), ("subject",), ("attendees", 3), ("x y",), ("x" * 100,)]
    subjects = [Finding(location, "c", "is odd").as_fault().message for location in locations]
    assert subjects[:4] == ["The request is odd.", "subject is odd.", "attendees[3] is odd.", "'x y' is odd."]


def test_quoted() -> None:
    """A caller's text in a message is short and cannot turn or break the line."""
    assert quoted("a\u202eb\n") == "'a\\u202eb\\n'"
    assert len(quoted("x" * 1000)) < 70
