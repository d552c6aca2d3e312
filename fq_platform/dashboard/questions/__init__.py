"""What the pages ask: SQL with the tables it names, made by pure functions that know nothing of a browser."""
