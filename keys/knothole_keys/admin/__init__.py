"""An administrator's folder: the drop's roots, its recipients, the rosters issued so far, the signing keys.

    root.note            the chain of roots
    root.next            the newest root that was proposed or signed here, finished or not
    recipients/ID.json   what enrolments have brought, public keys only
    revoked/ID.json      those who are not to read again
    rosters/N.note       every roster issued or cosigned here, by version
    NAME.key, NAME.pub   an administrator's key pair, the secret under a passphrase; or NAME/NAME.key, one folder each

Nothing here is secret but the `.key` files, and nothing here ever goes to the server but the notes.

`roots` and `signing` are what every folder holds; `rosters` and `recipients` what is kept of readers; `folder` makes new
rosters of all of it. Each adds to the one before.
"""

from knothole_keys.admin.folder import AdminFolder
from knothole_keys.admin.roots import ROOT
from knothole_keys.admin.rosters import missing_weeks
from knothole_keys.admin.signing import PURPOSE, new_admin

__all__ = ["PURPOSE", "ROOT", "AdminFolder", "missing_weeks", "new_admin"]
