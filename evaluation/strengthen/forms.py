"""Which form the tests of a row have."""

import json
from collections.abc import Mapping
from typing import Any

from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.evaluation.strengthen.calls import CallListForm, SourceForm
from whetstone.evaluation.strengthen.calls_read import calls_of
from whetstone.evaluation.strengthen.form import Form
from whetstone.evaluation.strengthen.inputs_outputs import InputsForm
from whetstone.rewards.entry_points import names_asked
from whetstone.rewards.sandbox import StdioTests
from whetstone.rewards.stdio.tests import are_a_list, as_text


def form_of(problem: AuditedProblem, row: Mapping[str, Any]) -> Form:
    """Return the form of a row's tests.

    Raises `UnreadableTestsError` where no test can be added to them.
    """
    if isinstance(problem.tests, StdioTests):
        return InputsForm(problem.tests)
    text = as_text(row["tests"])
    if are_a_list(text):
        return CallListForm(json.loads(text), problem.entry_points)
    points = problem.entry_points or tuple(sorted(names_asked(text)))
    return SourceForm(text, calls_of(text, points))
