"""Templates: texts of answers that a newsroom gives often; sealed records, one each. What is filled in is up to who answers."""

from dataclasses import dataclass

from knothole_client.desk.records import Records
from knothole_keys import fields
from knothole_keys.card import MAX_TEXT
from knothole_keys.errors import Refused

KIND = "template"
MOST = 200


@dataclass(frozen=True, repr=False)
class Template:
    """A text under a name."""

    name: str
    text: str


class Templates:
    """Reads and writes templates. What is written is inside the caller's `Vault.changing`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self) -> list[Template]:
        """Every template by name; damaged ones are left out (`Records.damaged`)."""
        return sorted((Template(**value) for value in self._records.all_sound(KIND)), key=lambda one: one.name)

    def get(self, name: str) -> Template:
        """The template of this name. Raises Refused."""
        value = self._records.get(KIND, name)
        if value is None:
            raise Refused("There is no template of this name; `knothole desk template` lists them.")
        return Template(**value)

    def put(self, name: str, text: str) -> Template:
        """Write one down, in place of what had its name. Raises Refused."""
        name = fields.line(name, 1, 60, Refused, "The template's name")
        if not text.strip():
            raise Refused("There is nothing in this template: write an answer.")
        if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            raise Refused(f"An answer has at most {MAX_TEXT:,} bytes; make the template shorter.")
        if not self._records.has(KIND, name) and self._records.count(KIND) >= MOST:
            raise Refused(f"A vault has at most {MOST} templates; remove one first.")
        made = Template(name, text)
        self._records.put(KIND, name, vars(made))
        return made

    def remove(self, name: str) -> None:
        """Forget one. Raises Refused."""
        self.get(name)
        self._records.remove(KIND, name)
