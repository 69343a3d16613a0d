"""The desk: a journalist's offline machine, where boxes are opened and kept.

No module here touches a network, and none writes plaintext to disk but `exporting`.
"""
