"""The tests, mirroring fq_platform/; conftest.py starts the real servers that they share."""
