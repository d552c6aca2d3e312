"""Which authorities' certificates are trusted when something is asked for over HTTPS by `requests`.

Belongs here: that answer. Does not: asking, or what other clients (DuckDB, Java) trust.
"""

import os
import ssl


def trusted() -> str | bool:
    """Whom to trust, as requests takes it: what its own variables name, else what the system trusts (path).

    Requests trusts its own list of authorities only: a company's would be refused although pip and curl take it.
    """
    if os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"):
        return True
    return ssl.get_default_verify_paths().cafile or True
