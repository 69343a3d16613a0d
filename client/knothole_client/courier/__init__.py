"""The courier: carries sealed boxes, rosters and reply slots. It can open nothing and delete nothing.

No module here imports sealing, opening, letters or codenames; a test keeps it so.
"""
