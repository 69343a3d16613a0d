"""Write the vectors anew: `python keys/vectors/make.py [FOLDER]`, by hand, whenever a format grows.

The same sources give the same files, byte for byte; base boxes that are there already are kept. Expected values come from
the Python implementation, so read the diff before it is committed: a vector that changes is a format that changes.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from making import acknowledgements, boxes, boxes_files, cards, letters, notes, parts, roots, rosters, texts  # noqa: E402

MAKERS = [
    texts.json_scenarios,
    texts.derived_scenarios,
    texts.codename_scenarios,
    texts.fingerprint_scenarios,
    notes.note_scenarios,
    notes.key_scenarios,
    roots.root_scenarios,
    rosters.roster_scenarios,
    rosters.enrolment_scenarios,
    rosters.weekly_key_scenarios,
    boxes.box_scenarios,
    boxes_files.boxes_file_scenarios,
    parts.part_scenarios,
    parts.id_scenarios,
    letters.letter_scenarios,
    letters.name_scenarios,
    letters.written_scenarios,
    cards.board_scenarios,
    acknowledgements.acknowledgement_scenarios,
    acknowledgements.card_scenarios,
]


def main(folder: Path) -> None:
    """Write every scenario into a file of its name, and drop files that no scenario has."""
    scenarios = [scenario for maker in MAKERS for scenario in maker()]
    wanted = {f"{scenario.name}.json" for scenario in scenarios}
    if len(wanted) != len(scenarios):
        raise SystemExit("Two scenarios have the same name; rename one of them.")
    for scenario in scenarios:
        spelling = json.dumps(scenario.value(), indent=1, ensure_ascii=True) + "\n"
        (folder / f"{scenario.name}.json").write_text(spelling, encoding="ascii")
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    failing = sum(scenario.fails for scenario in scenarios)
    print(f"{len(scenarios)} vectors, {failing} of them to be refused or passed over.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
