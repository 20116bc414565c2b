"""One call from beginning to end: version, faults, token, limits, route, damage, headers, journal."""

from __future__ import annotations

import base64
import sys
import traceback
from typing import Any

import orjson

from integration_tests.sandbox.call import Answer, Call
from integration_tests.sandbox.error_table import named
from integration_tests.sandbox.errors import Refusal
from integration_tests.sandbox.faults import Faults
from integration_tests.sandbox.journal import Journal
from integration_tests.sandbox.kinds import Creative
from integration_tests.sandbox.limits import Limits
from integration_tests.sandbox.objects import Objects
from integration_tests.sandbox.report_runs import ReportRuns
from integration_tests.sandbox.rights import Rights
from integration_tests.sandbox.routes import Routes
from integration_tests.sandbox.scenario import Scenario
from integration_tests.sandbox.stats import Stats
from integration_tests.sandbox.thumbnails import picture
from integration_tests.sandbox.tokens import Tokens
from integration_tests.sandbox.versions import Versions
from integration_tests.sandbox.world import World


class Graph:
    """The Graph API of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.world = World(scenario)
        self.limits = Limits(self.world)
        self.faults = Faults(self.world)
        self.tokens = Tokens(self.world)
        self.objects = Objects(self.world)
        self.runs = ReportRuns(self.world)
        self.objects.rights = Rights(self.tokens)
        self.routes = Routes(self.world, self.tokens, self.objects, self.runs)
        self.versions = Versions(self.world)
        self.journal = Journal()
        self.stats = Stats()

    def answer(self, call: Call) -> Answer:
        """Answer a call; every refusal is an answer too."""
        headers: dict[str, str] = {}
        try:
            headers = self.versions.settle(call)
            place = self.routes.locate(call)
            answer = self.faults.before(call)
            if answer is None:
                answer = Answer(self._carried_out(call, place))
        except Refusal as refusal:
            answer = self.refused(call, refusal)
        except Exception:  # noqa: BLE001 # a server answers whatever happens, and says where it broke
            traceback.print_exc(file=sys.stderr)
            answer = self.refused(call, named("unknown").refusal())
        if call.faults:
            answer = self.faults.after(call, answer)
        self._note_error(call, answer)
        usage = self.limits.headers(call, call.rows, answer.status >= 400 or call.code is not None)
        answer.headers = {"facebook-api-version": call.version, **headers, **usage, **answer.headers}
        self.finish(call, answer.status)
        return answer

    def picture(self, call: Call) -> Answer:
        """Answer a call for a picture: no token, no version, no limit; faults it has like any other."""
        call.edge = "thumbnail"
        creative = self.world.find(call.parts[-1].removesuffix(".png"))
        call.account_id = creative.account_id if isinstance(creative, Creative) else None
        try:
            answer = self.faults.before(call) or picture(call)
        except Refusal as refusal:
            answer = self.refused(call, refusal)
        if call.faults:
            answer = self.faults.after(call, answer)
        self.finish(call, answer.status)
        return answer

    def _carried_out(self, call: Call, place: Any) -> Any:
        if place.endpoint:
            return self.routes.free(call, place)
        spec = self.tokens.check(call)
        self.limits.admit(call)
        return self.routes.serve(call, place, spec)

    def refused(self, call: Call, refusal: Refusal) -> Answer:
        """The answer that a refusal is."""
        call.code, call.subcode = refusal.code, refusal.subcode
        return Answer(refusal.body(self.trace()), refusal.status, dict(refusal.headers))

    def finish(self, call: Call, status: int) -> None:
        """Write a call that was answered into the journal and the statistics."""
        self.journal.add(self.world.clock.now().isoformat(timespec="milliseconds"), call, status)
        self.stats.add(call, status)

    def trace(self) -> str:
        """A trace id as Meta's look."""
        mark = self.world.hash("trace", len(self.journal)).to_bytes(8, "big")
        return "A" + base64.urlsafe_b64encode(mark).decode().rstrip("=")

    @staticmethod
    def _note_error(call: Call, answer: Answer) -> None:
        """A fault may have put an error where an answer was."""
        body = answer.body
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, dict) and call.code is None:
            call.code, call.subcode = error.get("code"), error.get("error_subcode")


def written(body: Any) -> bytes:
    """A body as it goes over the wire."""
    return body if isinstance(body, bytes) else orjson.dumps(body)
