"""Which model servers the page is for, from its environment."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

_RULE = (
    "MODEL_SERVERS must be a JSON object with the URL of the model server of each model, such as "
    '{"churn": "http://churn-model-server:8080"}'
)
_ALONE = "http://model-server:8080"


def read_servers(environment: Mapping[str, str]) -> dict[str, str]:
    """URL of the model server by the name of its model; ValueError says what is wrong with it.

    With only MODEL_SERVER_URL there is one, and its name is not used.
    """
    text = environment.get("MODEL_SERVERS")
    if not text:
        return {"": environment.get("MODEL_SERVER_URL") or _ALONE}
    try:
        servers = json.loads(text)
    except ValueError as fault:
        raise ValueError(f"{_RULE}; it is not JSON: {fault}") from None
    if not isinstance(servers, dict) or not servers:
        raise ValueError(f"{_RULE}; it has none.")
    for name, url in servers.items():
        address = urlsplit(url if isinstance(url, str) else "")
        if not name or address.scheme not in ("http", "https") or not address.netloc:
            raise ValueError(f"{_RULE}; that of {name!r} is {json.dumps(url)}.")
    return servers
