"""The review desk: an open vault as pages in a browser on the same machine, without scripts and without a network.

room       the vault, open in a thread of its own; locked after five idle minutes
entrance   who may see anything: a link that works once, a cookie, a token in every form
app        pages and forms; all that they do, `knothole_client.desk` does
"""
