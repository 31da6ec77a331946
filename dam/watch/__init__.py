"""Turns a drive into "this path now holds these bytes / is gone / the drive is offline".

Scan is the truth, events are hints (watchdog loses events under load; a network share sends none). This room looks at
folders and names, never at contents, and knows no database: it is told what is known and says what is different.
"""
