"""A relay with half again as many packets as it can take, and a newcomer's request meanwhile."""

import time

import lens

CALM_SHARE, OVER_SHARE = 0.5, 1.5
WARM, SECONDS, AFTER = 1, 10, 3


def blast_options(loss_free):
    """Phases for a relay that forwards so many packets a second without loss."""
    return [
        "--load", "overload", "--calm", str(int(loss_free * CALM_SHARE)), "--rate", str(int(loss_free * OVER_SHARE)),
        "--warm", str(WARM), "--seconds", str(SECONDS), "--after", str(AFTER),
        # The generator has enough to do.
        "--check", "128",
    ]


def watch(generator, relay):
    """While the generator runs: asks a lens server for new calls until it refuses one."""
    if not relay.server:
        return {}
    began = time.monotonic()
    answers = {}
    server = lens.Server(relay.server.host, relay.server.connection.port, relay.server.api_key)
    index = 5000
    while generator.poll() is None and time.monotonic() - began < 60:
        try:
            list(server.call(index, "gcm"))
            answers["admitted"] = answers.get("admitted", 0) + 1
        except lens.Refused as refusal:
            answers.setdefault("refused_status", refusal.status)
            answers.setdefault("retry_after", refusal.headers.get("Retry-After"))
            answers["refused"] = answers.get("refused", 0) + 1
        except OSError as error:
            answers["error"] = str(error)
            server = lens.Server(relay.server.host, relay.server.connection.port, relay.server.api_key)
        index += 1
        time.sleep(0.25)
    return {"newcomers": answers}
