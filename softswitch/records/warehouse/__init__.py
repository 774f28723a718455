"""A live copy of call records in PostgreSQL: which records are to be copied, and in which words."""
