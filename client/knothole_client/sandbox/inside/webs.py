"""Dangers of web pages and drawings; neither is ever shown as what it is."""

import re

from knothole_client.sandbox.inside.encodings import decoded

_SCRIPT = re.compile(
    r"<(?:\w+:)?script\b|\bon[a-z]{3,20}\s*=\s*[\"']|javascript:|<(?:iframe|object|embed|foreignobject|meta[^>]*refresh)\b",
    re.I,
)
_REMOTE = re.compile(r"(?:src|href|url)\s*[=(]\s*[\"']?\s*(?:https?:)?//|@import", re.I)


def flags(data: bytes, kind: str) -> set[str]:
    """What is dangerous in it; plain text is, when it is a page in disguise."""
    text = decoded(data) or data.decode("latin-1")
    found = {"html"} if kind == "html" else set()
    if re.search(r"<!ENTITY", text, re.I):
        found.add("xml_entities")
    if kind == "text":
        return found | ({"html_script"} if re.search(r"<script\b", text, re.I) else set())
    if _SCRIPT.search(text):
        found.add(f"{kind}_script")
    if _REMOTE.search(re.sub(r"xmlns(?::\w+)?\s*=\s*[\"'][^\"']*[\"']", "", text)):
        found.add("remote_content")
    return found
