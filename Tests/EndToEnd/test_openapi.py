"""The served description of the calls (OpenAPI) against the running server, by schemathesis."""

import os
import subprocess
import sys

import lens

#: Cases for each call: a few in `make test`, many in `make soak`.
CASES = 200 if os.environ.get("LENS_SOAK") == "1" else 15
#: Streams do not end, and so are no cases.
STREAMS = "/api/v1/(customer/)?events$"


def run(server, token, folder, *more):
    program = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    return subprocess.run(
        [program, "run", server.url + "/openapi.yaml", "--header", f"Authorization: Bearer {token}",
         "--exclude-path-regex", STREAMS, "--max-examples", str(CASES), "--seed", "1", "--phases", "examples,coverage,fuzzing",
         # A token that is wrong reads as none; the server takes fields that it does not know, as the contract says.
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
         "--no-color", *more],
        cwd=folder, capture_output=True, text=True,
        env=dict(os.environ, SCHEMATHESIS_HOOKS="openapi_hooks", PYTHONPATH=os.path.dirname(os.path.abspath(__file__))))


def test_every_answer_is_as_described(folder):
    server = lens.Server()
    try:
        for token in [lens.KEY, lens.Session(server).join(), "nobody"]:
            result = run(server, token, folder)
            assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    finally:
        server.stop()
