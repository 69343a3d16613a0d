"""Uploading one sealed box: the permit and its proof, trying again, what each answer means. The same for sources and cover."""

from knothole_client.http import JSON_LIMIT, Connection, Unreachable, refusal
from knothole_client.source.permits import Permits
from knothole_keys.errors import Refused

# A permit is good for ten minutes at least: one refused this often in a row will not be taken at all.
MOST_PERMITS = 8


class Uploader:
    """Sends boxes to one server; may be used by several threads. `again` ends the sentence of a failure: what to do then."""

    def __init__(self, connection: Connection, again: str = "") -> None:
        self._connection, self._permits, self._again = connection, Permits(connection), again

    def put(self, epoch: int, box_id: bytes, box: bytes) -> int:
        """Send a box until the server answers: 201 stored, 200 there already, 409 another week is open. Raises Refused."""
        path = f"/boxes/{epoch}/{box_id.hex()}"
        patience, failures, permits = self._connection.patience, 0, 0
        while True:
            permit = self._permits.current()
            headers = {"Content-Type": "application/octet-stream", **permit.headers(epoch, box_id)}
            try:
                answer = self._connection.once("PUT", path, content=box, headers=headers, limit=JSON_LIMIT)
            except Unreachable as error:
                failures += 1
                if not patience.wait(failures):
                    raise self._unfinished(error) from None
                continue
            if answer.status in (200, 201, 409):
                return answer.status
            if answer.status == 429 and permits < MOST_PERMITS:
                permits += 1
                self._permits.renew(permit, answer)
                continue
            failures += 1
            # A full disk is waited for here, as long as patience lasts: boxes of old weeks may be about to go.
            if not (answer.is_passing or answer.status == 507) or not patience.wait(failures):
                raise self._unfinished(refusal(answer, "A box"))

    def _unfinished(self, error: Refused) -> Refused:
        return Refused(f"{error} {self._again}".rstrip())
