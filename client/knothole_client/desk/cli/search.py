"""`knothole desk search`: what messages, names, notes and extracted texts say."""

from pathlib import Path
from typing import Any

import click

from knothole_client.desk.cli import words
from knothole_client.desk.cli.common import JSON, VAULT, show, tell_damaged, unlocked
from knothole_client.desk.cli.listing import filter_of, filters
from knothole_client.desk.listing import Listing, page
from knothole_client.desk.search import Index, documents
from knothole_client.progress import Progress


@click.command()
@VAULT
@click.argument("query")
@filters
@click.option("--start", type=click.IntRange(0), default=0, help="Leave out so many hits at the beginning.")
@click.option("--count", type=click.IntRange(1), default=50, show_default=True, help="Show so many hits.")
@JSON
def search(path: Path, query: str, start: int, count: int, as_json: bool, **chosen: Any) -> None:
    """Search messages, file names, notes and the text that was taken out of files.

    All words of QUERY must occur; "several in quotation marks" in a row; a star ends a word that is only begun. Accents and
    case do not matter. The index is made anew in memory each time.
    """
    asked = filter_of(chosen)
    with unlocked(path) as desk:
        records, index = desk.vault.records, Index()
        rows = {row.id: row for row in page(Listing(desk.vault).rows(), asked).rows}
        with Progress("Indexing", records.count("submission"), "submissions") as progress:
            for document in documents(records):
                index.add(document)
                progress.add()
        found = index.search(query, rows.keys(), start, count)
        index.close()
        damaged = records.damaged
    hits = [{**vars(hit), "marks": [list(span) for span in hit.marks], **rows[hit.id].value()} for hit in found.hits]
    lines = [line for hit in found.hits for line in words.hit(hit, rows[hit.id])]
    if not found.hits:
        lines = ["Nothing was found."]
    elif len(found.hits) < found.total:
        lines.append(f"Hits {start + 1} to {start + len(found.hits)} of {found.total}.")
    show({"hits": hits, "start": start, "total": found.total}, lines, as_json=as_json)
    tell_damaged(damaged)


COMMANDS = (search,)
