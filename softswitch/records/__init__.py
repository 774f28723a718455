"""Call records for people and other programs: rows of calls, legs and contacts, found, explained, exported."""
