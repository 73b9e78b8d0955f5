"""Programs that run inside the sandbox: read as text and put together by `examine.py`, never imported by us."""
