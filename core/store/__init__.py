"""What is kept: one SQLite file, and one room for each kind of record.

`database.open_database(home)` gives the database that every call of `scenarios`, `projections`, `weathers` and `equipment` takes
first; the owner of the rows comes second, and what belongs to another owner looks as if it were not there.
"""
