"""Looking into a MongoDB that nobody has declared yet: what it holds, and a sources file that fits it."""
