"""How the server stops when the disk can no longer be believed."""

import os
from typing import NoReturn

EXIT_DISK = 70


def stop_now(what: str) -> NoReturn:
    """End the process at once, with one line.

    After a failed fsync the kernel may have dropped the very pages it could not write and report success next time:
    whatever was acknowledged from then on might not be there. A restart reads what is really on the disk.
    """
    message = f"knothole server: {what}; stopped so that nothing is acknowledged that is not on the disk.\n"
    os.write(2, message.encode())
    os._exit(EXIT_DISK)
