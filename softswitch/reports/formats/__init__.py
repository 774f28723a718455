"""A report as a document: CSV, JSON, XLSX. What a terminal shows is made in `cli`."""
