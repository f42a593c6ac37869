"""Sessions, events and claims in PostgreSQL, for a course that outgrows one process.

Needs the extra ``postgres`` (psycopg 3). No other module knows that it is in use.
"""
