"""The only room with a database: tables, units of work, and the plain reads that need no ORM.

`tables` (SQLModel) and `unit` (one transaction with its audit entries and outbox rows) serve every change;
`reading` serves the hot reads over a bare DB-API connection, so that `dam search` starts without SQLAlchemy.
It decides nothing: rules live in the rooms above and beside it.
"""
