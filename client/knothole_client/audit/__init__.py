"""Watching a drop from outside: `courier audit` compares what its server shows, `courier cover` uploads boxes for nobody.

Neither has a key that opens anything, and the audit none that seals.
"""
