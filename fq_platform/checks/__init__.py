"""Asset checks: generated from the tables' contracts, and hand-written business rules."""
