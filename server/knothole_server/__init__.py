"""The blind server: it keeps sealed boxes, public lists and reply slots, and can open none of them.

Of `knothole_keys` it imports the verifying half alone: it reads roots and rosters and looks at a box's first sixteen
bytes. No module of this package seals, opens or signs anything of a box, and a test keeps it so.
"""
