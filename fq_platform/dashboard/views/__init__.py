"""The pages, each a function: filters, a question, a chart, a table. No SQL and no drawing of its own."""
